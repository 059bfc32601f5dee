// SPDX-License-Identifier: MIT
// The update of Mixture-of-Skills: towards the normalised rewards.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace pickmix::inline v0 {

/// The gradient of Σ_i R_i log p_i with respect to the logits of p: R_k − p_k Σ_i R_i.
///
/// It vanishes at p = R / ΣR: the distribution drifts towards the normalised rewards, and adding a constant to all
/// rewards flattens it.
///
/// A dataset of probability 0 takes no part: its gradient is 0 and its reward does not count.
///
/// \cite wu2024mos (Eq. 6; printed and released)
struct Drift {
  static constexpr std::string_view kind = "drift";

  /// Take the mean over datasets from the rewards first; the gradient is then R_k − mean R wherever p is. It has no
  /// point of rest: logits grow apart for as long as rewards differ, and without a floor under the probabilities all
  /// but the best dataset go to 0.
  bool centred = false;

  /// Every value is valid.
  void validate() const {}

  /// \shape      probabilities, rewards, out: one per dataset; out: no other's memory
  /// \complexity O(datasets)
  void gradient(std::span<const double> probabilities, std::span<const double> rewards, std::span<double> out) const {
    double total = 0.0, count = 0.0;
    for (std::size_t k = 0; k < rewards.size(); ++k)
      if (probabilities[k] > 0.0) total += rewards[k], count += 1.0;
    for (std::size_t k = 0; k < rewards.size(); ++k) {
      const double taken = centred ? total / count : probabilities[k] * total;
      out[k] = probabilities[k] > 0.0 ? rewards[k] - taken : 0.0;
    }
  }
};

}  // namespace pickmix::inline v0
