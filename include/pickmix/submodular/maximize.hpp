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

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// f.gain(j), refused where it is not a number: one NaN would silently spoil every comparison after it.
template <class F>
double finite_gain(const F& f, Index j) {
  const double gain = f.gain(j);
  if (!std::isfinite(gain))
    raise<ValueError>("maximize: the objective's gain({}) is {}; gains must be finite", j, gain);
  return gain;
}

/// gains[k] = f.gain(items[k]), computed on the executor's threads.
template <class F>
void compute_gains(Cpu executor, const F& f, std::span<const Index> items, std::span<double> gains) {
  constexpr std::size_t tile = 16;
  for_each_tile(executor, static_cast<Index>((items.size() + tile - 1) / tile), [&](Index t) {
    const std::size_t begin = static_cast<std::size_t>(t) * tile, end = std::min(begin + tile, items.size());
    for (std::size_t k = begin; k < end; ++k) gains[k] = finite_gain(f, items[k]);
  });
}

/// The sum of the `count` largest positive values.
inline double largest_sum(std::vector<double> values, Index count) {
  const auto kept = std::min(static_cast<std::size_t>(count), values.size());
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(kept);
  std::partial_sort(values.begin(), end, values.end(), std::greater<>());
  double sum = 0.0;
  for (auto value = values.begin(); value != end && *value > 0.0; ++value) sum += *value;
  return sum;
}

/// Adds item `j` to the objective and to the selection, and tells the observers.
/// \return false if one of them stops the selection
template <class F, class... Observers>
bool pick(F& f, Index j, double gain, Index budget, Selection& selection, Observers&... observers) {
  f.add(j);
  selection.indices.push_back(j);
  selection.gains.push_back(gain);
  selection.value += gain;
  const auto picked = static_cast<Index>(selection.indices.size());
  if (notify(SelectionStep{picked, budget, j, gain, selection.value}, observers...) == Flow::proceed) return true;
  selection.reason = StopReason::stopped_by_observer;
  return false;
}

}  // namespace detail

/// An algorithm that selects up to `limit` items, `limit` ≤ f.size(), and fills a Selection. Called by `maximize`.
template <class M, class F>
concept MaximizerOf = requires(const M& maximizer, Cpu executor, F& f, Index limit) {
  { maximizer(executor, f, limit) } -> std::same_as<Selection>;
};

/// Selects items that make the monotone objective `f` large, within `budget`.
///
/// It goes on from what `f` holds already, and leaves in `f` what it selected; `f.reset()` starts afresh. Items that `f`
/// holds are candidates like all others; their gain is usually 0. Ties go to the smaller index. Items that add nothing fill the budget; items that would lower the objective are never selected.
///
/// \param observers  told of each `SelectionStep`; one that answers `Flow::stop` ends the selection there
/// \return           the selection, its certificate relative to what `f` held before
/// \throws           ValueError if the budget is out of range or a gain is not finite; what an observer throws. What
///                   was selected until then stays in `f`
/// \determinism      the same at every thread count
template <SubmodularObjective F, Budget B, MaximizerOf<F> M, class... Observers>
Selection maximize(Cpu executor, F& f, const B& budget, const M& maximizer, Observers&&... observers) {
  static_assert(
      (ObserverOf<Observers, SelectionStep> && ...),
      "an observer of maximize() must be callable with a const pickmix::SelectionStep& and return void or Flow");
  const Index n = f.size();
  const Index wanted = budget.limit(n);
  Selection selection = maximizer(executor, f, std::min(wanted, n), observers...);
  if (wanted > n && selection.reason == StopReason::budget_reached) selection.reason = StopReason::pool_exhausted;
  return selection;
}

template <SubmodularObjective F, Budget B, MaximizerOf<F> M, class... Observers>
Selection maximize(F& f, const B& budget, const M& maximizer, Observers&&... observers) {
  return maximize(cpu, f, budget, maximizer, observers...);
}

}  // namespace pickmix::inline v0
