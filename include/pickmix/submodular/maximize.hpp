// SPDX-License-Identifier: MIT
// maximize(): an objective, a budget, a maximiser.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// f.gain(j), refused where it is not a number: one NaN would silently spoil every comparison after it.
inline double finite_gain(double gain, Index j) {
  if (!std::isfinite(gain))
    raise<ValueError>("maximize: the objective's gain({}) is {}; gains must be finite", j, gain);
  return gain;
}

/// gains[k] = f.gain(items[k]), computed on the executor's threads.
template <class F>
void compute_gains(Cpu executor, const F& f, std::span<const Index> items, std::span<double> gains) {
  if constexpr (BatchedObjective<F>) {
    f.gains(executor, items, gains);
    for (std::size_t k = 0; k < items.size(); ++k) finite_gain(gains[k], items[k]);
  } else {
    constexpr std::size_t tile = 16;
    for_each_tile(executor, static_cast<Index>((items.size() + tile - 1) / tile), [&](Index t) {
      const std::size_t begin = static_cast<std::size_t>(t) * tile, end = std::min(begin + tile, items.size());
      for (std::size_t k = begin; k < end; ++k) gains[k] = finite_gain(f.gain(items[k]), items[k]);
    });
  }
}

/// Adds item `j` to the objective and to the selection, and tells the observers.
/// \return false if one of them stops the selection
template <class F, class L>
bool pick(F& f, Index j, double gain, L& ledger, Selection& selection, const SelectionObservers& observers = {}) {
  f.add(j);
  ledger.spend(j);
  selection.indices.push_back(j);
  selection.gains.push_back(gain);
  selection.value += gain;
  const auto picked = static_cast<Index>(selection.indices.size());
  const Index budget = std::min(ledger.most(), Index{f.size()});
  if (observers(SelectionStep{picked, budget, j, gain, selection.value}) == Flow::proceed) return true;
  selection.reason = StopReason::stopped_by_observer;
  return false;
}

/// Lets an objective that wants to reorganise itself after a pick do so.
/// \return false if an observer stops the selection
template <class F>
bool settle(Cpu executor, F& f, Selection& selection, const SelectionObservers& observers) {
  const auto on_progress = observers.on_progress();
  if constexpr (requires { f.settle(executor, on_progress); }) {
    if (f.settle(executor, on_progress)) return true;
    selection.reason = StopReason::stopped_by_observer;
    return false;
  } else {
    return true;
  }
}

}  // namespace detail

/// An algorithm that selects items of `f` within what a ledger allows, and fills a Selection. Called by `maximize`, with
/// `const SelectionObservers&` at the end if it takes them.
template <class M, class F, class L>
concept MaximizerOf = requires(const M& maximizer, Cpu executor, F& f, L& ledger) {
  { maximizer(executor, f, ledger) } -> std::same_as<Selection>;
}
|| requires(const M& maximizer, Cpu executor, F& f, L& ledger, const SelectionObservers& observers) {
  { maximizer(executor, f, ledger, observers) } -> std::same_as<Selection>;
};

/// Selects items that make the objective `f` large, within `budget`.
///
/// It goes on from what `f` holds already, and leaves in `f` what it selected; `f.reset()` starts afresh. Items that `f`
/// holds are candidates like all others; their gain is usually 0. Ties go to the smaller index. Items that add nothing
/// fill the budget; items that would lower the objective are not selected, unless the maximiser is told to `fill`.
///
/// \param budget     Count, Fraction, Cost, Quotas; Among restricts any of them to some candidates
/// \param observers  told of each `SelectionStep`; one that answers `Flow::stop` ends the selection there
/// \return           the selection, its certificate relative to what `f` held before
/// \throws           ShapeError or ValueError if the budget does not fit; ValueError if a gain is not finite; what an
///                   observer throws. What was selected until then stays in `f`
/// \determinism      the same at every thread count
template <SubmodularObjective F, Budget B, class M, class... Observers>
Selection maximize(Cpu executor, F& f, const B& budget, const M& maximizer, Observers&&... observers) {
  static_assert(((ObserverOf<Observers, SelectionStep> || ObserverOf<Observers, Progress>)&&...),
                "an observer of maximize() must be callable with a const pickmix::SelectionStep& or a const "
                "pickmix::Progress& and return void or Flow");
  const Index n = f.size();
  auto ledger = budget.open(n);
  static_assert(MaximizerOf<M, F, decltype(ledger)>,
                "a maximiser is called with (Cpu, objective&, ledger&) and perhaps observers");
  const bool unlimited = ledger.most() > n;
  constexpr bool takes_observers = std::invocable<const M&, Cpu, F&, decltype(ledger)&, const SelectionObservers&>;
  static_assert(takes_observers || sizeof...(Observers) == 0, "this maximiser takes no observers");
  Selection selection = [&] {
    if constexpr (takes_observers)
      return maximizer(executor, f, ledger, SelectionObservers::of(observers...));
    else
      return maximizer(executor, f, ledger);
  }();
  // An objective may look at a part only, and says so; then nothing is proven.
  if constexpr (requires {
                  { f.recall() } -> std::same_as<std::optional<double>>;
                })
    if (const auto recall = f.recall()) {
      selection.recall = *recall;
      selection.upper_bound = std::numeric_limits<double>::infinity();
    }
  if (unlimited && selection.reason == StopReason::budget_reached) selection.reason = StopReason::pool_exhausted;
  return selection;
}

template <SubmodularObjective F, Budget B, class M, class... Observers>
Selection maximize(F& f, const B& budget, const M& maximizer, Observers&&... observers) {
  return maximize(cpu, f, budget, maximizer, observers...);
}

}  // namespace pickmix::inline v0
