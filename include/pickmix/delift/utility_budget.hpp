// SPDX-License-Identifier: MIT
// Utilities measured for a part of the pairs only: those that the selection so far says to matter.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/model_losses.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/kernel/completion.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/known_entries.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

/// The embeddings of these rows, row after row, asked for in batches.
inline std::vector<float> embeddings_of(const Callbacks& callbacks, const UtilityOptions& options, Rows rows) {
  std::vector<float> out;
  for (Index first = 0; first < rows.count; first += options.batch) {
    std::vector<Example> examples;
    for (Index k = first; k < std::min(rows.count, first + options.batch); ++k)
      examples.push_back({.dataset = options.dataset, .row = rows[k]});
    const std::vector<float> values = ask_embeddings(callbacks, examples, "delift::select: utility_calls");
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

}  // namespace detail

/// Measures `calls` utilities of targets × contexts, so that facility location under `budget` is served best. First every
/// example in its own context, where targets are contexts and a third of the calls is enough for that; then by strategy:
///
/// - adaptive: three tenths of the rest for nearest neighbours by embedding, one tenth for pairs drawn at random, and what is
///   left in 24 rounds: complete the matrix by regression, select half as many again as the budget takes, and measure those
///   picks' entries that promise most. It beats plain neighbours because calls go to the candidates near the top;
/// - neighbors: nine tenths of the rest for nearest neighbours, one tenth at random;
/// - completion: all of the rest at random.
///
/// Contexts that the budget cannot afford are not asked for. The random pairs keep the regression and its errors honest about
/// what was not looked for. What comes before the rounds is asked for in one pass, and so is each round: context after context.
///
/// \tparam     Real float; a template as `KnownEntries` is
/// \complexity `calls` losses; 24 completions (see UtilityRegression) if adaptive, else one
/// \cite agarwal2025nncift (completion: a small network over pairs of embeddings there, ridge regression here)
template <std::floating_point Real>
class UtilityBudget {
 public:
  /// What is maximised, made of utilities.
  using Objective = std::function<FacilityLocationObjective(const Kernel&)>;
  /// measure(pairs, out): utilities of (context, target) pairs, in order; false if it was stopped
  using Measure = std::function<bool(std::span<const std::pair<Index, Index>>, std::span<float>)>;

  /// \param row_max    whether each target's utilities are taken in units of the largest one, measured or predicted
  UtilityBudget(Cpu executor, PairDescription<Real> pairs, Objective objective, bool row_max, std::uint64_t seed,
                UtilityStrategy strategy = UtilityStrategy::adaptive)
      : executor_(executor),
        objective_(std::move(objective)),
        pairs_(std::move(pairs)),
        known_(pairs_.between.rows(), pairs_.between.cols()),
        regression_(executor, pairs_),
        row_max_(row_max),
        seed_(seed),
        strategy_(strategy),
        waiting_(static_cast<std::size_t>(known_.rows() * known_.columns()), false) {}
  UtilityBudget(const UtilityBudget&) = delete;  // the regression looks at pairs_
  UtilityBudget& operator=(const UtilityBudget&) = delete;

  /// \return false if it was stopped
  template <class B>
  bool spend(Index calls, const B& budget, const Measure& measure) {
    const auto ledger = budget.open(known_.columns());
    candidates_.clear();
    for (Index j = 0; j < known_.columns(); ++j)
      if (ledger.affords(j)) candidates_.push_back(j);
    left_ = std::min(calls, all());
    if (pairs_.square && 3 * known_.rows() <= left_)
      for (Index j : candidates_) want(j, j);
    const Index rest = left_, own = std::ssize(wanted_);
    if (strategy_ == UtilityStrategy::neighbors) want_neighbours(rest * 9 / 10);
    if (strategy_ == UtilityStrategy::adaptive) {
      want_neighbours(rest * 3 / 10);
      want_random(rest / 10, own);
      if (!take(measure)) return false;
      for (Index round = rounds; round > 0 && left_ > 0; --round) {
        want_promising(round == 1 ? left_ : (left_ + round - 1) / round, budget);
        if (wanted_.empty()) break;
        if (!take(measure)) return false;
      }
    }
    want_random(left_, std::max(own, known_.count()));
    if (!take(measure)) return false;
    completion_ = regression_.complete(known_);
    return true;
  }

  /// What helps. Pairs that were not measured count as the regression predicts them less its usual error (adaptive), as
  /// nothing (neighbors) or as predicted (completion).
  Kernel kernel() const {
    if (strategy_ == UtilityStrategy::neighbors) return clipped(known_.values());
    auto values = completion_.predicted;
    if (strategy_ == UtilityStrategy::adaptive)
      for (Index j = 0; j < values.cols(); ++j)
        for (Index i = 0; i < values.rows(); ++i)
          if (!known_.has(i, j)) values(i, j) -= completion_.spread(i);
    return clipped(values);
  }

  /// How much of what greedy under `budget` would have on all utilities these picks have: on matrices whose unknown entries
  /// are drawn from what the completion says of them, the mean share ± twice its deviation and what such matrices are off
  /// by themselves.
  template <class B>
  Estimate kept(std::span<const Index> picks, const B& budget) const {
    // A row's maximum is over contexts that the budget rules out, too: then some are never measured.
    if (known_.count() == (row_max_ ? known_.rows() * known_.columns() : all())) return {};
    std::vector<double> shares;
    for (Index k = 0; k < draws; ++k) {
      const RandomStream random(seed_, purpose + 1, static_cast<std::uint64_t>(k));
      auto f = objective_(clipped(completion_.draw(random, known_)));
      const double best = maximize(executor_, f, budget, LazyGreedy{}).value;
      const double ours = evaluate(f, picks);
      shares.push_back(best > 0.0 ? ours / best : 1.0);
    }
    const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(draws);
    double squares = 0.0;
    for (double share : shares) squares += (share - mean) * (share - mean);
    return {std::min(1.0, mean), 2.0 * std::sqrt(squares / static_cast<double>(draws - 1)) + model_error()};
  }

 private:
  using Pair = std::pair<Index, Index>;  // context, target: sorted, they are context-major

  static constexpr Index rounds = 24, draws = 16;
  static constexpr std::uint32_t purpose = 0x7574696C;

  /// The pairs that may be asked for.
  Index all() const { return known_.rows() * std::ssize(candidates_); }

  bool want(Index target, Index context) {
    const auto at = static_cast<std::size_t>(context * known_.rows() + target);
    if (left_ <= 0 || waiting_[at]) return false;
    waiting_[at] = true;
    wanted_.emplace_back(context, target);
    --left_;
    return true;
  }
  bool take(const Measure& measure) {
    std::sort(wanted_.begin(), wanted_.end());
    std::vector<float> utility(wanted_.size());
    if (!measure(std::span<const Pair>(wanted_), std::span<float>(utility))) return false;
    for (std::size_t k = 0; k < wanted_.size(); ++k) known_.set(wanted_[k].second, wanted_[k].first, utility[k]);
    wanted_.clear();
    return true;
  }

  /// What matrices drawn from a completion of so few entries are off by, beyond their own scatter: measured on recorded losses
  /// (docs/delift.md).
  double model_error() const { return std::max(0.015, 0.7 / std::sqrt(static_cast<double>(known_.count()))); }

  /// Of each target the nearest context, then of each the second nearest, …
  void want_neighbours(Index calls) {
    const Index n = known_.rows(), m = std::ssize(candidates_);
    std::vector<std::vector<Index>> order(static_cast<std::size_t>(n), candidates_);
    for (Index i = 0; i < n; ++i) {
      auto& contexts = order[static_cast<std::size_t>(i)];
      std::stable_sort(contexts.begin(), contexts.end(),
                       [&](Index a, Index b) { return pairs_.between(i, a) > pairs_.between(i, b); });
    }
    for (Index rank = 0; rank < m && calls > 0; ++rank)
      for (Index i = 0; i < n && calls > 0; ++i) {
        const Index j = order[static_cast<std::size_t>(i)][static_cast<std::size_t>(rank)];
        if (!(pairs_.square && i == j)) calls -= want(i, j);
      }
  }

  void want_random(Index calls, Index stream) {
    RandomStream random(seed_, purpose, static_cast<std::uint64_t>(stream));
    calls = std::min(calls, all() - known_.count() - std::ssize(wanted_));
    while (calls > 0) {
      const Index pair = random.below(all());
      calls -= want(pair % known_.rows(), candidates_[static_cast<std::size_t>(pair / known_.rows())]);
    }
  }

  template <class B>
  void want_promising(Index calls, const B& budget) {
    const Completion<Real> completion = regression_.complete(known_);
    auto f = objective_(clipped(completion.predicted));
    std::vector<Index> picks = maximize(executor_, f, budget, LazyGreedy{}).indices;
    f.reset();
    const Among wider{Count{std::ssize(picks) + std::ssize(picks) / 2 + 1}, std::span<const Index>(candidates_)};
    const auto more = maximize(executor_, f, wider, LazyGreedy{}).indices;
    picks.insert(picks.end(), more.begin(), more.end());
    std::sort(picks.begin(), picks.end());
    picks.erase(std::unique(picks.begin(), picks.end()), picks.end());
    std::vector<std::pair<float, Pair>> promising;
    for (Index j : picks)
      for (Index i = 0; i < known_.rows(); ++i)
        if (!known_.has(i, j))
          promising.emplace_back(-(completion.predicted(i, j) + 0.7f * completion.spread(i)), Pair{j, i});
    const Index most = std::min(calls, std::ssize(promising));
    std::partial_sort(promising.begin(), promising.begin() + most, promising.end());
    for (Index k = 0; k < most; ++k) {
      const auto [context, target] = promising[static_cast<std::size_t>(k)].second;
      want(target, context);
    }
  }

  Kernel clipped(const typename PairDescription<Real>::Matrix& values) const {
    const Index n = values.rows();
    auto entries = Kernel::allocate<float>("delift::select", n, values.cols());
    for (Index i = 0; i < n; ++i) {
      const float largest = row_max_ ? values.row(i).maxCoeff() : 1.0f;
      for (Index j = 0; j < values.cols(); ++j)
        entries[j * n + i] = largest > 0.0f ? std::max(0.0f, values(i, j)) / largest : 0.0f;
    }
    return Kernel(n, values.cols(), DenseEntries{std::move(entries), n});
  }

  Cpu executor_;
  Objective objective_;
  PairDescription<Real> pairs_;
  KnownEntries<Real> known_;
  UtilityRegression<Real> regression_;
  bool row_max_;
  std::uint64_t seed_;
  UtilityStrategy strategy_;
  std::vector<Index> candidates_;  ///< contexts that the budget affords
  std::vector<bool> waiting_;      ///< asked for already
  std::vector<Pair> wanted_;       ///< to be asked for next
  Index left_ = 0;
  Completion<Real> completion_;
};

}  // namespace pickmix::inline v0::delift
