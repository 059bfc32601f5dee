// SPDX-License-Identifier: MIT
// DoReMi: datasets on which a reference model is better are sampled more.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/exponentiated_gradient.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = mean over examples of max(loss now − loss of the reference model, 0), learnt by an exponentiated gradient. The
/// published method clips each token; with losses of whole responses it is each response that is clipped.
///
/// What DoReMi gives in the end is the mean of the distributions that were drawn from: `doremi_average`.
///
/// \units   losses: nats per response token
/// \throws  ValueError if there is no loss callback or no reference; CallbackError if a loss is not finite
/// \cite xie2023doremi (Algorithm 1)
struct DoReMi {
  static constexpr bool needs_loss = true;

  /// Losses of the reference model, trained on the prior mixture: computed by it, or looked up.
  std::function<void(std::span<const Example>, std::span<float>)> reference = {};
  double rate = 1.0, smoothing = 1e-4;

  void start(RewardContext&) const {
    if (!reference) raise<ValueError>("DoReMi: reference is empty; give the losses of a reference model");
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    for (Index d = 0; d < context.datasets(); ++d) {
      out[static_cast<std::size_t>(d)] = 0.0;
      if (!context.active(d)) continue;
      const auto examples = context.sample(d, context.updates() + 1);
      const auto now = context.losses(examples), before = ask_losses(reference, "DoReMi: reference", examples);
      double sum = 0.0;
      for (std::size_t i = 0; i < now.size(); ++i) sum += std::max(static_cast<double>(now[i] - before[i]), 0.0);
      out[static_cast<std::size_t>(d)] = sum / static_cast<double>(now.size());
    }
    const auto recalled = context.recall(memory);
    if (recalled.size() > out.size())
      raise<ValueError>("DoReMi: the state remembers shares of {} datasets, there are {}; they are not of this policy",
                        recalled.size(), out.size());
    std::vector<double> sums(recalled.begin(), recalled.end());
    sums.resize(out.size(), 0.0);
    for (std::size_t d = 0; d < sums.size() && d < context.run().probabilities.size(); ++d)
      sums[d] += context.run().probabilities[d];
    context.remember(memory, std::move(sums));
  }
  ExponentiatedGradient update() const { return {.rate = rate, .smoothing = smoothing}; }

  static constexpr std::string_view memory = "doremi.sum";
};
static_assert(RewardPolicy<DoReMi>);

/// The mean of the distributions before each update by DoReMi, by itself or within another policy: what the final model is to
/// be trained with. Empty before the first.
///
/// \throws ValueError if several DoReMi policies remember their distributions (names two), or none are under such a name
inline std::vector<double> doremi_average(const RewardMemory& memory) {
  const std::string within = "/" + std::string(DoReMi::memory);
  auto found = memory.end();
  for (auto entry = memory.begin(); entry != memory.end(); ++entry) {
    if (entry->first != DoReMi::memory && !entry->first.ends_with(within)) continue;
    if (found != memory.end())
      raise<ValueError>("doremi_average: the memory holds '{}' and '{}'; needs the sums of one DoReMi", found->first,
                        entry->first);
    found = entry;
  }
  if (found == memory.end()) return {};
  std::vector<double> mean = found->second;
  double sum = 0.0;
  for (double p : mean) sum += p;
  if (!(sum > 0.0))
    raise<ValueError>("doremi_average: '{}' adds up to {}; needs sums of distributions", found->first, sum);
  for (double& p : mean) p /= sum;
  return mean;
}

}  // namespace pickmix::inline v0
