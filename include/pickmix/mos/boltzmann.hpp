// SPDX-License-Identifier: MIT
// The bandit of DynamixSFT: the prior, tilted by what each dataset has been worth.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/numeric.hpp>
#include <pickmix/mos/mixture.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// With rewards brought to [0, 1] across datasets, r_k = (R_k − min R) / (max R − min R), or 0 where all are equal:
///
///     Q_k ← α Q_k + (1 − α) r_k
///     p_k ← (1 − γ) q_k exp(β Q_k) / Σ_i q_i exp(β Q_i) + γ / K
///
/// where q is the prior and Q starts at 0. The present p does not enter: the prior anchors it for ever, and nothing gets
/// away from its prior share by more than a factor of e^β, the even share aside.
///
/// \cite shin2025dynamixsft
struct Boltzmann {
  static constexpr std::string_view kind = "boltzmann";
  static constexpr bool remembers = true;

  /// β, how much a value of 1 counts (4 for a model of 1B parameters, 5 for one of 8B).
  double beta = 4.0;

  /// γ, the share that is spread evenly.
  double gamma = 0.3;

  /// α, how much of the old values is kept at an update.
  double alpha = 0.95;

  /// \throws ValueError if beta is not finite or negative, or gamma or alpha is not in [0, 1]
  void validate() const {
    if (!(beta >= 0.0 && std::isfinite(beta)))
      raise<ValueError>("Boltzmann: beta is {}; needs to be finite and at least 0", beta);
    if (!(gamma >= 0.0 && gamma <= 1.0)) raise<ValueError>("Boltzmann: gamma is {}; needs to be in [0, 1]", gamma);
    if (!(alpha >= 0.0 && alpha <= 1.0)) raise<ValueError>("Boltzmann: alpha is {}; needs to be in [0, 1]", alpha);
  }

  /// The next distribution.
  ///
  /// \shape      rewards: one per dataset, at most `largest_reward`; memory: Q, one per dataset
  /// \complexity O(datasets)
  /// \throws ValueError if memory has another length or a value that is not finite; it is then as it was
  std::vector<double> next(const MixtureView& now, std::span<const double> rewards, std::vector<double>& memory) const {
    detail::check_update_memory("Boltzmann", memory, rewards.size());
    memory.resize(rewards.size(), 0.0);
    constexpr double infinity = std::numeric_limits<double>::infinity(), lowest = std::numeric_limits<double>::lowest();
    double least = infinity, most = -infinity;
    for (std::size_t k = 0; k < rewards.size(); ++k)
      if (now.active(k)) least = std::min(least, rewards[k]), most = std::max(most, rewards[k]);
    double top = -infinity;
    for (std::size_t k = 0; k < memory.size(); ++k) {
      if (!now.active(k)) continue;
      const double r = most > least ? (rewards[k] - least) / (most - least) : 0.0;
      memory[k] = alpha * memory[k] + (1.0 - alpha) * r;
      if (now.prior[k] > 0.0) top = std::max(top, memory[k]);
    }
    // Relative to the largest value, no exponent overflows.
    std::vector<double> p(memory.size(), -infinity);
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.prior[k] > 0.0) p[k] = std::log(now.prior[k]) + beta * std::max(memory[k] - top, lowest);
    softmax(p, p);
    const double floor = gamma / static_cast<double>(now.active_count());
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.active(k)) p[k] = (1.0 - gamma) * p[k] + floor;
    return p;
  }
};

}  // namespace pickmix::inline v0
