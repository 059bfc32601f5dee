// SPDX-License-Identifier: MIT
// Greedy selection that looks at a random sample of the items before each pick.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/lazy_heap.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// The candidates, and the random samples of them that the picks are made from. Which items a sample has is a function of
/// the seed and of what was picked before, not of how the gains are computed.
template <class L>
class CandidateSamples {
 public:
  /// \throws ValueError unless 0 < epsilon < 1
  CandidateSamples(const char* caller, double epsilon, std::uint64_t seed, Index items, const L& ledger) : seed_(seed) {
    if (!(epsilon > 0.0 && epsilon < 1.0))
      raise<ValueError>("{}: epsilon is {}; needs to be in (0, 1)", caller, epsilon);
    for (Index j = 0; j < items; ++j)
      if (ledger.affords(j)) rest_.push_back(j);
    const Index picks = std::clamp<Index>(ledger.most(), 1, std::max<Index>(static_cast<Index>(rest_.size()), 1));
    share_ = -std::log(epsilon) / static_cast<double>(picks);
  }

  void begin_pick(Index picked) { random_ = RandomStream(seed_, purpose, static_cast<std::uint64_t>(picked)); }

  /// Draws a sample of the affordable candidates that are not set aside, indices rising; empty if there are none left.
  void draw(const L& ledger, std::vector<Index>& sample) {
    const auto wanted = std::max(std::ceil(static_cast<double>(rest_.size() - aside_) * share_), 1.0);
    std::size_t end = aside_;
    while (end < rest_.size() && static_cast<double>(end - aside_) < wanted) {
      const std::size_t at = end + static_cast<std::size_t>(random_.below(static_cast<Index>(rest_.size() - end)));
      if (ledger.affords(rest_[at]))
        std::swap(rest_[end++], rest_[at]);
      else
        remove(at);
    }
    sampled_ = end;
    sample.assign(begin_at(aside_), begin_at(sampled_));
    std::sort(sample.begin(), sample.end());
  }

  /// No item of the sample is worth a pick: the next one is drawn from the others.
  void set_sample_aside() { aside_ = sampled_; }
  void bring_back() { aside_ = 0; }
  bool any_aside(const L& ledger) const {
    return std::any_of(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(aside_),
                       [&](Index j) { return ledger.affords(j); });
  }

  /// `item`, of the sample, is picked.
  void take(Index item) {
    remove(static_cast<std::size_t>(std::find(begin_at(aside_), begin_at(sampled_), item) - rest_.begin()));
  }

 private:
  static constexpr std::uint32_t purpose = 0x6C617A79;  // "lazy"

  std::vector<Index>::iterator begin_at(std::size_t position) {
    return rest_.begin() + static_cast<std::ptrdiff_t>(position);
  }
  void remove(std::size_t position) {
    rest_[position] = rest_.back();
    rest_.pop_back();
  }

  std::uint64_t seed_;
  RandomStream random_{0, purpose};
  double share_ = 1.0;       // of the candidates, how many a sample has
  std::vector<Index> rest_;  // not picked: those set aside, the sample, the others
  std::size_t aside_ = 0, sampled_ = 0;
};

/// Picks from one sample after the other. `best_of(sample, best)` finds the best item of a sample and returns its gain.
template <class F, class L, class BestOf>
void pick_from_samples(F& f, L& ledger, CandidateSamples<L>& samples, const BestOf& best_of, Selection& selection,
                       const SelectionObservers& observers) {
  const bool diminishing = diminishing_returns_hold(f);
  std::vector<Index> sample;
  for (;;) {
    samples.begin_pick(static_cast<Index>(selection.indices.size()));
    if (!diminishing) samples.bring_back();
    Index best = 0;
    double gain = 0.0;
    for (samples.draw(ledger, sample); !sample.empty(); samples.draw(ledger, sample)) {
      gain = best_of(sample, best);
      if (!(gain < 0.0)) break;
      samples.set_sample_aside();
    }
    if (sample.empty()) {
      if (samples.any_aside(ledger)) selection.reason = StopReason::no_positive_gain;
      return;
    }
    samples.take(best);
    if (!pick(f, best, gain, ledger, selection, observers)) return;
  }
}

/// The best item of a sample by gains that are all computed.
template <class F, class L>
class SampleScan {
 public:
  SampleScan(Cpu executor, const F& f, const L& ledger) : executor_(executor), f_(f), ledger_(ledger) {}

