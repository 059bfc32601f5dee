// SPDX-License-Identifier: MIT
// DynamixSFT: a bandit over datasets, rewarded by what one step on them would gain.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/boltzmann.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = (L_before − L_after) / (L_before + ε), the part of its loss that one step on dataset i would take away, learnt by
/// the prior-scaled Boltzmann rule (published: with `prior_temperature = 1`). That rule looks at rewards between the
/// smallest and the largest only, so the smallest is subtracted here: rewards are not negative.
///
/// \throws ValueError if `virtual_step` is empty; CallbackError if a loss is negative or not finite
/// \cite shin2025dynamixsft
struct DynamixSft {
  /// Mean losses on a batch of the dataset before and after one step on it that is then undone.
  std::function<std::pair<double, double>(Index dataset)> virtual_step = {};
  Boltzmann rule = {};

  void start(RewardContext&) const {
    if (!virtual_step) raise<ValueError>("DynamixSft: virtual_step is empty; give a function of the dataset");
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    constexpr double epsilon = 1e-8;
    double least = std::numeric_limits<double>::infinity();
    std::vector<double> gained(out.size(), 0.0);
    for (Index d = 0; d < context.datasets(); ++d) {
      if (!context.active(d)) continue;
      const auto [before, after] = virtual_step(d);
      for (double loss : {before, after})
        if (!(loss >= 0.0 && std::isfinite(loss)))
          raise<CallbackError>(
              "DynamixSft: virtual_step gave {} for dataset {}; losses need to be finite and at least 0", loss, d);
      gained[static_cast<std::size_t>(d)] = (before - after) / (before + epsilon);
      least = std::min(least, gained[static_cast<std::size_t>(d)]);
    }
    for (Index d = 0; d < context.datasets(); ++d)
      out[static_cast<std::size_t>(d)] = context.active(d) ? gained[static_cast<std::size_t>(d)] - least : 0.0;
  }
  Boltzmann update() const { return rule; }
};
static_assert(RewardPolicy<DynamixSft>);

}  // namespace pickmix::inline v0
