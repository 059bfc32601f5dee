// SPDX-License-Identifier: MIT
// Greedy selection as it is defined: look at every item, take the best, repeat.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace pickmix::inline v0 {

/// Computes the gain of every remaining item before each pick. It asks nothing of the objective and is the reference
/// the others are tested against; for objectives with diminishing returns `LazyGreedy` picks the same, faster.
///
/// For monotone objectives with diminishing returns the value is at least 1 − 1/e of the optimum.
///
/// \complexity about n·k gains for k picks
/// \cite nemhauser1978 (An analysis of approximations for maximizing submodular set functions, Theorem 4.1)
struct NaiveGreedy {
  template <SubmodularObjective F, class... Observers>
  Selection operator()(Cpu executor, F& f, Index limit, Observers&... observers) const {
    std::vector<Index> rest(static_cast<std::size_t>(f.size()));
    std::iota(rest.begin(), rest.end(), Index{0});
    std::vector<double> gains(rest.size());
    Selection selection;
    const auto compute = [&] {
      gains.resize(rest.size());
      detail::compute_gains(executor, f, rest, gains);
      selection.evaluations += static_cast<Index>(rest.size());
    };

    compute();
    const double at_start = detail::largest_sum(gains, limit);
    while (static_cast<Index>(selection.indices.size()) < limit) {
      const auto best = std::max_element(gains.begin(), gains.end());
      if (*best < 0.0) {
        selection.reason = StopReason::no_positive_gain;
        break;
      }
      const auto at = rest.begin() + (best - gains.begin());
      const Index j = *at;
      const double gain = *best;
      rest.erase(at);
      const bool go_on = detail::pick(f, j, gain, limit, selection, observers...);
      compute();
      if (!go_on) break;
    }
    if constexpr (has_diminishing_returns<F>)
      selection.upper_bound = std::min(at_start, selection.value + detail::largest_sum(gains, limit));
    return selection;
  }
};

}  // namespace pickmix::inline v0
