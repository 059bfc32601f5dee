// SPDX-License-Identifier: MIT
// Difficulty: what the model still finds as hard as it did at the start.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = mean over examples of PPL(now) / PPL(reference), the perplexity of the response under the current model
/// relative to that under the model training started from: near 1 where nothing was learnt yet, near 0 where everything
/// was. A mean of ratios, not a ratio of means; raw perplexity would call easy text hard because its words are rare.
///
/// The reference is measured once, when the first sampler with this policy is made for a state, on `reward_batch`
/// examples a dataset drawn then; later rewards are measured on the same examples. It is part of the checkpoint, so the
/// original model need not be kept. They are of all rows, and stay the same when a dataset is restricted to some. Or the
/// reference is given: then every update draws other examples, of the rows that are drawn.
///
/// \units   loss callback, reference: nats per response token
/// \complexity reward_batch · datasets losses at the start and at each update
/// \throws  ValueError if there is no loss callback or the state remembers no reference; CallbackError as
///          `RewardContext::losses`, or if a loss is below 0 (by more than 0.001): a log-likelihood, whose sign is the other
/// \cite wu2024mos (Eq. 9 and 10)
struct Difficulty {
  static constexpr bool needs_loss = true;

  /// Losses of the model that training started from: computed by that model, or looked up. Empty: measured at the start.
  std::function<void(std::span<const Example>, std::span<float>)> reference = {};

  /// A dataset that was added later is measured when the next sampler is made.
  void start(RewardContext& context) const {
    if (reference) return;
    const auto before = context.recall(memory);
    std::vector<double> losses(before.begin(), before.end());
    std::size_t expected = 0;
    for (Index d = 0; d < context.datasets(); ++d) {
      const auto examples = context.sample(d, 0, {});
      expected += examples.size();
      if (losses.size() < expected)
        for (float loss : checked(context.losses(examples), examples)) losses.push_back(loss);
    }
    context.remember(memory, std::move(losses));
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    std::span<const double> remembered = context.recall(memory);
    for (Index d = 0; d < context.datasets(); ++d) {
      out[static_cast<std::size_t>(d)] = 0.0;
      if (reference && !context.active(d)) continue;
      const auto examples = reference ? context.sample(d, context.updates() + 1) : context.sample(d, 0, {});
      const std::vector<double> before = reference_of(d, examples, remembered);
      if (!context.active(d)) continue;
      const auto losses = checked(context.losses(examples), examples);
      double sum = 0.0;
      for (std::size_t i = 0; i < losses.size(); ++i) sum += std::exp(losses[i] - before[i]);
      out[static_cast<std::size_t>(d)] = sum / static_cast<double>(losses.size());
    }
  }

 private:
  /// Losses as they are, if each can be one.
  static std::vector<float> checked(std::vector<float> losses, std::span<const Example> examples) {
    for (std::size_t i = 0; i < losses.size(); ++i)
      if (losses[i] < -0.001f)
        raise<CallbackError>(
            "Difficulty: the loss of dataset {}, row {} is {}; nats per token are at least 0: a loss is the negative "
            "log-likelihood",
            examples[i].dataset, examples[i].row, losses[i]);
    return losses;
  }

  std::vector<double> reference_of(Index dataset, std::span<const Example> examples,
                                   std::span<const double>& remembered) const {
    if (reference) {
      const auto given = checked(ask_losses(reference, "Difficulty: reference", examples), examples);
      return {given.begin(), given.end()};
    }
    if (examples.size() > remembered.size())
      raise<ValueError>("Difficulty: the state remembers too few reference losses for dataset {}", dataset);
    const auto of_dataset = remembered.first(examples.size());
    remembered = remembered.subspan(examples.size());
    return {of_dataset.begin(), of_dataset.end()};
  }

  static constexpr std::string_view memory = "difficulty.reference";
};
static_assert(RewardPolicy<Difficulty>);

}  // namespace pickmix::inline v0
