// SPDX-License-Identifier: MIT
// Selection in one pass: items come one after another, and each is taken or passed over for good.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// At most k items out of a stream. Several guesses of the optimum, v = (1 + ε)^i, are tried side by side: the sieve of v
/// takes an item whose gain is positive and at least (v/2 − f(S)) / (k − |S|), S being what it holds already.
///
/// For monotone objectives with diminishing returns, `best()` is worth at least 1/2 − ε of the best k items that were
/// offered, whatever their order. Its certificate needs no further gain: with g₁ ≥ … ≥ g_k the largest gains over ∅ and
/// S_v the set of a sieve that is not full, the optimum is at most min(g₁ + … + g_k, min_v f(S_v) + v/2) (the former alone
/// where the objective is not monotone). It is infinite
/// where the objective does not promise diminishing returns, as then nothing is proven.
///
/// A sieve is made when it takes its first item, which is when 2k times the gain of that item reaches v; those with
/// v < m/(1 + ε), where m is the largest single gain, are dropped. The best set of a dropped sieve is remembered, so what
/// `best()` is worth never falls.
///
/// \complexity  an item costs one gain, and one more for each sieve that is neither full nor new; memory: O(log(k)/ε)
///              copies of F and k items for each
/// \determinism a function of the order of the items, on every platform where the gains are
/// \cite badanidiyuru2014 (Algorithm 3, Theorem 5.3)
template <SubmodularObjective F>
class Sieve {
 public:
  /// \param prototype what every sieve starts from a copy of; gains are relative to what it holds, usually nothing
  /// \throws ValueError if k < 0, ε is not in (0, 1) or so small that 1 + ε is 1 in double precision
  Sieve(F prototype, Index k, double epsilon) : prototype_(std::move(prototype)), k_(k), base_(1.0 + epsilon) {
    if (k < 0) raise<ValueError>("Sieve: k is {}; needs at least 0", k);
    if (!(base_ > 1.0 && epsilon < 1.0))
      raise<ValueError>("Sieve: epsilon is {}; needs to be in (0, 1), with 1 + epsilon above 1 in double precision",
                        epsilon);
  }

  /// Item j comes, for the only time.
  ///
  /// \throws ValueError if a gain is not finite; what the objective throws. The item may then be in some sieves
  void offer(Index j) {
    if (k_ == 0) return;
    const double single = gain_of(prototype_, j);
    if (!(single > 0.0)) return;  // with diminishing returns it gains nothing anywhere
    remember_single(single);
    const Index lowest = exponent_of(largest_single_);
    drop_below(lowest);

    for (auto& [exponent, branch] : branches_) {
      const double missing = static_cast<double>(k_) - static_cast<double>(branch.set.indices.size());
      if (missing == 0.0) continue;
      const double gain = gain_of(branch.f, j);
      if (gain > 0.0 && gain >= (guess(exponent) / 2.0 - branch.set.value) / missing) take(branch, j, gain);
    }
    for (Index i = lowest; guess(i) / (2.0 * static_cast<double>(k_)) <= single; ++i)
      if (!branches_.contains(i)) take(branches_.try_emplace(i, Branch{prototype_, {}}).first->second, j, single);
  }

  /// The best set so far. The reason is `pool_exhausted` where it has fewer than k items.
  Selection best() const {
    const Selection* best = &retired_;
    double bound = std::accumulate(singles_.begin(), singles_.end(), 0.0);
    for (const auto& [exponent, branch] : branches_) {
      if (branch.set.value > best->value) best = &branch.set;
      if (static_cast<Index>(branch.set.indices.size()) < k_ && monotone_holds(prototype_))
        bound = std::min(bound, branch.set.value + guess(exponent) / 2.0);
    }
    Selection selection = *best;
    if (diminishing_returns_hold(prototype_)) selection.upper_bound = std::max(bound, selection.value);
    selection.evaluations = evaluations_;
    if (static_cast<Index>(selection.indices.size()) < k_) selection.reason = StopReason::pool_exhausted;
    return selection;
  }

