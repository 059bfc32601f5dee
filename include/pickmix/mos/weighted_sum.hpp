// SPDX-License-Identifier: MIT
// Several rewards in one.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = Σ_k weights[k] · R_k(i).
///
///     WeightedSum<Difficulty, Transferability>{.weights = {1.0, 0.5}}
///
/// \throws ValueError if a weight is negative or not finite
template <RewardPolicy... Policies>
struct WeightedSum {
  static constexpr bool needs_loss = (detail::needs_loss<Policies> || ...);
  static constexpr bool needs_embedding = (detail::needs_embedding<Policies> || ...);

  std::tuple<Policies...> policies = {};
  std::array<double, sizeof...(Policies)> weights = {};

  void start(RewardContext& context) const {
    for (std::size_t k = 0; k < weights.size(); ++k)
      if (!(weights[k] >= 0.0 && std::isfinite(weights[k])))
        raise<ValueError>("WeightedSum: weights[{}] is {}; needs to be finite and at least 0", k, weights[k]);
    for_each(context, [](const auto& policy, RewardContext& inner, std::size_t) { detail::start(policy, inner); });
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    std::vector<double> part(out.size());
    for_each(context, [&](const auto& policy, RewardContext& inner, std::size_t k) {
      policy.rewards(inner, part);
      for (std::size_t d = 0; d < out.size(); ++d) out[d] += weights[k] * part[d];
    });
  }

 private:
  template <class Visit>
  void for_each(RewardContext& context, const Visit& visit) const {
    std::size_t k = 0;
    const auto one = [&](const auto& policy) {
      RewardContext inner = context.within("sum" + std::to_string(k));
      visit(policy, inner, k);
      ++k;
    };
    std::apply([&](const auto&... policy) { (one(policy), ...); }, policies);
  }
};

}  // namespace pickmix::inline v0
