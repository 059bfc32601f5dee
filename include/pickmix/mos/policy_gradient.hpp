// SPDX-License-Identifier: MIT
// The gradient of the expected reward.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <string_view>

namespace pickmix::inline v0 {

/// The gradient of Σ_i p_i R_i with respect to the logits of p: p_k (R_k − Σ_i p_i R_i). It is what REINFORCE estimates
/// from the datasets it draws, without the variance of drawing.
///
/// A baseline changes nothing: a constant added to all rewards is also in their mean. A dataset that is seldom drawn
/// learns slowly, one of probability 0 never; the distribution goes towards the one best dataset.
///
/// \cite williams1992
struct PolicyGradient {
  static constexpr std::string_view kind = "policy_gradient";

  /// Every value is valid.
  void validate() const {}

  /// \shape      probabilities, rewards, out: one per dataset; out: no other's memory
  /// \complexity O(datasets)
  void gradient(std::span<const double> probabilities, std::span<const double> rewards, std::span<double> out) const {
    const double mean = std::inner_product(probabilities.begin(), probabilities.end(), rewards.begin(), 0.0);
    for (std::size_t k = 0; k < rewards.size(); ++k) out[k] = probabilities[k] * (rewards[k] - mean);
  }
};

}  // namespace pickmix::inline v0
