// SPDX-License-Identifier: MIT
// Greedy selection in two rounds: each shard of the items selects by itself, then greedy selects from what they picked.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Which shard item j is dealt to: known everywhere without asking, and independent of all other items.
constexpr Index shard_of(std::uint64_t seed, Index j, Index shards) {
  return RandomStream(seed, 0x73686172, static_cast<std::uint64_t>(j)).below(shards);  // "shar"
}

/// What a shard hands on after the first round.
struct ShardPicks {
  Selection best;              ///< what it would select if there were no others; its certificate is for its own items
  std::vector<Index> offered;  ///< what the second round is to select from, in order of picking
  Index evaluations = 0;
};

/// `items` as a mask on a ground set of n.
inline std::vector<bool> mask_of(std::span<const Index> items, Index n) {
  std::vector<bool> mask(static_cast<std::size_t>(n), false);
  for (Index j : items) mask[static_cast<std::size_t>(j)] = true;
  return mask;
}

/// Round one, of one shard: selects among `members`; then, as long as fewer than `offers` items are offered, again among
/// those left, on top of what it has.
template <class F, class L>
ShardPicks select_in_shard(Cpu one_thread, F f, const L& ledger, std::span<const Index> members, Index offers) {
  ShardPicks shard;
  std::vector<bool> left = mask_of(members, f.size());
  for (bool first = true;; first = false) {
    AmongLedger<L> own(ledger, left);
    std::vector<Index> steps;  // under costs, more than is selected: a best single item replaces all before it
    auto note = [&](const SelectionStep& step) { steps.push_back(step.index); };
    Selection selection = LazyGreedy{}(one_thread, f, own, SelectionObservers::of(note));
    shard.evaluations += selection.evaluations;
    if (first) shard.best = std::move(selection);
    for (Index j : steps) {
      if (left[static_cast<std::size_t>(j)] && static_cast<Index>(shard.offered.size()) < offers)
        shard.offered.push_back(j);
      left[static_cast<std::size_t>(j)] = false;
    }
    if (steps.empty() || static_cast<Index>(shard.offered.size()) >= offers) return shard;
  }
}

/// Round two: selects among everything that the shards offer.
template <class F, class L>
Selection select_among_offers(Cpu executor, F f, const L& ledger, std::span<const Index> offered) {
  AmongLedger<L> own(ledger, mask_of(offered, f.size()));
  return LazyGreedy{}(executor, f, own);
}

/// Ends a selection that f holds: its reason, and its certificate from the present gains of `items`, which are all that
/// could be afforded at first. `left` is what is left of the `whole` budget.
template <class F, class L>
void finish(Cpu executor, const F& f, const L& whole, const L& left, std::span<const Index> items,
            Selection& selection) {
  std::vector<double> gains(items.size()), residual(static_cast<std::size_t>(f.size()), 0.0);
  compute_gains(executor, f, items, gains);
  selection.evaluations += static_cast<Index>(items.size());
  const std::vector<bool> selected = mask_of(selection.indices, f.size());
  bool more = false, more_of_worth = false;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const auto j = static_cast<std::size_t>(items[k]);
    if (selected[j]) continue;
    residual[j] = gains[k];
    if (!left.affords(items[k])) continue;
    more = true;
    more_of_worth = more_of_worth || gains[k] >= 0.0;
  }
  if (selection.reason != StopReason::stopped_by_observer && more)
    selection.reason = more_of_worth ? StopReason::pool_exhausted : StopReason::no_positive_gain;
  if (diminishing_returns_hold(f) && monotone_holds(f))
    selection.upper_bound = std::min(selection.upper_bound, selection.value + whole.largest(residual).sum);
  selection.upper_bound = std::max(selection.upper_bound, selection.value);  // but for rounding it is
}

}  // namespace detail

