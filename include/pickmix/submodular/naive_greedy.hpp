// SPDX-License-Identifier: MIT
// Greedy selection as it is defined: look at every item, take the best, repeat.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/best_single.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// The certificate of what was selected, from what could be had at the start and what can still be had: a set within the
/// budget adds at most the latter to what is selected, and together they are worth as much as the set alone only if no item
/// lowers the objective. Never below the value, as by rounding it might be.
template <class F>
double certificate(const F& f, double value, double at_start, double residual) {
  return std::max(value, monotone_holds(f) ? std::min(at_start, value + residual) : at_start);
}

}  // namespace detail

/// Computes the gain of every remaining item before each pick. It asks nothing of the objective and is the reference
/// the others are tested against; for objectives with diminishing returns `LazyGreedy` picks the same, faster.
///
/// For monotone objectives with diminishing returns and a number of items, the value is at least 1 − 1/e of the optimum.
///
/// \complexity about n·k gains for k picks
/// \cite nemhauser1978 (An analysis of approximations for maximizing submodular set functions, Theorem 4.1)
struct NaiveGreedy {
  /// Fill the budget even with items that lower the objective (disparity-min falls with every pick); no best single item
  /// takes their place then.
  bool fill = false;

  template <SubmodularObjective F, class L>
  Selection operator()(Cpu executor, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    const L whole = ledger;
    detail::BestSingle<F, L> single(f);
    std::vector<Index> rest;
    for (Index j = 0; j < f.size(); ++j)
      if (ledger.affords(j)) rest.push_back(j);
    std::vector<double> gains;
    Selection selection;
    const auto compute = [&] {
      gains.resize(rest.size());
      detail::compute_gains(executor, f, rest, gains);
      selection.evaluations += static_cast<Index>(rest.size());
    };
    const auto largest_sum = [&] {
      std::vector<double> values(static_cast<std::size_t>(f.size()), 0.0);
      for (std::size_t k = 0; k < rest.size(); ++k) values[static_cast<std::size_t>(rest[k])] = gains[k];
      return whole.largest(values).sum;
    };

    std::vector<Index> dropped;  // no longer affordable, and still part of what bounds the optimum
    compute();
    for (std::size_t k = 0; k < rest.size(); ++k) single.consider(rest[k], gains[k]);
    const double at_start = largest_sum();
    while (!rest.empty()) {
      std::size_t best = 0;
      for (std::size_t k = 1; k < rest.size(); ++k)
        if (gains[k] / ledger.price(rest[k]) > gains[best] / ledger.price(rest[best])) best = k;
      if (gains[best] < 0.0 && !fill) {
        selection.reason = StopReason::no_positive_gain;
        break;
      }
      const Index j = rest[best];
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(best));
      const bool go_on = detail::pick(f, j, gains[best], ledger, selection, observers);
      const auto kept = std::stable_partition(rest.begin(), rest.end(), [&](Index i) { return ledger.affords(i); });
      dropped.insert(dropped.end(), kept, rest.end());
      rest.erase(kept, rest.end());
      if (go_on && !rest.empty()) {
        compute();
        continue;
      }
      break;
    }
    if (diminishing_returns_hold(f)) {
      rest.insert(rest.end(), dropped.begin(), dropped.end());
      compute();
      selection.upper_bound = detail::certificate(f, selection.value, at_start, largest_sum());
    }
    single.take_if_better(f, ledger, selection, observers);
    return selection;
  }
};

}  // namespace pickmix::inline v0
