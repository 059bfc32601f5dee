// SPDX-License-Identifier: MIT
// Training runs of a mixture, for comparing one with another.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/mos/difficulty.hpp>
#include <pickmix/mos/sampler.hpp>
#include <pickmix/mos/trajectory.hpp>
#include <support/callbacks.hpp>

#include <vector>

namespace runs {

using namespace pickmix;
using Policy = LearningTrajectory<Difficulty>;

inline const MosOptions options{.sizes = {300, 70, 50},
                                .batch_size = 4,
                                .update_interval = 15,
                                .inner_steps = 20,
                                .learning_rate = 5e-3,
                                .seed = 11};

/// The losses of a model that learns with the steps of `state`, the later datasets faster.
inline auto model(const MosState<>& state) {
  return [&state](const Example& e) {
    return 1.0 + plain_loss(e) - 0.002 * static_cast<double>(state.step() * e.dataset);
  };
}

/// Draws `count` batches through samplers made as needed; appends them.
template <class P = Policy>
void draw(MosState<>& state, const Callbacks& callbacks, Index count, std::vector<Batch>* batches) {
  while (count > 0) {
    MosSampler<P> sampler(state, callbacks);
    for (const Batch& batch : sampler) {
      batches->push_back(batch);
      if (--count == 0) break;
    }
  }
}

inline bool same(const Batch& a, const Batch& b) { return a.step == b.step && a.examples == b.examples; }

}  // namespace runs
