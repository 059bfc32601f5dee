// SPDX-License-Identifier: MIT
// The instruction sets that this processor has, to try each of them.
#pragma once

#include <pickmix/backend/instruction_set.hpp>
#include <pickmix/backend/screen.hpp>

#include <vector>

namespace support {

inline std::vector<pickmix::backend::InstructionSet> instruction_sets() {
  using pickmix::backend::InstructionSet;
  std::vector<InstructionSet> out;
  for (auto set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512, InstructionSet::vnni})
    if (set <= pickmix::backend::instruction_set()) out.push_back(set);
  return out;
}

/// Those of them that rows are screened with.
inline std::vector<pickmix::backend::InstructionSet> screening_sets() {
  auto sets = instruction_sets();
  std::erase_if(sets, [](auto set) { return pickmix::backend::screening_range(set) == 0; });
  return sets;
}

}  // namespace support
