// SPDX-License-Identifier: MIT
// Skill-it: datasets that help what is not yet learnt are sampled more.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/closed_form.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// p(i) ∝ prior(i) · exp(η Σ_j A_ij · Σ_{last 3 updates} L_j), where A_ij says how much training on i helps j and L_j is
/// the mean loss on `reward_batch` examples of j. The rewards are these products, and the rule takes them as they are. After
/// a change of the number of datasets the three updates are counted anew. A retired dataset has no part in the sums; when it
/// comes back, updates it was away for count with its last loss before, or, where there is none, its first.
///
/// The paper's start, p(i) ∝ prior(i) · exp(η Σ_j A_ij), is left out: until the first update, after `update_interval`
/// steps, the shares are the prior, or those of `MosState::set_probabilities`.
///
/// \units   loss callback: nats per response token
/// \throws  ValueError if there is no loss callback, `graph` has not N² finite entries that are at least 0, or rate is not
///          finite, or the state remembers something else under this policy's name; CallbackError as `RewardContext::losses`
/// \cite chen2023skillit (Algorithm 1)
struct SkillIt {
  static constexpr bool needs_loss = true;

  std::vector<double> graph = {};  ///< A, row after row
  double rate = 0.2;               ///< η

  void start(RewardContext& context) const { check(context); }

  void rewards(RewardContext& context, std::span<double> out) const {
    check(context);
    const std::size_t n = out.size();
    const auto recalled = context.recall(memory);
    std::vector<double> window;
    if (!recalled.empty() && recalled.front() == static_cast<double>(n))
      window.assign(recalled.begin() + 1, recalled.end());
    if (window.size() % n != 0 || window.size() > 3 * n)
      raise<ValueError>("SkillIt: the state remembers {} losses of {} datasets; they are not of this policy",
                        window.size(), n);
    if (window.size() == 3 * n) window.erase(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(n));
    for (std::size_t d = 0; d < n; ++d) {
      double loss = window.size() >= n ? window[window.size() - n] : unknown;
      if (active(context, d)) {
        loss = mean_loss(context, static_cast<Index>(d));
        for (std::size_t k = d; k < window.size(); k += n)
          if (window[k] == unknown) window[k] = loss;
      }
      window.push_back(loss);
    }
    std::vector<double> power(n, 0.0);
    double top = std::numeric_limits<double>::lowest();
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < window.size(); ++k)
        if (active(context, k % n)) power[i] += rate * graph[i * n + k % n] * window[k];
      if (active(context, i)) top = std::max(top, power[i]);
    }
    const auto prior = context.run().prior;
    for (std::size_t i = 0; i < n; ++i)
      out[i] = active(context, i) ? (prior.empty() ? 1.0 : prior[i]) * std::exp(power[i] - top) : 0.0;
    window.insert(window.begin(), static_cast<double>(n));
    context.remember(memory, std::move(window));
  }
  ClosedForm update() const { return {.rate = 1.0}; }

 private:
  static bool active(const RewardContext& context, std::size_t d) { return context.active(static_cast<Index>(d)); }

  static double mean_loss(const RewardContext& context, Index dataset) {
    const auto losses = context.losses(context.sample(dataset, context.updates() + 1));
    double sum = 0.0;
    for (float loss : losses) sum += static_cast<double>(loss);
    return sum / static_cast<double>(losses.size());
  }

  void check(const RewardContext& context) const {
    const auto n = static_cast<std::size_t>(context.datasets());
    if (graph.size() != n * n)
      raise<ValueError>("SkillIt: graph has {} entries for {} datasets; needs {}", graph.size(), n, n * n);
    for (std::size_t k = 0; k < graph.size(); ++k)
      if (!(graph[k] >= 0.0 && std::isfinite(graph[k])))
        raise<ValueError>("SkillIt: graph[{}] is {}; needs to be finite and at least 0", k, graph[k]);
    if (!std::isfinite(rate)) raise<ValueError>("SkillIt: rate is {}; needs to be finite", rate);
  }
  static constexpr std::string_view memory = "skill_it.window";             // how many datasets, then their losses
  static constexpr double unknown = std::numeric_limits<double>::lowest();  // in the window: never measured so far
};
static_assert(RewardPolicy<SkillIt>);

}  // namespace pickmix::inline v0
