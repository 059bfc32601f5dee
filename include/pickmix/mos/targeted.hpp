// SPDX-License-Identifier: MIT
// MoSpec: a mixture for one target dataset.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>

#include <span>

namespace pickmix::inline v0 {

/// Rewards for the sake of one dataset, the target. Of a policy that can say how near datasets are to it (Transferability:
/// cos(z_i, z_target)) these are the rewards; of others the target's own reward is doubled. Smoothing comes after:
/// LearningTrajectory<Targeted<Difficulty>>.
///
/// \throws ValueError if there is no such dataset, or it is retired
/// \cite wu2024mos (§ 6)
template <RewardPolicy Policy>
struct Targeted {
  static constexpr bool needs_loss = detail::needs_loss<Policy>;
  static constexpr bool needs_embedding = detail::needs_embedding<Policy>;

  Policy policy = {};
  Index target = 0;

  void start(RewardContext& context) const {
    check(context);
    RewardContext inner = context.within("targeted");
    detail::start(policy, inner);
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    check(context);
    RewardContext inner = context.within("targeted");
    if constexpr (requires { policy.rewards_towards(inner, target, out); }) {
      policy.rewards_towards(inner, target, out);
    } else {
      policy.rewards(inner, out);
      out[static_cast<std::size_t>(target)] *= 2.0;
    }
  }

  /// The rule of the policy, if it brings one.
  auto update() const requires requires(const Policy& p) { p.update(); }
  { return policy.update(); }

 private:
  void check(const RewardContext& context) const {
    if (target < 0 || target >= context.datasets())
      raise<ValueError>("Targeted: target is {}; there are {} datasets", target, context.datasets());
    if (!context.active(target)) raise<ValueError>("Targeted: the target, dataset {}, is retired", target);
  }
};

}  // namespace pickmix::inline v0
