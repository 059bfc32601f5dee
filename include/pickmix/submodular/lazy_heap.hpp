// SPDX-License-Identifier: MIT
// The best item by gains of which most are old: with diminishing returns an old gain is an upper bound.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace pickmix::inline v0::detail {

/// For each item the gain computed last and how many items were picked then, and a heap of some of them by gain per price;
/// ties go to the smaller index.
template <class F, class L>
class LazyHeap {
 public:
  LazyHeap(Cpu executor, const F& f, const L& ledger)
      : executor_(executor),
        f_(f),
        ledger_(ledger),
        gains_(static_cast<std::size_t>(f.size()), std::numeric_limits<double>::infinity()),
        computed_(gains_.size(), never) {
    if constexpr (BatchedObjective<F>) batch_ = std::max<Index>(f.batch(), 1);
  }

  /// Infinite for an item whose gain was never computed.
  double gain(Index j) const { return gains_[static_cast<std::size_t>(j)]; }
  bool is_known(Index j) const { return computed_[static_cast<std::size_t>(j)] != never; }
  bool is_fresh(Index j, Index picked) const { return computed_[static_cast<std::size_t>(j)] == picked; }
  Index evaluations() const { return evaluations_; }

  /// Computes the gains of `items`, now that `picked` items are picked. None of them may be in the heap.
  void compute(std::span<const Index> items, Index picked) {
    fresh_.resize(items.size());
    compute_gains(executor_, f_, items, fresh_);
    evaluations_ += static_cast<Index>(items.size());
    for (std::size_t k = 0; k < items.size(); ++k) {
      gains_[static_cast<std::size_t>(items[k])] = fresh_[k];
      computed_[static_cast<std::size_t>(items[k])] = picked;
    }
  }

  void clear() { heap_.clear(); }
  void push(Index j) {
    heap_.push_back({gain(j) / ledger_.price(j), j});
    std::push_heap(heap_.begin(), heap_.end(), loses_to);
  }

  /// Takes the affordable item with the largest present gain per price out of the heap. As many old gains are computed
  /// together as the objective likes.
  /// \return false if there is none
  bool take_best(Index picked, Index& best) {
    for (;;) {
      stale_.clear();
      while (!heap_.empty() && static_cast<Index>(stale_.size()) < batch_) {
        const Index top = heap_.front().item;
        const bool affordable = ledger_.affords(top);
        if (affordable && is_fresh(top, picked)) break;
        pop();
        if (affordable) stale_.push_back(top);
      }
      if (stale_.empty()) break;
      compute(stale_, picked);
      for (Index j : stale_) push(j);
    }
    if (heap_.empty()) return false;
    best = heap_.front().item;
    pop();
    return true;
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
  void pop() {
    std::pop_heap(heap_.begin(), heap_.end(), loses_to);
    heap_.pop_back();
  }

  Cpu executor_;
  const F& f_;
  const L& ledger_;
  Index batch_ = 1;
  std::vector<double> gains_, fresh_;
  std::vector<Index> computed_;  // how many items were picked when the gain was computed
  std::vector<Index> stale_;
  std::vector<Candidate> heap_;
  Index evaluations_ = 0;
};

}  // namespace pickmix::inline v0::detail
