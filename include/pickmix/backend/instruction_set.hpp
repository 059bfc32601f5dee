// SPDX-License-Identifier: MIT
// Which instructions the processor has: the machine that builds is not the machine that runs.
#pragma once

namespace pickmix::inline v0::backend {

/// What the hand-written loops come in, each with those before it. Each is used only where the processor that runs the program
/// has it.
enum class InstructionSet {
  portable,  ///< what the compiler was told to use
  avx2,      ///< AVX2 and FMA
  avx512,    ///< AVX-512F besides
  vnni,      ///< AVX-512 BW and VNNI besides: products of bytes
};

/// The best instruction set of this processor.
inline InstructionSet instruction_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if (!__builtin_cpu_supports("avx512f")) return InstructionSet::avx2;
    const bool bytes = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
    return bytes ? InstructionSet::vnni : InstructionSet::avx512;
  }
#endif
  return InstructionSet::portable;
}

}  // namespace pickmix::inline v0::backend
