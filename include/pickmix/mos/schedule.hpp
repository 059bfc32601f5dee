// SPDX-License-Identifier: MIT
// A mixture that changes by plan.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/closed_form.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// Shares of the datasets at some steps of the run; between them they change evenly, or stay as they were until the next.
/// They are looked at every `update_interval` steps, not before the first batch. Before the first stage the rewards are
/// 0, by which shares stay as they are: the prior, or those of `MosState::set_probabilities`.
///
/// \throws ValueError if there is no stage, one is from a step below 0, their steps do not rise, a share is negative,
///         or their sum is 0 or not finite; ShapeError if a stage has not one share a dataset
struct Schedule {
  struct Stage {
    Index from = 0;  ///< step, at least 0
    std::vector<double> shares = {};
  };
  std::vector<Stage> stages = {};
  bool gradual = false;

  void start(RewardContext& context) const {
    if (stages.empty()) raise<ValueError>("Schedule: stages is empty; needs one at least");
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const auto& shares = stages[s].shares;
      if (stages[s].from < 0)
        raise<ValueError>("Schedule: stage {} is from step {}; needs at least 0", s, stages[s].from);
      if (s > 0 && stages[s].from <= stages[s - 1].from)
        raise<ValueError>("Schedule: stage {} is from step {}, the one before from {}; steps need to rise", s,
                          stages[s].from, stages[s - 1].from);
      if (static_cast<Index>(shares.size()) != context.datasets())
        raise<ShapeError>("Schedule: stage {} has {} shares for {} datasets; needs one each", s, shares.size(),
                          context.datasets());
      for (std::size_t d = 0; d < shares.size(); ++d)
        if (!(shares[d] >= 0.0 && std::isfinite(shares[d])))
          raise<ValueError>("Schedule: the share of dataset {} in stage {} is {}; needs to be finite and at least 0", d,
                            s, shares[d]);
      if (const double sum = std::accumulate(shares.begin(), shares.end(), 0.0); !(sum > 0.0 && std::isfinite(sum)))
        raise<ValueError>("Schedule: the shares in stage {} have the sum {}; needs to be finite and above 0", s, sum);
    }
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    start(context);
    std::fill(out.begin(), out.end(), 0.0);
    if (context.step() < stages.front().from) return;
    std::size_t s = 0;
    while (s + 1 < stages.size() && stages[s + 1].from <= context.step()) ++s;
    const auto here = normalised(stages[s].shares);
    double ahead = 0.0;
    if (gradual && s + 1 < stages.size() && context.step() > stages[s].from)
      ahead = static_cast<double>(context.step() - stages[s].from) /
              static_cast<double>(stages[s + 1].from - stages[s].from);
    const auto next = normalised(stages[std::min(s + 1, stages.size() - 1)].shares);
    for (std::size_t d = 0; d < out.size(); ++d) out[d] = (1.0 - ahead) * here[d] + ahead * next[d];
  }
  ClosedForm update() const { return {.rate = 1.0}; }

 private:
  static std::vector<double> normalised(std::vector<double> shares) {
    double sum = 0.0;
    for (double p : shares) sum += p;
    for (double& p : shares) p /= sum;
    return shares;
  }
};
static_assert(RewardPolicy<Schedule>);

}  // namespace pickmix::inline v0
