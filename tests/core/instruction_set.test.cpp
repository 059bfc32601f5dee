// SPDX-License-Identifier: MIT
// Tests of core/instruction_set.hpp.
#include <pickmix/core/instruction_set.hpp>

#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <fstream>
#include <string>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace core_instruction_set_test {

using namespace pickmix;

TEST_CASE("Each instruction set has those before it") {
  CHECK(InstructionSet::portable < InstructionSet::neon);
  CHECK(InstructionSet::neon < InstructionSet::dotprod);
  CHECK(InstructionSet::dotprod < InstructionSet::avx2);  // of one processor or the other, never of both
  CHECK(InstructionSet::avx2 < InstructionSet::avx512);
  CHECK(InstructionSet::avx512 < InstructionSet::vnni);
  CHECK(InstructionSet::vnni < InstructionSet::amx);
  CHECK(support::instruction_sets().front() == InstructionSet::portable);
  CHECK(has(InstructionSet::portable));
  CHECK(support::instruction_sets().back() == largest_instruction_set());
}

TEST_CASE("A processor has its own instruction sets and not those of other processors") {
#if defined(__aarch64__)
  CHECK_FALSE(has(InstructionSet::avx2));
  CHECK_FALSE(has(InstructionSet::vnni));
#else
  CHECK_FALSE(has(InstructionSet::neon));
  CHECK_FALSE(has(InstructionSet::dotprod));
#endif
}

#if defined(__x86_64__) && defined(__linux__)
TEST_CASE("The instruction set is one that the system says the processor has") {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line) && line.rfind("flags", 0) != 0) continue;
  const auto has = [&](const char* flag) {
    return (line + ' ').find(std::string(" ") + flag + ' ') != std::string::npos;
  };
  if (!has("sse2")) return;                        // the system says nothing
  const auto largest = largest_instruction_set();  // asks for tiles
  unsigned long permitted = 0;
  const bool asked = syscall(SYS_arch_prctl, 0x1022L, &permitted) == 0;  // ARCH_GET_XCOMP_PERM
  const bool tiles = has("amx_tile") && has("amx_int8");
  const bool usable = tiles && has("avx512_vbmi2") && asked && (permitted >> 18 & 1) != 0;
  const auto expected = !has("avx2") || !has("fma")               ? InstructionSet::portable
                        : !has("avx512f")                         ? InstructionSet::avx2
                        : !has("avx512bw") || !has("avx512_vnni") ? InstructionSet::avx512
                        : usable                                  ? InstructionSet::amx
                                                                  : InstructionSet::vnni;
  CHECK(largest == expected);
  CHECK((tiles || !detail::processor_has_tiles()));
}
#endif

TEST_CASE("The largest instruction set stays what it is") {
  CHECK(largest_instruction_set() == detail::find_largest_instruction_set(true));
}

}
