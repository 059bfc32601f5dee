// SPDX-License-Identifier: MIT
// Learning trajectory: a reward smoothed over the updates.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>
#include <pickmix/mos/update.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = β R'(i) + (1 − β) R''(i): the policy's fresh reward R' mixed with that of the update before, R''. β = 0.9 gives
/// most of the weight to the fresh one: a light smoothing. A dataset that was retired meanwhile goes on with the reward it had
/// before.
///
/// \cite wu2024mos (Eq. 11)
template <RewardPolicy Policy>
struct LearningTrajectory {
  static constexpr bool needs_loss = detail::needs_loss<Policy>;
  static constexpr bool needs_embedding = detail::needs_embedding<Policy>;

  Policy policy = {};
  double beta = 0.9;  ///< weight of the fresh reward, in [0, 1]

  /// R'' is the smoothed reward of the update before, 1 at first (released); or the fresh one, and at first there is no
  /// smoothing (printed).
  bool recursive = true;

  void start(RewardContext& context) const {
    if (!(beta >= 0.0 && beta <= 1.0)) raise<ValueError>("LearningTrajectory: beta is {}; needs to be in [0, 1]", beta);
    RewardContext inner = context.within("trajectory");
    detail::start(policy, inner);
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    RewardContext inner = context.within("trajectory");
    detail::rewards_within(policy, inner, out);
    const auto recalled = context.recall(memory);
    if (recalled.size() > out.size())
      raise<ValueError>(
          "LearningTrajectory: the state remembers {} rewards for {} datasets; they are not of this policy",
          recalled.size(), out.size());
    const std::vector<double> fresh(out.begin(), out.end());
    std::vector<double> kept(recalled.begin(), recalled.end());
    kept.resize(out.size(), nothing);
    for (std::size_t d = 0; d < out.size(); ++d) {
      if (!context.active(static_cast<Index>(d))) continue;
      const double first = recursive ? 1.0 : fresh[d];
      out[d] = beta * fresh[d] + (1.0 - beta) * (kept[d] != nothing ? kept[d] : first);
      kept[d] = recursive ? out[d] : fresh[d];
    }
    context.remember(memory, std::move(kept));
  }

  /// The rule of the policy, if it brings one.
  auto update() const requires requires(const Policy& p) { p.update(); }
  { return policy.update(); }

 private:
  static constexpr std::string_view memory = "trajectory.smoothed";
  static constexpr double nothing = -1.0;  // remembered of a dataset that had no reward yet: rewards are not negative
};

}  // namespace pickmix::inline v0
