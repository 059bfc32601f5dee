// SPDX-License-Identifier: MIT
// What a scorer may read of the run.
#pragma once

#include <pickmix/core/types.hpp>

#include <span>

namespace pickmix::inline v0 {

/// The run as it is before an update, one entry a dataset.
struct LearningState {
  std::span<const Index> sizes;
  std::span<const Index> drawn;  ///< rows so far
  std::span<const double> probabilities;
  std::span<const double> rewards;  ///< of the update before, 0 for a dataset not in the mixture then; empty at first
  std::span<const double> losses;   ///< mean reported since the update before; NaN where none
  Index step = 0;
};

}  // namespace pickmix::inline v0
