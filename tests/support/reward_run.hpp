// SPDX-License-Identifier: MIT
// A run of a mixture, as a reward policy sees it.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/reward.hpp>

#include <vector>

struct RewardRun {
  using Index = pickmix::Index;
  using Doubles = std::vector<double>;

  pickmix::MosOptions options = {};
  pickmix::Callbacks callbacks = {};
  Index updates = 0, step = 0;
  Doubles probabilities = {}, prior = {}, reported = {};
  pickmix::RewardMemory memory = {};

  pickmix::RewardContext context() {
    return {{.options = options,
             .callbacks = callbacks,
             .updates = updates,
             .step = step,
             .probabilities = probabilities,
             .prior = prior,
             .reported = reported},
            memory};
  }
  template <class Policy>
  void start(const Policy& policy) {
    auto now = context();
    pickmix::detail::start(policy, now);
  }
  /// The rewards of the next update.
  template <class Policy>
  Doubles operator()(const Policy& policy) {
    Doubles out(options.sizes.size(), -1.0);
    auto now = context();
    policy.rewards(now, out);
    ++updates;
    return out;
  }
};
