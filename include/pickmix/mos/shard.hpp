// SPDX-License-Identifier: MIT
// One rank's part of every batch.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/batch.hpp>

namespace pickmix::inline v0 {

/// Rank `rank` of `world`, which train together. Every rank holds the same state and draws the same global batches; of each
/// it trains on its part, a run of neighbouring examples. The parts are disjoint, together they are the batch, and their
/// sizes differ by one at most. Another number of ranks continues the same batches.
///
/// A batch can be shorter than `batch_size` where a dataset has been read `most_passes` times. If it has fewer examples than
/// there are ranks, some ranks have none of it: their batch is empty, and they need to take part in the step all the same.
struct Shard {
  Index rank = 0;
  Index world = 1;

  /// \throws ValueError if rank is not in [0, world), or a batch has fewer examples than there are ranks
  void validate(Index batch_size) const {
    if (world < 1 || rank < 0 || rank >= world)
      raise<ValueError>("Shard: rank is {} of {}; needs to be in [0, world)", rank, world);
    if (batch_size < world)
      raise<ValueError>("Shard: world is {} and batch_size {}; every rank needs an example of each batch", world,
                        batch_size);
  }

  /// Leaves this rank's part in `batch`.
  void keep_part(Batch& batch) const {
    if (world == 1) return;
    auto& examples = batch.examples;
    const auto size = static_cast<Index>(examples.size());
    const Index first = size * rank / world, last = size * (rank + 1) / world;
    examples.erase(examples.begin() + last, examples.end());
    examples.erase(examples.begin(), examples.begin() + first);
  }
};

}  // namespace pickmix::inline v0
