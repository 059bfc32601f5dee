// SPDX-License-Identifier: MIT
// Which instructions the processor has: the machine that builds is not the machine that runs.
#pragma once

namespace pickmix::inline v0::backend {

/// What the hand-written loops come in. Each is used only where the processor that runs the program has it.
enum class InstructionSet {
  portable,  ///< what the compiler was told to use
  avx2,      ///< AVX2 and FMA
  avx512,    ///< AVX-512F besides
};

/// The best instruction set of this processor.
inline InstructionSet instruction_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return __builtin_cpu_supports("avx512f") ? InstructionSet::avx512 : InstructionSet::avx2;
#endif
  return InstructionSet::portable;
}

}  // namespace pickmix::inline v0::backend
