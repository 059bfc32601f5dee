// SPDX-License-Identifier: MIT
// What to train on next.
#pragma once

#include <pickmix/core/types.hpp>

#include <vector>

namespace pickmix::inline v0 {

/// The examples of one training step.
struct Batch {
  Index step = 0;                 ///< counts from 0 over the whole run
  std::vector<Example> examples;  ///< `MosOptions::batch_size` rows of one dataset
};

}  // namespace pickmix::inline v0
