// SPDX-License-Identifier: MIT
// Greedy selection that computes only the gains that could still win.
#pragma once

#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/best_single.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
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

/// For each item the gain computed last, an upper bound of its gain now, and a heap of those that may still be picked.
template <class F, class L>
class GainBounds {
 public:
  GainBounds(Cpu executor, const F& f, const L& ledger)
      : executor_(executor), gains_(static_cast<std::size_t>(f.size()), 0.0), computed_(gains_.size(), never) {
    if constexpr (BatchedObjective<F>) batch_ = std::max<Index>(f.batch(), 1);
    for (Index j = 0; j < f.size(); ++j)
      if (in_reach(ledger, j)) stale_.push_back(j);
    refresh(f, 0);
    std::erase_if(stale_, [&](Index j) { return !ledger.affords(j); });
    heap_.reserve(stale_.size());
    for (Index j : stale_) heap_.push_back({key(ledger, j), j});
    std::make_heap(heap_.begin(), heap_.end(), loses_to);
  }

  const std::vector<double>& gains() const { return gains_; }
  double gain(Index j) const { return gains_[static_cast<std::size_t>(j)]; }
  const std::vector<Index>& items_at_start() const { return stale_; }
  Index evaluations() const { return evaluations_; }

  /// Takes the item with the largest present gain per price out of the heap.
  /// \return false if nothing is affordable
  bool take_best(const F& f, const L& ledger, Index picked, Index& best) {
    for (;;) {
      stale_.clear();
      while (!heap_.empty() && static_cast<Index>(stale_.size()) < batch_) {
        const Index top = heap_.front().item;
        const bool affordable = ledger.affords(top);
        if (affordable && computed_[static_cast<std::size_t>(top)] == picked) break;
        std::pop_heap(heap_.begin(), heap_.end(), loses_to);
        heap_.pop_back();
        if (affordable) stale_.push_back(top);
      }
      if (stale_.empty()) break;
      refresh(f, picked);
      for (Index j : stale_) {
        heap_.push_back({key(ledger, j), j});
        std::push_heap(heap_.begin(), heap_.end(), loses_to);
      }
    }
    if (heap_.empty()) return false;
    best = heap_.front().item;
    std::pop_heap(heap_.begin(), heap_.end(), loses_to);
    heap_.pop_back();
    return true;
  }

  /// A bound on what a set within `whole` can still add. Only the gains that enter the bound are computed again.
  double residual(const F& f, const L& whole, std::span<const Index> selected, Index picked) {
    for (Index j : selected) {
      gains_[static_cast<std::size_t>(j)] = 0.0;
      computed_[static_cast<std::size_t>(j)] = picked;
    }
    for (;;) {
      const LargestSum largest = whole.largest(gains_);
      stale_.clear();
      for (Index j : largest.items)
        if (computed_[static_cast<std::size_t>(j)] != picked) stale_.push_back(j);
      if (stale_.empty()) return largest.sum;
      refresh(f, picked);
    }
  }

 private:
  static constexpr Index never = -1;
  struct Candidate {
    double key;
    Index item;
  };
  static bool loses_to(const Candidate& a, const Candidate& b) {
    return a.key != b.key ? a.key < b.key : a.item > b.item;
  }
  double key(const L& ledger, Index j) const { return gain(j) / ledger.price(j); }

  /// Computes the gains of `stale_`.
  void refresh(const F& f, Index picked) {
    fresh_.resize(stale_.size());
    compute_gains(executor_, f, stale_, fresh_);
    for (std::size_t k = 0; k < stale_.size(); ++k) {
      gains_[static_cast<std::size_t>(stale_[k])] = fresh_[k];
      computed_[static_cast<std::size_t>(stale_[k])] = picked;
    }
    evaluations_ += static_cast<Index>(stale_.size());
  }

  Cpu executor_;
  Index batch_ = 1;
  std::vector<double> gains_, fresh_;
  std::vector<Index> computed_;  // how many items were picked when the gain was computed
  std::vector<Index> stale_;
  std::vector<Candidate> heap_;
  Index evaluations_ = 0;
};

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
  /// Fill the budget even with items that lower the objective.
  bool fill = false;

  template <SubmodularObjective F, class L, class... Observers>
  Selection operator()(Cpu executor, F& f, L& ledger, Observers&... observers) const {
    static_assert(has_diminishing_returns<F>,
                  "LazyGreedy is right only for objectives with diminishing returns: declare "
                  "`static constexpr bool diminishing_returns = true` if yours has them, or use NaiveGreedy.");
    if (!diminishing_returns_hold(f)) return NaiveGreedy{fill}(executor, f, ledger, observers...);

    const L whole = ledger;
    detail::BestSingle<F, L> single(f);
    detail::GainBounds<F, L> bounds(executor, f, ledger);
    for (Index j : bounds.items_at_start()) single.consider(j, bounds.gain(j));
    const double at_start = whole.largest(bounds.gains()).sum;

    Selection selection;
    const auto picked = [&] { return static_cast<Index>(selection.indices.size()); };
    Index best = 0;
    while (bounds.take_best(f, ledger, picked(), best)) {
      if (bounds.gain(best) < 0.0 && !fill) {
        selection.reason = StopReason::no_positive_gain;
        break;
      }
      if (!detail::pick(f, best, bounds.gain(best), ledger, selection, observers...)) break;
      if (!detail::settle(executor, f, selection, observers...)) break;
    }
    const double residual = bounds.residual(f, whole, selection.indices, picked());
    selection.upper_bound = detail::certificate(f, selection.value, at_start, residual);
    selection.evaluations = bounds.evaluations();
    single.take_if_better(f, ledger, selection, observers...);
    return selection;
  }
};

}  // namespace pickmix::inline v0
