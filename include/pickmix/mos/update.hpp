// SPDX-License-Identifier: MIT
// How rewards change the distribution.
#pragma once

#include <pickmix/core/numeric.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/scorer.hpp>

#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// Takes `steps` optimiser steps up Σ_i R_i log p_i, where p = softmax(logits).
///
/// The gradient with respect to logit k is R_k − p_k Σ_i R_i. It vanishes at p = R / ΣR: the distribution drifts
/// towards the normalised rewards, and adding a constant to all rewards flattens it.
///
/// \shape      rewards: one per dataset, finite, none negative
/// \complexity O(steps · datasets) with free logits: about 0.1 ms for 200 steps and 10 datasets
/// \cite wu2024mos (Eq. 6), in the released form of many steps an update
template <Scorer S>
void drift_towards(S& scorer, std::span<const double> rewards, Index steps, double learning_rate) {
  const double total = std::accumulate(rewards.begin(), rewards.end(), 0.0);
  std::vector<double> p(rewards.size()), gradient(rewards.size());
  for (Index step = 0; step < steps; ++step) {
    softmax(scorer.logits(), p);
    for (std::size_t k = 0; k < p.size(); ++k) gradient[k] = rewards[k] - p[k] * total;
    scorer.ascend(gradient, learning_rate);
  }
}

}  // namespace pickmix::inline v0