  double best_of(const std::vector<Index>& sample, Index& best) {
    gains_.resize(sample.size());
    compute_gains(executor_, f_, sample, gains_);
    evaluations_ += static_cast<Index>(sample.size());
    std::size_t first = 0;
    for (std::size_t k = 1; k < sample.size(); ++k)
      if (gains_[k] / ledger_.price(sample[k]) > gains_[first] / ledger_.price(sample[first])) first = k;
    best = sample[first];
    return gains_[first];
  }
  Index evaluations() const { return evaluations_; }

 private:
  Cpu executor_;
  const F& f_;
  const L& ledger_;
  std::vector<double> gains_;
  Index evaluations_ = 0;
};

}  // namespace detail

/// Before each pick, looks at a random sample of ⌈m/k · ln(1/ε)⌉ of the m remaining candidates, at least one; k is the
/// number of items that the budget allows. Takes the sample's largest gain per price, ties going to the smaller index.
///
/// For monotone objectives with diminishing returns and a number of items, the value is at least 1 − 1/e − ε of the
/// optimum on average over the seeds. Under costs and quotas, whose rules it keeps, nothing is proven. There is no
/// certificate: `upper_bound` is infinite.
///
/// A sample in which every gain is negative says nothing of the other items: it is set aside, and the next is drawn from
/// the others. `no_positive_gain` is answered only when every candidate has been looked at; set-aside ones come back at
/// the next pick where there are no diminishing returns. A candidate that is found too dear or beyond its quota is left
/// out of the sample and drawn no more; until it is found, m counts it.
///
/// \param epsilon smaller means larger samples and a better value. So small that a sample is everything, this is
///                NaiveGreedy, less the certificate and the comparison with the best single item
/// \throws      ValueError unless 0 < ε < 1
/// \complexity  about n · ln(1/ε) gains, however many are picked; each sample's on all threads
/// \determinism a function of the seed, the same at every thread count; pick p draws from a stream of its own. The
///              platform's logarithm decides the size of a sample
/// \cite mirzasoleiman2015 (Algorithm 1, Theorem 1)
struct StochasticGreedy {
  double epsilon = 0.1;
  std::uint64_t seed = 0;

  template <SubmodularObjective F, class L>
  Selection operator()(Cpu executor, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    detail::CandidateSamples<L> samples("StochasticGreedy", epsilon, seed, f.size(), ledger);
    detail::SampleScan<F, L> scan(executor, f, ledger);
    Selection selection;
    detail::pick_from_samples(
        f, ledger, samples, [&](const auto& sample, Index& best) { return scan.best_of(sample, best); }, selection,
        observers);
    selection.evaluations = scan.evaluations();
    return selection;
  }
};

/// Picks what `StochasticGreedy` of the same seed picks, with fewer gains: an item of the sample whose gain, computed for
/// an earlier pick, cannot win now is not looked at again.
///
/// \throws      ValueError unless 0 < ε < 1; (does not compile) if the objective does not promise diminishing returns.
///              Where its data break the promise, this is StochasticGreedy
/// \complexity  at most the gains of StochasticGreedy, of which it saves the more, the more often samples overlap: for
///              small ε; memory: 24 bytes an item
/// \determinism as StochasticGreedy
/// \cite mirzasoleiman2015 (the combination with lazy evaluations), minoux1978
struct LazierThanLazyGreedy {
  double epsilon = 0.1;
  std::uint64_t seed = 0;

  template <SubmodularObjective F, class L>
  Selection operator()(Cpu executor, F& f, L& ledger, const SelectionObservers& observers = {}) const {
    static_assert(has_diminishing_returns<F>,
                  "LazierThanLazyGreedy is right only for objectives with diminishing returns: declare "
                  "`static constexpr bool diminishing_returns = true` if yours has them, or use StochasticGreedy.");
    if (!diminishing_returns_hold(f)) return StochasticGreedy{epsilon, seed}(executor, f, ledger, observers);

    detail::CandidateSamples<L> samples("LazierThanLazyGreedy", epsilon, seed, f.size(), ledger);
    Selection selection;
    detail::LazyHeap<F, L> heap(executor, f, ledger);
    std::vector<Index> unknown;
    const auto best_of = [&](const std::vector<Index>& sample, Index& best) {
      const auto picked = static_cast<Index>(selection.indices.size());
      unknown.clear();
      for (Index j : sample)
        if (!heap.is_known(j)) unknown.push_back(j);
      heap.compute(unknown, picked);
      heap.clear();
      for (Index j : sample) heap.push(j);
      (void)heap.take_best(picked, best);  // all of a sample is affordable
      return heap.gain(best);
    };
    detail::pick_from_samples(f, ledger, samples, best_of, selection, observers);
    selection.evaluations = heap.evaluations();
    return selection;
  }
};

}  // namespace pickmix::inline v0