/// Deals the candidates to shards at random; in each, LazyGreedy selects among its own on a copy of the objective, all
/// shards at the same time; LazyGreedy then selects among what they picked. The result is the better of that and the best
/// shard's, ties going to the second round and then to the shard of the smaller number.
///
/// For monotone objectives with diminishing returns and a number of items, the value is at least (1 − 1/e)/2 of the
/// optimum on average over the seeds, at oversample ≥ 1. The certificate holds for the whole ground set: the smaller of
/// the sum of the shards' certificates, and, of a monotone objective, the value plus the most that a set within the budget
/// could still gain.
///
/// Observers are told of `Progress` as shards are done; one that stops it then stops with nothing selected. They are told
/// of the steps when it is known which selection is the better. The reason is `pool_exhausted` where what the shards
/// offered did not fill the budget, though there are other items that would not lower the objective.
///
/// \throws      ValueError if shards is not in [1, 2²⁰], or oversample is not positive and finite; (does not compile) if the
///              objective does not promise diminishing returns
/// \complexity  the gains of LazyGreedy on n/shards items, in each shard, and on oversample · shards · k items; n more for
///              the certificate; memory: a copy of the objective for each thread
/// \determinism a function of the seed, the same at every thread count; an item's shard depends on the seed and its index
/// \cite mirzasoleiman2013 (Algorithm 2), barbosa2015 (Algorithm RandGreeDi, Theorem 1)
struct DistributedGreedy {
  Index shards = 8;
  /// Each shard offers ⌈oversample · k⌉ items, k being the most that the budget allows, if it has so many worth a pick. Above
  /// 1 it goes on selecting with the budget granted anew; what it competes with in the end stays within the budget.
  double oversample = 1.0;
  std::uint64_t seed = 0;

  template <SubmodularObjective F, class L>
  Selection operator()(Cpu executor, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    constexpr Index most_shards = Index{1} << 20;
    if (shards < 1 || shards > most_shards)
      raise<ValueError>("DistributedGreedy: shards is {}; needs to be in [1, {}]", shards, most_shards);
    if (!(oversample > 0.0) || !std::isfinite(oversample))
      raise<ValueError>("DistributedGreedy: oversample is {}; needs to be finite and above 0", oversample);
    const L whole = ledger;
    const Index n = f.size();
    const double wanted = std::ceil(oversample * static_cast<double>(std::min(whole.most(), n)));
    const auto offers = static_cast<Index>(std::min(wanted, static_cast<double>(n)));

    std::vector<Index> items;
    std::vector<std::vector<Index>> members(static_cast<std::size_t>(shards));
    for (Index j = 0; j < n; ++j) {
      if (!whole.affords(j)) continue;
      items.push_back(j);
      members[static_cast<std::size_t>(detail::shard_of(seed, j, shards))].push_back(j);
    }

    std::vector<detail::ShardPicks> picks(members.size());
    const bool finished = for_each_tile(
        executor, shards,
        [&](Index s) {
          const auto at = static_cast<std::size_t>(s);
          picks[at] = detail::select_in_shard(executor.threads(1), f, whole, members[at], offers);
        },
        [&](Index done) {
          return observers(Progress{"shards", done, shards}) == Flow::proceed;
        });

    Selection selection;
    std::vector<Index> offered;
    double sum_of_bounds = 0.0;
    for (const auto& shard : picks) {
      selection.evaluations += shard.evaluations;
      sum_of_bounds += shard.best.upper_bound;
      offered.insert(offered.end(), shard.offered.begin(), shard.offered.end());
    }
    if (!finished) {
      selection.reason = StopReason::stopped_by_observer;
      return selection;
    }

    selection.upper_bound = sum_of_bounds;
    const Selection from_offers = detail::select_among_offers(executor, f, whole, offered);
    selection.evaluations += from_offers.evaluations;
    const Selection* best = &from_offers;
    for (const auto& shard : picks)
      if (shard.best.value > best->value) best = &shard.best;

    for (std::size_t k = 0; k < best->indices.size(); ++k)
      if (!detail::pick(f, best->indices[k], best->gains[k], ledger, selection, observers)) break;
    detail::finish(executor, f, whole, ledger, items, selection);
    return selection;
  }
};

}  // namespace pickmix::inline v0
