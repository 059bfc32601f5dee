// SPDX-License-Identifier: MIT
// The multiplicative update of DoReMi.
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

/// p_k ← (1 − c) p_k exp(η R_k) / Σ_i p_i exp(η R_i) + c / K, with η = rate and c = smoothing.
///
/// \cite xie2023doremi (Algorithm 1), with the defaults of its code
struct ExponentiatedGradient {
  static constexpr std::string_view kind = "exponentiated_gradient";

  /// η.
  double rate = 1.0;

  /// c, the share that is spread evenly. With 0, a dataset whose share has become next to nothing comes back only where its
  /// rewards stay above the others' for as long.
  double smoothing = 1e-4;

  /// \throws ValueError if rate is not finite or negative, or smoothing is not in [0, 1]
  void validate() const {
    if (!(rate >= 0.0 && std::isfinite(rate)))
      raise<ValueError>("ExponentiatedGradient: rate is {}; needs to be finite and at least 0", rate);
    if (!(smoothing >= 0.0 && smoothing <= 1.0))
      raise<ValueError>("ExponentiatedGradient: smoothing is {}; needs to be in [0, 1]", smoothing);
  }

  /// The next distribution.
  ///
  /// \shape      rewards: one per dataset, finite; memory: stays empty
  /// \complexity O(datasets)
  /// \throws ValueError if there is memory
  std::vector<double> next(const MixtureView& now, std::span<const double> rewards, std::vector<double>& memory) const {
    detail::check_update_memory("ExponentiatedGradient", memory, 0);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    // Relative to the largest reward, no exponent overflows.
    double top = -infinity;
    for (std::size_t k = 0; k < rewards.size(); ++k)
      if (now.probabilities[k] > 0.0) top = std::max(top, rewards[k]);
    std::vector<double> p(rewards.size(), -infinity);
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.probabilities[k] > 0.0) p[k] = std::log(now.probabilities[k]) + rate * (rewards[k] - top);
    softmax(p, p);
    const double floor = smoothing / static_cast<double>(now.active_count());
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.active(k)) p[k] = (1.0 - smoothing) * p[k] + floor;
    return p;
  }
};

}  // namespace pickmix::inline v0
