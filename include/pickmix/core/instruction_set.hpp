// SPDX-License-Identifier: MIT
// Which instructions the processor has: the machine that builds is not the machine that runs.
#pragma once

namespace pickmix::inline v0 {

/// What the hand-written loops come in, each with those before it. Each is used only where the processor that runs the program
/// has it, whatever the compiler was told.
enum class InstructionSet {
  portable,  ///< what the compiler was told to use
  avx2,      ///< AVX2 and FMA
  avx512,    ///< AVX-512F besides
  vnni,      ///< AVX-512 BW and VNNI besides: products of bytes
};

constexpr const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::portable:
      return "portable";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::vnni:
      return "vnni";
  }
  return "unknown";
}

/// The largest instruction set of this processor.
inline InstructionSet largest_instruction_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if (!__builtin_cpu_supports("avx512f")) return InstructionSet::avx2;
    const bool bytes = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
    return bytes ? InstructionSet::vnni : InstructionSet::avx512;
  }
#endif
  return InstructionSet::portable;
}

/// Whether this processor has these instructions.
inline bool has(InstructionSet set) { return set <= largest_instruction_set(); }

}  // namespace pickmix::inline v0
