// SPDX-License-Identifier: MIT
// Difficulty: what the model still finds as hard as it did at the start.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = mean over examples of PPL(now) / PPL(reference), the perplexity of the response under the current model
/// relative to that under the model training started from: near 1 where nothing was learnt yet, near 0 where everything
/// was. A mean of ratios, not a ratio of means; raw perplexity would call easy text hard because its words are rare.
///
/// The reference is measured once, when the first sampler with this policy is made for a state, on `reward_batch`
/// examples a dataset drawn then; later rewards are measured on the same examples. It is part of the checkpoint, so the
/// original model need not be kept.
///
/// \units   loss callback: nats per response token
/// \complexity reward_batch · datasets losses at the start and at each update
/// \throws  ValueError if there is no loss callback or the state remembers no reference; CallbackError as
///          `RewardContext::losses`
/// \cite wu2024mos (Eq. 9 and 10)
struct Difficulty {
  static constexpr bool needs_loss = true;

  void start(RewardContext& context) const {
    if (!context.recall(memory).empty()) return;
    std::vector<double> reference;
    for (Index d = 0; d < context.datasets(); ++d)
      for (float loss : context.losses(context.sample(d, 0))) reference.push_back(loss);
    context.remember(memory, std::move(reference));
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    std::span<const double> reference = context.recall(memory);
    for (Index d = 0; d < context.datasets(); ++d) {
      const auto losses = context.losses(context.sample(d, 0));
      if (losses.size() > reference.size())
        raise<ValueError>("Difficulty: the state remembers too few reference losses for dataset {}", d);
      double sum = 0.0;
      for (std::size_t i = 0; i < losses.size(); ++i) sum += std::exp(losses[i] - reference[i]);
      out[static_cast<std::size_t>(d)] = sum / static_cast<double>(losses.size());
      reference = reference.subspan(losses.size());
    }
  }

 private:
  static constexpr std::string_view memory = "difficulty.reference";
};
static_assert(RewardPolicy<Difficulty>);

}  // namespace pickmix::inline v0
