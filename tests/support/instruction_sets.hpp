// SPDX-License-Identifier: MIT
// The instruction sets that this processor has, to try each of them.
#pragma once

#include <pickmix/backend/instruction_set.hpp>

#include <vector>

namespace support {

inline std::vector<pickmix::backend::InstructionSet> instruction_sets() {
  using pickmix::backend::InstructionSet;
  std::vector<InstructionSet> out;
  for (auto set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512, InstructionSet::vnni})
    if (set <= pickmix::backend::instruction_set()) out.push_back(set);
  return out;
}

}  // namespace support
