// SPDX-License-Identifier: MIT
// Greedy selection that computes only the gains that could still win.
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

/// Picks what `NaiveGreedy` picks, usually with a handful of gains per item in all: with diminishing returns a gain
/// computed earlier is an upper bound now, so an item whose old gain is not the largest need not be looked at.
///
/// \throws     (does not compile) if the objective does not promise diminishing returns
/// \complexity n gains at first, on all threads, then as few as the data allow: 5 to 9 n in all for facility location
/// \cite minoux1978 (Accelerated greedy algorithms for maximizing submodular set functions)
struct LazyGreedy {
  template <SubmodularObjective F, class... Observers>
  Selection operator()(Cpu executor, F& f, Index limit, Observers&... observers) const {
    static_assert(has_diminishing_returns<F>,
                  "LazyGreedy is right only for objectives with diminishing returns: declare "
                  "`static constexpr bool diminishing_returns = true` if yours has them, or use NaiveGreedy.");
    const Index n = f.size();
    std::vector<Index> items(static_cast<std::size_t>(n));
    std::iota(items.begin(), items.end(), Index{0});
    std::vector<double> gains(items.size());
    detail::compute_gains(executor, f, items, gains);

    Selection selection;
    selection.evaluations = n;
    const double at_start = detail::largest_sum(gains, limit);

    std::vector<Bound> heap;
    heap.reserve(items.size());
    for (Index j : items) heap.push_back({gains[static_cast<std::size_t>(j)], j, 0});
    std::make_heap(heap.begin(), heap.end(), loses_to);

    while (static_cast<Index>(selection.indices.size()) < limit) {
      const Bound best = take_best(f, heap, selection);
      if (best.gain < 0.0) {
        push(heap, best);
        selection.reason = StopReason::no_positive_gain;
        break;
      }
      if (!detail::pick(f, best.item, best.gain, limit, selection, observers...)) break;
    }
    selection.upper_bound = std::min(at_start, selection.value + residual(f, heap, limit, selection));
    return selection;
  }

 private:
  /// A gain and when it was computed: exact if nothing was picked since, otherwise an upper bound.
  struct Bound {
    double gain;
    Index item;
    Index picked;
  };

  static bool loses_to(const Bound& a, const Bound& b) { return a.gain != b.gain ? a.gain < b.gain : a.item > b.item; }

  static void push(std::vector<Bound>& heap, Bound bound) {
    heap.push_back(bound);
    std::push_heap(heap.begin(), heap.end(), loses_to);
  }

  /// Removes the item whose present gain is the largest from the heap, which is not empty.
  template <class F>
  static Bound take_best(const F& f, std::vector<Bound>& heap, Selection& selection) {
    const auto picked = static_cast<Index>(selection.indices.size());
    for (;;) {
      std::pop_heap(heap.begin(), heap.end(), loses_to);
      Bound top = heap.back();
      heap.pop_back();
      if (top.picked == picked) return top;
      top = {detail::finite_gain(f, top.item), top.item, picked};
      ++selection.evaluations;
      push(heap, top);
    }
  }

  /// The most that `limit` further items could add: the sum of the largest gains that are left.
  template <class F>
  static double residual(const F& f, std::vector<Bound>& heap, Index limit, Selection& selection) {
    double sum = 0.0;
    for (Index taken = 0; taken < limit && !heap.empty() && heap.front().gain > 0.0; ++taken)
      sum += std::max(0.0, take_best(f, heap, selection).gain);
    return sum;
  }
};

}  // namespace pickmix::inline v0
