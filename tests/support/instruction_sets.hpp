// SPDX-License-Identifier: MIT
// The instruction sets there are, and those that this processor has, to try each of them.
#pragma once

#include <pickmix/backend/screen.hpp>
#include <pickmix/core/instruction_set.hpp>

#include <vector>

namespace support {

inline std::vector<pickmix::InstructionSet> all_instruction_sets() {
  using enum pickmix::InstructionSet;
  return {portable, neon, dotprod, avx2, avx512, vnni, amx};
}

inline std::vector<pickmix::InstructionSet> instruction_sets() {
  auto sets = all_instruction_sets();
  std::erase_if(sets, [](auto set) { return !pickmix::has(set); });
  return sets;
}

/// Those of them that rows are screened with.
inline std::vector<pickmix::InstructionSet> screening_sets() {
  auto sets = instruction_sets();
  std::erase_if(sets, [](auto set) { return pickmix::backend::screening_range(set) == 0; });
  return sets;
}

}  // namespace support
