// SPDX-License-Identifier: MIT
// Greedy selection that computes only the gains that could still win.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/best_single.hpp>
#include <pickmix/submodular/lazy_heap.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Whether some set within the whole budget has item j. A ledger that begins with something spent says so by a member.
template <class L>
bool in_reach(const L& ledger, Index j) {
  if constexpr (requires { ledger.in_reach(j); })
    return ledger.in_reach(j);
  else
    return ledger.affords(j);
}

/// The gain of each item in `reach`, of the others 0.
template <class F, class L>
std::vector<double> gains_in_reach(const F& f, const LazyHeap<F, L>& heap, std::span<const Index> reach) {
  std::vector<double> gains(static_cast<std::size_t>(f.size()), 0.0);
  for (Index j : reach) gains[static_cast<std::size_t>(j)] = heap.gain(j);
  return gains;
}

/// A bound on what a set within `whole` can add to what is `selected`. Of the gains those are computed again that enter the
/// bound, and each time at least as many as before, the largest ones, so that few rounds are enough whatever the data.
template <class F, class L>
double residual(const F& f, LazyHeap<F, L>& heap, const L& whole, std::span<const Index> reach,
                std::span<const Index> selected) {
  const auto picked = static_cast<Index>(selected.size());
  std::size_t computed = 0;
  std::vector<Index> stale, others;
  for (;;) {
    std::vector<double> gains = gains_in_reach(f, heap, reach);
    const auto gain = [&](Index j) -> double& { return gains[static_cast<std::size_t>(j)]; };
    for (Index j : selected) gain(j) = 0.0;
    const LargestSum largest = whole.largest(gains);
    stale.clear(), others.clear();
    for (Index j : largest.items)
      if (!heap.is_fresh(j, picked)) stale.push_back(j);
    if (stale.empty()) return largest.sum;
    if (stale.size() < computed) {
      for (Index j : stale) gain(j) = 0.0;
      for (Index j : reach)
        if (gain(j) > 0.0 && !heap.is_fresh(j, picked)) others.push_back(j);
      const std::size_t more = std::min(computed - stale.size(), others.size());
      std::nth_element(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(more), others.end(),
                       [&](Index a, Index b) { return gain(a) != gain(b) ? gain(a) > gain(b) : a < b; });
      stale.insert(stale.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(more));
    }
    computed += stale.size();
    heap.compute(stale, picked);
  }
}

}  // namespace detail

/// Picks what `NaiveGreedy` picks, usually with a handful of gains per item in all: with diminishing returns a gain
/// computed earlier is an upper bound now, so an item whose old gain is not the largest need not be looked at.
///
/// An objective with a member `settle(executor, on_progress)` is given the occasion to reorganise itself after each pick.
///
/// \throws     (does not compile) if the objective does not promise diminishing returns. Where its data break the promise,
///             this is NaiveGreedy
/// \complexity n gains at first, on all threads, then as few as the data allow: 5 to 9 n in all for facility location
/// \cite minoux1978 (Accelerated greedy algorithms for maximizing submodular set functions)
struct LazyGreedy {
  /// Fill the budget even with items that lower the objective; no best single item takes their place then.
  bool fill = false;

  template <SubmodularObjective F, class L>
  Selection operator()(Cpu executor, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    static_assert(has_diminishing_returns<F>,
                  "LazyGreedy is right only for objectives with diminishing returns: declare "
                  "`static constexpr bool diminishing_returns = true` if yours has them, or use NaiveGreedy.");
    if (!diminishing_returns_hold(f)) return NaiveGreedy{fill}(executor, f, ledger, observers);

    const L whole = ledger;
    detail::BestSingle<F, L> single(f);
    detail::LazyHeap<F, L> heap(executor, f, ledger);
    std::vector<Index> reach;
    for (Index j = 0; j < f.size(); ++j)
      if (detail::in_reach(ledger, j)) reach.push_back(j);
    heap.compute(reach, 0);
    for (Index j : reach)
      if (ledger.affords(j)) {
        single.consider(j, heap.gain(j));
        heap.push(j);
      }
    const double at_start = whole.largest(detail::gains_in_reach(f, heap, reach)).sum;

    Selection selection;
    const auto picked = [&] { return static_cast<Index>(selection.indices.size()); };
    Index best = 0;
    while (heap.take_best(picked(), best)) {
      if (heap.gain(best) < 0.0 && !fill) {
        selection.reason = StopReason::no_positive_gain;
        break;
      }
      if (!detail::pick(f, best, heap.gain(best), ledger, selection, observers)) break;
      if (!detail::settle(executor, f, selection, observers)) break;
    }
    const double residual = detail::residual(f, heap, whole, reach, selection.indices);
    selection.upper_bound = detail::certificate(f, selection.value, at_start, residual);
    selection.evaluations = heap.evaluations();
    single.take_if_better(f, ledger, selection, observers);
    return selection;
  }
};

}  // namespace pickmix::inline v0
