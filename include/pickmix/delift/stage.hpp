// SPDX-License-Identifier: MIT
// The stages of fine-tuning: what a subset is selected for.
#pragma once

#include <pickmix/kernel/kernel.hpp>

namespace pickmix::inline v0::delift {

/// Instruction tuning: a subset that represents the whole pool.
///
/// \cite agarwal2025delift (stage 1)
struct InstructionTuning {
  /// The objective of this stage in `family`: its plain form over the pool's kernel.
  template <class Family>
  auto objective(const Family& family, const Kernel& kernel) const {
    return family.plain(kernel);
  }
};

/// A stage makes an objective out of a family of objectives and the pool's kernel.
template <class S, class Family>
concept StageOf = requires(const S& stage, const Family& family, const Kernel& kernel) {
  stage.objective(family, kernel);
};

}  // namespace pickmix::inline v0::delift
