// SPDX-License-Identifier: MIT
// Learning trajectory: a reward smoothed over the updates.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/mos/reward.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = β R'(i) + (1 − β) R''(i): the policy's fresh reward R' mixed with the smoothed reward R'' of the update
/// before, which is 1 at first. β = 0.9 gives most of the weight to the fresh one: a light smoothing.
///
/// \cite wu2024mos (Eq. 11), with R'' as released: the smoothed value, starting at 1
template <RewardPolicy Policy>
struct LearningTrajectory {
  static constexpr bool needs_loss = detail::needs_loss<Policy>;

  Policy policy = {};
  double beta = 0.9;  ///< weight of the fresh reward, in [0, 1]

  void start(RewardContext& context) const {
    if (!(beta >= 0.0 && beta <= 1.0)) raise<ValueError>("LearningTrajectory: beta is {}; needs to be in [0, 1]", beta);
    RewardContext inner = context.within("trajectory");
    detail::start(policy, inner);
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    RewardContext inner = context.within("trajectory");
    policy.rewards(inner, out);
    const auto before = context.recall(memory);
    if (!before.empty() && before.size() != out.size())
      raise<ValueError>(
          "LearningTrajectory: the state remembers {} rewards for {} datasets; they are not of this policy",
          before.size(), out.size());
    for (std::size_t d = 0; d < out.size(); ++d)
      out[d] = beta * out[d] + (1.0 - beta) * (before.empty() ? 1.0 : before[d]);
    context.remember(memory, {out.begin(), out.end()});
  }

 private:
  static constexpr std::string_view memory = "trajectory.smoothed";
};

}  // namespace pickmix::inline v0
