// SPDX-License-Identifier: MIT
// What to train on next.
#pragma once

#include <pickmix/core/types.hpp>

#include <vector>

namespace pickmix::inline v0 {

/// The examples of one training step.
struct Batch {
  Index step = 0;  ///< counts from 0 over the whole run
  /// `MosOptions::batch_size` rows, of one dataset with `Draw::batch`; fewer where `most_passes` leaves no more, and of a
  /// Shard with several ranks only this one's part.
  std::vector<Example> examples;
};

}  // namespace pickmix::inline v0
