// SPDX-License-Identifier: MIT
// The laws of greedy selection, as checks for any objective: each returns what breaks the law, or "".
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

namespace laws {

using pickmix::Index;
using pickmix::Selection;

/// Where two selections differ in what they chose or certify, to the last bit; how many gains it took may differ.
inline std::string difference(const Selection& a, const Selection& b) {
  for (std::size_t k = 0; k < std::min(a.indices.size(), b.indices.size()); ++k)
    if (a.indices[k] != b.indices[k] || a.gains[k] != b.gains[k])
      return fmt::format("pick {} is {} (gain {}) in one and {} (gain {}) in the other", k, a.indices[k], a.gains[k],
                         b.indices[k], b.gains[k]);
  if (a.indices.size() != b.indices.size())
    return fmt::format("{} picks in one, {} in the other", a.indices.size(), b.indices.size());
  if (a.value != b.value) return fmt::format("the value is {} in one and {} in the other", a.value, b.value);
  if (a.upper_bound != b.upper_bound)
    return fmt::format("the upper bound is {} in one and {} in the other", a.upper_bound, b.upper_bound);
  if (a.reason != b.reason) return "the reasons to stop differ";
  return "";
}

/// Lazy greedy picks what naive greedy picks, and certifies the same.
template <pickmix::SubmodularObjective F>
std::string lazy_is_naive(F f, Index budget) {
  F other = f;
  return difference(maximize(f, pickmix::Count{budget}, pickmix::LazyGreedy{}),
                    maximize(other, pickmix::Count{budget}, pickmix::NaiveGreedy{}));
}

/// A smaller budget gives a prefix of what a larger one gives.
template <pickmix::SubmodularObjective F>
std::string prefix_law(const F& f, Index budget) {
  const auto select = [&](Index k) {
    F copy = f;
    return maximize(copy, pickmix::Count{k}, pickmix::LazyGreedy{});
  };
  const auto whole = select(budget);
  for (Index k = 0; k < budget; ++k) {
    const auto part = select(k);
    if (part.indices.size() > whole.indices.size() ||
        !std::equal(part.indices.begin(), part.indices.end(), whole.indices.begin()) ||
        !std::equal(part.gains.begin(), part.gains.end(), whole.gains.begin()))
      return fmt::format("the selection of {} is no prefix of that of {}", k, budget);
  }
  return "";
}

/// The number of threads changes no bit, not even how many gains are computed.
template <pickmix::SubmodularObjective F, class Maximizer>
std::string threads_change_nothing(const F& f, Index budget, const Maximizer& maximizer) {
  const auto select = [&](Index threads) {
    F copy = f;
    return maximize(pickmix::cpu.threads(threads), copy, pickmix::Count{budget}, maximizer);
  };
  const auto one = select(1);
  for (Index threads : {2, 3, 7}) {
    const auto many = select(threads);
    if (const auto where = difference(one, many); !where.empty()) return fmt::format("{} threads: {}", threads, where);
    if (one.evaluations != many.evaluations)
      return fmt::format("{} gains are computed on one thread and {} on {}", one.evaluations, many.evaluations,
                         threads);
  }
  return "";
}

/// best[k]: the largest value of a set of at most k items, by looking at every set. For up to a dozen items.
template <class Definition>
std::vector<double> optimum(Index items, const Definition& definition) {
  std::vector<double> best(static_cast<std::size_t>(items) + 1, 0.0);
  for (std::uint32_t chosen = 0; chosen < std::uint32_t{1} << items; ++chosen) {
    std::vector<Index> set;
    for (Index j = 0; j < items; ++j)
      if (chosen >> j & 1) set.push_back(j);
    best[set.size()] = std::max(best[set.size()], definition(set));
  }
  for (std::size_t k = 1; k < best.size(); ++k) best[k] = std::max(best[k], best[k - 1]);
  return best;
}

/// (1 − 1/e) · optimum ≤ value ≤ optimum ≤ upper_bound, at every budget. Holds to the last bit where gains are exact.
template <pickmix::SubmodularObjective F, class Definition>
std::string guarantee_holds(const F& f, const Definition& definition) {
  const auto best = optimum(f.size(), definition);
  for (std::size_t k = 0; k < best.size(); ++k) {
    F copy = f;
    const auto s = maximize(copy, pickmix::Count{static_cast<Index>(k)}, pickmix::LazyGreedy{});
    if (!((1.0 - 1.0 / std::numbers::e) * best[k] <= s.value && s.value <= best[k] && best[k] <= s.upper_bound))
      return fmt::format("budget {}: the value is {}, the upper bound {}, the optimum {}", k, s.value, s.upper_bound,
                         best[k]);
  }
  return "";
}

}  // namespace laws
