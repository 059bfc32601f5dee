// SPDX-License-Identifier: MIT
// Under a cost budget, one expensive item can be worth more than all that greedy picks.
#pragma once

#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// Whether a ledger counts down costs, directly or among some of the items.
template <class L>
inline constexpr bool has_costs = std::is_same_v<L, CostLedger>;
template <class L>
inline constexpr bool has_costs<AmongLedger<L>> = has_costs<L>;

/// Remembers the best affordable item of the first round, and puts it in the place of greedy's selection where it is
/// worth more: the better of the two is at least (1 − 1/e)/2 of the optimum under a cost budget. For budgets in which all
/// items have the same price greedy is never worse, and this does nothing; nor where the budget was filled with items that
/// lower the objective, which is what was asked for.
///
/// \cite leskovec2007 (Theorem 2)
template <class F, class L>
class BestSingle {
 public:
  static constexpr bool needed = has_costs<L>;

  explicit BestSingle(const F& f) {
    if constexpr (needed) before_.emplace(f);
  }

  /// Items come in rising order: ties go to the smaller index.
  void consider(Index item, double gain) {
    if (gain <= gain_) return;
    gain_ = gain;
    item_ = item;
  }

  /// The same for items that were affordable before anything was spent; of an objective with `gains`.
  void consider(Cpu executor, std::span<const Index> items) {
    if constexpr (needed) {
      std::vector<double> gains(items.size());
      before_->gains(executor, items, gains);
      for (std::size_t k = 0; k < items.size(); ++k) consider(items[k], gains[k]);
    }
  }

  /// The ledger is left as it is: it has no use after a selection.
  void take_if_better(F& f, L& ledger, Selection& selection, const SelectionObservers& observers) {
    if constexpr (needed) {
      const bool lowered =
          std::any_of(selection.gains.begin(), selection.gains.end(), [](double g) { return g < 0.0; });
      if (lowered || !(gain_ > selection.value) || selection.reason == StopReason::stopped_by_observer) return;
      f = std::move(*before_);
      f.add(item_);
      selection.indices.assign(1, item_);
      selection.gains.assign(1, gain_);
      selection.value = gain_;
      selection.upper_bound = std::max(selection.upper_bound, gain_);  // but for rounding it is
      const bool stopped = observers(SelectionStep{1, ledger.most(), item_, gain_, gain_}) == Flow::stop;
      selection.reason = stopped ? StopReason::stopped_by_observer : StopReason::budget_reached;
    }
  }

 private:
  struct Nothing {
    explicit Nothing(const F&) {}
  };
  std::optional<std::conditional_t<needed, F, Nothing>> before_;
  double gain_ = 0.0;
  Index item_ = 0;
};

}  // namespace pickmix::inline v0::detail
