// SPDX-License-Identifier: MIT
// Several rewards in one.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

template <class Policy>
concept BringsRule = requires(const Policy& policy) {
  policy.update();
};

template <class First, class Second>
concept SameRule =
    std::same_as<decltype(std::declval<const First&>().update()), decltype(std::declval<const Second&>().update())>;

/// Whether every policy brings a rule, all of one type.
template <class... Policies>
concept SameRules = sizeof...(Policies) > 0 && (BringsRule<Policies> && ...) &&
                    (SameRule<std::tuple_element_t<0, std::tuple<Policies...>>, Policies> && ...);

}  // namespace detail

/// R(i) = Σ_k weights[k] · R_k(i).
///
///     WeightedSum<Difficulty, Transferability>{.weights = {1.0, 0.5}}
///
/// They are learnt by the policies' rule if every policy brings one and all are of one type: the first policy's, with its
/// parameters. Otherwise by `MosOptions::update`.
///
/// \throws ValueError if a weight is negative or not finite, or all are 0
template <RewardPolicy... Policies>
struct WeightedSum {
  static constexpr bool needs_loss = (detail::needs_loss<Policies> || ...);
  static constexpr bool needs_embedding = (detail::needs_embedding<Policies> || ...);

  std::tuple<Policies...> policies = {};
  std::array<double, sizeof...(Policies)> weights = ones();  ///< 1 each, if none is given

  void start(RewardContext& context) const {
    for (std::size_t k = 0; k < weights.size(); ++k)
      if (!(weights[k] >= 0.0 && std::isfinite(weights[k])))
        raise<ValueError>("WeightedSum: weights[{}] is {}; needs to be finite and at least 0", k, weights[k]);
    if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0.0; }))
      raise<ValueError>("WeightedSum: all weights are 0; needs one above 0");
    for_each(context, [](const auto& policy, RewardContext& inner, std::size_t) { detail::start(policy, inner); });
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    std::vector<double> part(out.size());
    for_each(context, [&](const auto& policy, RewardContext& inner, std::size_t k) {
      detail::rewards_within(policy, inner, part);
      for (std::size_t d = 0; d < out.size(); ++d) out[d] += weights[k] * part[d];
    });
  }

  auto update() const requires(detail::SameRules<Policies...>) { return std::get<0>(policies).update(); }

 private:
  static constexpr std::array<double, sizeof...(Policies)> ones() {
    std::array<double, sizeof...(Policies)> weights{};
    for (double& weight : weights) weight = 1.0;
    return weights;
  }

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
