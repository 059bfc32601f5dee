// SPDX-License-Identifier: MIT
// Facility location without the n² matrix: the first picks on a sample, the others exactly.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/permutation.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/submodular/best_single.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
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

/// A ledger seen from a sample of its items, for a few picks.
template <Ledger L>
class SampleLedger {
 public:
  SampleLedger(L ledger, std::span<const Index> sample, Index picks)
      : ledger_(std::move(ledger)), sample_(sample), left_(picks) {}

  Index most() const { return std::min(left_, ledger_.most()); }
  bool affords(Index j) const { return left_ > 0 && ledger_.affords(item(j)); }
  double price(Index j) const { return ledger_.price(item(j)); }
  void spend(Index j) {
    ledger_.spend(item(j));
    --left_;
  }
  LargestSum largest(std::span<const double>) const { return {}; }  // no certificate is asked of a sample

 private:
  Index item(Index j) const { return sample_[static_cast<std::size_t>(j)]; }

  L ledger_;
  std::span<const Index> sample_;
  Index left_;
};

/// What is left of a budget after a start, whose items cannot be picked again. Bounds are those of the whole budget.
template <Ledger L>
class RestLedger {
 public:
  RestLedger(L whole, L left, Index items, std::span<const Index> start)
      : whole_(std::move(whole)), left_(std::move(left)), started_(static_cast<std::size_t>(items), false) {
    for (Index j : start) started_[static_cast<std::size_t>(j)] = true;
  }

  Index most() const { return left_.most(); }
  bool affords(Index j) const { return !started(j) && left_.affords(j); }
  bool started(Index j) const { return started_[static_cast<std::size_t>(j)]; }
  bool in_reach(Index j) const { return whole_.affords(j); }
  double price(Index j) const { return left_.price(j); }
  void spend(Index j) { left_.spend(j); }
  LargestSum largest(std::span<const double> values) const { return whole_.largest(values); }

 private:
  L whole_, left_;
  std::vector<bool> started_;
};
template <class L>
inline constexpr bool has_costs<RestLedger<L>> = has_costs<L>;

}  // namespace detail

/// Greedy selection for facility location over a streamed kernel of a pool, near the cost of one pass over all pairs.
///
/// 1. Exact greedy on a random sample of the pool picks the first items. 2. What they cover is computed for all rows.
/// 3. One pass keeps the similarities above that: about n/picks a row, since nothing else can matter any more.
/// 4. Exact greedy goes on with what was kept. Only step 1 is approximate: picks, gains and certificate are those of exact
/// greedy that begins with these first items. Where there is nothing to be saved this is `LazyGreedy`.
///
/// Under `Cost`, one item by itself is taken where it is worth more, as by `LazyGreedy`.
///
/// Where more than the memory limit still matters after the first picks, as many again are picked on a sample, and observers
/// are told so: hostile data cost time, and not memory.
///
/// \complexity  n²d operations; beside the embeddings 5·n·d bytes, if they are screened, 192·n, and 4·rows² of the sample's
///              (`sample`, or four times the first picks where the memory limit allows that); then about 20 n²/picks, at most
///              the memory limit
/// \throws      ValueError if sample is below 1, picks below 0, or wanted_recall not in (0, 1]
/// \determinism the same at every thread count; the seed draws the sample
struct SampledStart {
  Index exact_up_to = 8192;  ///< a pool no larger is selected from exactly
  Index sample = 3072;       ///< rows of the sample
  Index picks = 0;  ///< items picked on the sample; 0: a twentieth of the budget, √(2n), or what memory asks for
  std::uint64_t seed = 0;

  /// Beyond so many rows only those near to each other are compared (see Cells), if that finds
  /// `wanted_recall` of what matters; `Selection::recall` says how much it was. There is no certificate then.
  Index near_above = 200'000;
  double wanted_recall = 0.9;

  template <Ledger L>
  Selection operator()(Cpu executor, FacilityLocationObjective& f, L& ledger,
                       const SelectionObservers& observers = {}) const {
    if (sample < 1) raise<ValueError>("SampledStart: sample is {}; needs at least 1", sample);
    if (picks < 0) raise<ValueError>("SampledStart: picks is {}; needs at least 0", picks);
    if (!(wanted_recall > 0.0 && wanted_recall <= 1.0))
      raise<ValueError>("SampledStart: wanted_recall is {}; needs to be above 0 and at most 1", wanted_recall);
    const auto* streamed = f.kernel().streamed();
    if (streamed == nullptr || !streamed->symmetric() || f.size() <= std::max(exact_up_to, sample))
      return LazyGreedy{}(executor, f, ledger, observers);

    const std::uint64_t memory_limit = streamed->memory_limit();
    const L whole = ledger;
    detail::BestSingle<FacilityLocationObjective, L> single(f);
    Selection selection;
    const Index budget = std::min(ledger.most(), f.size());
    const auto on_progress = observers.on_progress();
    bool everything = true;  // was looked at: only then can anything be proven
    for (Index first = first_picks(f, budget, memory_limit);;) {
      const auto picked = [&] { return static_cast<Index>(selection.indices.size()); };
      const auto start = picks_on_sample(executor, f, whole, ledger, selection.indices, first - picked(), memory_limit);
      f.add(executor, start, [&](std::size_t k, double gain) {
        ledger.spend(start[k]);
        selection.indices.push_back(start[k]);
        selection.gains.push_back(gain);
        selection.value += gain;
        if (observers(SelectionStep{picked(), budget, start[k], gain, selection.value}) == Flow::proceed) return true;
        selection.reason = StopReason::stopped_by_observer;
        return false;
      });
      selection.evaluations = picked();
      if (selection.reason == StopReason::stopped_by_observer) return selection;
      try {
        if (keep(executor, f, selection.indices, on_progress, selection.recall, everything)) break;
        selection.reason = StopReason::stopped_by_observer;
        return selection;
      } catch (const detail::OutOfRoom&) {  // more still matters than was expected: more first picks leave less
        first = std::min(2 * picked(), budget);
        everything = true;
        selection.recall = 1.0;
        if (start.empty() || first == picked()) break;  // greedy goes on, or ends, without what is kept
        if (!on_progress(Progress{"first picks, before what still matters is looked for again", picked(), first})) {
          selection.reason = StopReason::stopped_by_observer;
          return selection;
        }
      }
    }

    const auto begun = static_cast<Index>(selection.indices.size());
    auto go_on = [&](const SelectionStep& step) {
      return observers(SelectionStep{step.picked + begun, budget, step.index, step.gain, step.value + selection.value});
    };
    detail::RestLedger<L> left(whole, ledger, f.size(), selection.indices);
    const std::vector<Index> out_of_reach = beyond(whole, left, f.size());
    const Selection rest = LazyGreedy{}(executor, f, left, SelectionObservers::of(go_on));
    selection.indices.insert(selection.indices.end(), rest.indices.begin(), rest.indices.end());
    selection.gains.insert(selection.gains.end(), rest.gains.begin(), rest.gains.end());
    if (everything) selection.upper_bound = selection.value + rest.upper_bound;
    selection.value += rest.value;
    selection.evaluations += rest.evaluations;
    selection.reason = rest.reason;
    single.consider(executor, out_of_reach);
    selection.evaluations += static_cast<Index>(out_of_reach.size());
    single.take_if_better(f, ledger, selection, observers);
    return selection;
  }

