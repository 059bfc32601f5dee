// SPDX-License-Identifier: MIT
// The best set there is, found by looking at all of them.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// How many sets of at most `most` of `items` items there are; the largest number there is where they are more.
///
/// \complexity O(min(items, most)), and no more than 64 steps from where the numbers overflow
constexpr std::uint64_t count_sets(Index items, Index most) {
  constexpr std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t sets = 1, of_this_size = 1;
  for (Index size = 1; size <= std::min(items, most); ++size) {
    const auto factor = static_cast<std::uint64_t>(items - size + 1);
    if (of_this_size > limit / factor) return limit;
    of_this_size = of_this_size * factor / static_cast<std::uint64_t>(size);
    if (sets > limit - of_this_size) return limit;
    sets += of_this_size;
  }
  return sets;
}

/// Walks through all sets, depth first and in lexicographic order.
template <class F, class L>
class AllSets {
 public:
  AllSets(std::vector<Index> items, const F& f, const L& ledger) : items_(std::move(items)), most_(ledger.most()) {
    extend(f, ledger, 0, 0.0);
  }

  const std::vector<Index>& best() const { return best_; }
  const std::vector<double>& gains_of_best() const { return best_gains_; }
  double value() const { return best_value_; }
  Index evaluations() const { return evaluations_; }

 private:
  /// Looks at all sets that begin with `set_` and go on with items from position `first`.
  void extend(const F& f, const L& ledger, std::size_t first, double value) {
    for (std::size_t at = first; at < items_.size(); ++at) {
      const Index j = items_[at];
      if (!ledger.affords(j)) continue;
      const double gain = finite_gain(f.gain(j), j);
      ++evaluations_;
      set_.push_back(j);
      gains_.push_back(gain);
      if (value + gain > best_value_) {
        best_value_ = value + gain;
        best_ = set_;
        best_gains_ = gains_;
      }
      L left = ledger;
      left.spend(j);
      const auto more =
          static_cast<Index>(set_.size()) < most_ ? std::span(items_).subspan(at + 1) : std::span<Index>();
      if (std::any_of(more.begin(), more.end(), [&](Index i) { return left.affords(i); })) {
        F with_j = f;
        with_j.add(j);
        extend(with_j, left, at + 1, value + gain);
      }
      set_.pop_back();
      gains_.pop_back();
    }
  }

  std::vector<Index> items_;
  Index most_;
  std::vector<Index> set_, best_;
  std::vector<double> gains_, best_gains_;
  double best_value_ = 0.0;
  Index evaluations_ = 0;
};

}  // namespace detail

/// The set of the largest value within the budget, by looking at every set: for tiny ground sets, and to test the others
/// against. It asks nothing of the objective but that it can be copied.
///
/// A set is within the budget if its items are affordable one after another along rising indices: where costs add up to
/// the total but for rounding, another order may afford more or less.
///
/// Of sets of the same value it takes the lexicographically smallest: items that add nothing are selected before one that
/// brings something, if their indices are smaller, and not after the last one. The items are picked, and shown to
/// observers, when all sets have been looked at, in rising order. `upper_bound` is the optimum, also where an observer
/// stops the picks. Where the set could hold more and would be worth no more, the reason is `no_positive_gain`.
///
/// \throws      ValueError if there are more than 2^24 sets of at most `most()` of the affordable items; nothing has
///              happened then
/// \complexity  a gain for each set within the budget, on one thread; a copy of the objective for each one that can grow
/// \determinism values are sums of gains along rising indices; sets that are tied on paper may differ by rounding
struct BruteForce {
  template <SubmodularObjective F, class L>
  Selection operator()(Cpu, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    std::vector<Index> items;
    for (Index j = 0; j < f.size(); ++j)
      if (ledger.affords(j)) items.push_back(j);
    const auto sets = detail::count_sets(static_cast<Index>(items.size()), ledger.most());
    if (sets > std::uint64_t{1} << 24)
      raise<ValueError>(
          "BruteForce: n is {}, of which {} are affordable, and the budget allows {} at once; these are more "
          "than the 2^24 sets that it looks at",
          Index{f.size()}, items.size(), ledger.most());

    const detail::AllSets<F, L> all(items, f, ledger);
    Selection selection;
    selection.evaluations = all.evaluations();
    selection.upper_bound = all.value();
    for (std::size_t k = 0; k < all.best().size(); ++k) {
      std::erase(items, all.best()[k]);
      if (!detail::pick(f, all.best()[k], all.gains_of_best()[k], ledger, selection, observers)) return selection;
    }
    if (std::any_of(items.begin(), items.end(), [&](Index j) { return ledger.affords(j); }))
      selection.reason = StopReason::no_positive_gain;
    return selection;
  }
};

}  // namespace pickmix::inline v0
