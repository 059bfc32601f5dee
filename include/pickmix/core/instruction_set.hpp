// SPDX-License-Identifier: MIT
// Which instructions the processor has: the machine that builds is not the machine that runs.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__AARCH64EL__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace pickmix::inline v0 {

/// What the hand-written loops come in, each with those before it that are for the same processors, ARM's or x86. Each
/// is used only where the processor that runs the program has it, whatever the compiler was told; with Clang, dotprod
/// only where the compiler was told of it.
enum class InstructionSet {
  portable,  ///< what the compiler was told to use
  neon,      ///< 64-bit ARM: Advanced SIMD, which all of them have, with fused multiply-add
  dotprod,   ///< SDOT besides: products of bytes
  avx2,      ///< x86-64: AVX2 and FMA
  avx512,    ///< AVX-512F besides
  vnni,      ///< AVX-512 BW and VNNI besides: products of bytes
  amx,       ///< AMX-INT8 besides: products of tiles of bytes; and AVX-512 VBMI2, which all of its processors have
};

constexpr const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::portable:
      return "portable";
    case InstructionSet::neon:
      return "neon";
    case InstructionSet::dotprod:
      return "dotprod";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::vnni:
      return "vnni";
    case InstructionSet::amx:
      return "amx";
  }
  return "unknown";
}

namespace detail {

/// Whether the processor multiplies tiles of bytes, and the system saves tiles where threads change.
inline bool processor_has_tiles() {
#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c >> 27 & 1) == 0) return false;           // xgetbv is there
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d >> 24 & 3) != 3) return false;  // amx-tile, amx-int8
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low >> 17 & 3) == 3;  // both parts of the tiles' state
#else
  return false;
#endif
}

/// Asks Linux for the use of tiles, as each process has to, once; all of its threads have it then. Kernels before 5.16
/// do not know the question.
inline bool permit_tiles() {
#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
  constexpr long request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
#else
  return false;
#endif
}

/// The largest one of the processor. What asks the system for leave, AMX, is left out unless the processor has it and
/// `ask` says so.
inline InstructionSet find_largest_instruction_set([[maybe_unused]] bool ask) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if (!__builtin_cpu_supports("avx512f")) return InstructionSet::avx2;
    if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vnni")) return InstructionSet::avx512;
    const bool tiles = ask && __builtin_cpu_supports("avx512vbmi2") && processor_has_tiles() && permit_tiles();
    return tiles ? InstructionSet::amx : InstructionSet::vnni;
  }
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#if defined(__ARM_FEATURE_DOTPROD)
  constexpr bool bytes = true;
#elif defined(__linux__) && !defined(__clang__)
  const bool bytes = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  constexpr bool bytes = false;
#endif
  return bytes ? InstructionSet::dotprod : InstructionSet::neon;
#endif
  return InstructionSet::portable;
}

}  // namespace detail

/// The largest instruction set of this processor that the system lets the program use. Where the processor has AMX, the
/// first call asks Linux for it; stacks for signals (`sigaltstack`) have to hold 8 KiB more from then on.
inline InstructionSet largest_instruction_set() {
  static const InstructionSet largest =
      detail::find_largest_instruction_set(true);  // the question is slow in virtual machines
  return largest;
}

/// Whether this processor has these instructions. Only about AMX is Linux asked.
inline bool has(InstructionSet set) {
  static const InstructionSet without_asking = detail::find_largest_instruction_set(false);
  const InstructionSet largest = set == InstructionSet::amx ? largest_instruction_set() : without_asking;
  const bool is_for_arm = set == InstructionSet::neon || set == InstructionSet::dotprod;
  return set <= largest && (!is_for_arm || largest <= InstructionSet::dotprod);
}

}  // namespace pickmix::inline v0