 private:
  /// Exact greedy on a sample of the rows, going on from what `f` holds.
  template <class L>
  std::vector<Index> picks_on_sample(Cpu executor, const FacilityLocationObjective& f, const L& whole, const L& ledger,
                                     std::span<const Index> held, Index count, std::uint64_t memory_limit) const {
    const std::vector<Index> rows = draw(f.size(), static_cast<Index>(held.size()) + count, memory_limit);
    auto part = f.among(executor, rows);
    detail::SampleLedger few(detail::RestLedger<L>(whole, ledger, f.size(), held), rows, count);
    std::vector<Index> out;
    for (Index j : LazyGreedy{}(executor, part, few).indices) out.push_back(rows[static_cast<std::size_t>(j)]);
    return out;
  }

  /// The items that a cost budget affords, but not behind the first picks: greedy never weighed them against its selection.
  /// The others are worth no more than the first picks with them.
  template <class L>
  static std::vector<Index> beyond(const L& whole, const detail::RestLedger<L>& left, Index n) {
    std::vector<Index> items;
    if constexpr (detail::has_costs<L>)
      for (Index j = 0; j < n; ++j)
        if (whole.affords(j) && !left.started(j) && !left.affords(j)) items.push_back(j);
    return items;
  }

  /// Keeps what still matters: all of it up to `near_above` rows, beyond what is near enough to hold `wanted_recall` of it.
  template <class OnProgress>
  bool keep(Cpu executor, FacilityLocationObjective& f, std::span<const Index> start, const OnProgress& on_progress,
            double& recall, bool& everything) const {
    if (start.empty()) return true;  // nothing was asked for, or no candidate is in the sample: greedy goes on without
    if (f.size() > near_above) {
      const auto balanced = static_cast<std::size_t>(std::sqrt(8.0 * static_cast<double>(f.size())));
      const auto centres = start.first(std::min(balanced, start.size()));
      double found = 0.0;
      if (!f.keep_above_near(executor, centres, wanted_recall, on_progress, found)) return false;
      everything = found == 0.0;
      recall = everything ? 1.0 : found;
      if (!everything) return true;
    }
    if (f.bytes_above(static_cast<Index>(start.size())) > static_cast<double>(f.kernel().streamed()->memory_limit()))
      return true;  // few picks leave too much: greedy goes on without
    return f.keep_above(executor, on_progress);
  }

  /// More rows than `sample` where many picks are to come from them, if memory allows.
  std::vector<Index> draw(Index n, Index first, std::uint64_t memory_limit) const {
    const auto affordable = static_cast<Index>(std::sqrt(static_cast<double>(memory_limit) / sizeof(float)));
    const Index count = std::clamp(std::min(4 * first, affordable), sample, std::max(n, sample));
    std::vector<Index> rows;
    const Permutation order(n, RandomStream(seed, 0x73616D70));
    for (Index k = 0; k < std::min(count, n); ++k) rows.push_back(order(k));
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  /// Few first picks lose little; more of them leave less to look at. With p of them n·p similarities say what is covered,
  /// and about n²/p are found by the pass, each of which costs some more to decide: the work is near its least from p = √(2n)
  /// to four times that (docs/benchmarks.md). A twentieth of the budget keeps what is lost small, and memory may ask for more:
  /// for half as many again as random picks would be, since those that are many for their sample serve its own rows best. Near
  /// pairs are fewer, and put in place at once.
  Index first_picks(const FacilityLocationObjective& f, Index budget, std::uint64_t memory_limit) const {
    if (picks > 0) return std::min(picks, budget);
    Index wanted = std::clamp<Index>(
        budget / 20, 20, std::max<Index>(20, static_cast<Index>(std::sqrt(2.0 * static_cast<double>(f.size())))));
    const double asked = (f.size() > near_above ? 0.45 : 1.5) * f.bytes_above(0) / static_cast<double>(memory_limit);
    wanted = std::max(wanted, static_cast<Index>(std::ceil(std::min(asked, 1e15))));
    return std::min(wanted, budget);
  }
};

}  // namespace pickmix::inline v0