 private:
  struct Branch {
    F f;
    Selection set;
  };

  /// (1 + ε)^exponent, by multiplications only: the same bits everywhere.
  double guess(Index exponent) const {
    double power = 1.0, square = base_;
    for (Index left = exponent < 0 ? -exponent : exponent; left > 0; left /= 2, square *= square)
      if (left % 2 != 0) power *= square;
    return exponent < 0 ? 1.0 / power : power;
  }

  /// The exponent of the largest guess that is at most `value`, which is positive.
  Index exponent_of(double value) const {
    auto exponent = static_cast<Index>(std::floor(std::log(value) / std::log(base_)));
    while (guess(exponent) > value) --exponent;
    while (guess(exponent + 1) <= value) ++exponent;
    return exponent;
  }

  double gain_of(const F& f, Index j) {
    ++evaluations_;
    return detail::finite_gain(f.gain(j), j);
  }

  static void take(Branch& branch, Index j, double gain) {
    branch.f.add(j);
    branch.set.indices.push_back(j);
    branch.set.gains.push_back(gain);
    branch.set.value += gain;
  }

  void remember_single(double gain) {
    largest_single_ = std::max(largest_single_, gain);
    singles_.push_back(gain);
    std::push_heap(singles_.begin(), singles_.end(), std::greater<>{});
    if (static_cast<Index>(singles_.size()) > k_) {
      std::pop_heap(singles_.begin(), singles_.end(), std::greater<>{});
      singles_.pop_back();
    }
  }

  void drop_below(Index exponent) {
    while (!branches_.empty() && branches_.begin()->first < exponent) {
      Selection& set = branches_.begin()->second.set;
      if (set.value > retired_.value) retired_ = std::move(set);
      branches_.erase(branches_.begin());
    }
  }

  F prototype_;
  Index k_;
  double base_;                       // 1 + ε
  std::map<Index, Branch> branches_;  // by the exponent of the guess; those that hold nothing yet are not here
  Selection retired_;                 // the best set of those dropped
  double largest_single_ = 0.0;
  std::vector<double> singles_;  // the k largest gains over nothing: a heap, the smallest first
  Index evaluations_ = 0;
};

/// Offers all items, indices rising, to a `Sieve`, and selects its best set. The budget is a number of items (Count,
/// Fraction, Among them some candidates).
///
/// While items stream by, no set is the selection yet: observers are told of the steps when all have been offered, in the
/// order in which the best sieve took them.
///
/// For monotone objectives with diminishing returns, the value is at least 1/2 − ε of the optimum. Items of which more
/// would not pass the thresholds may leave the budget unspent: the reason is then `pool_exhausted`.
///
/// \throws      ValueError unless 0 < ε < 1 and 1 + ε > 1 in double precision; (does not compile) for a budget of costs
///              or quotas
/// \complexity  see Sieve; one thread
/// \determinism see Sieve
/// \cite badanidiyuru2014 (Algorithm 3, Theorem 5.3)
struct SieveStreaming {
  double epsilon = 0.1;

  template <SubmodularObjective F, class L>
  Selection operator()(Cpu, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    static_assert(std::same_as<L, CountLedger> || std::same_as<L, AmongLedger<CountLedger>>,
                  "SieveStreaming is right only for a number of items: use Count or Fraction, or another maximiser.");
    Index candidates = 0;
    for (Index j = 0; j < f.size(); ++j) candidates += ledger.affords(j) ? 1 : 0;
    Sieve<F> sieve(f, std::min(ledger.most(), candidates), epsilon);
    for (Index j = 0; j < f.size(); ++j)
      if (ledger.affords(j)) sieve.offer(j);

    const Selection best = sieve.best();
    Selection selection;
    selection.upper_bound = best.upper_bound;
    selection.evaluations = best.evaluations;
    selection.reason = best.reason;
    for (std::size_t k = 0; k < best.indices.size(); ++k)
      if (!detail::pick(f, best.indices[k], best.gains[k], ledger, selection, observers)) break;
    return selection;
  }
};

}  // namespace pickmix::inline v0
