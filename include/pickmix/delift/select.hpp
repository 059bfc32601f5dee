// SPDX-License-Identifier: MIT
// delift::select(): which examples are worth training on.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/stage.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/selection.hpp>

#include <concepts>
#include <cstdint>
#include <optional>

namespace pickmix::inline v0::delift {

struct Options {
  /// Bytes the similarities may take: 4n² for a pool of n. The default holds 32,768 rows.
  std::uint64_t memory_limit = std::uint64_t{4} << 30;
};

/// Where a selection starts from: a pool of embeddings, or a kernel.
template <class S>
concept Source = std::same_as<S, Kernel> || std::convertible_to<const S&, MatrixView<const float>>;

namespace detail {

/// The source's kernel; nothing if an observer stopped the work on it.
template <class... Observers>
std::optional<Kernel> kernel_of(Cpu executor, MatrixView<const float> pool, const Options& options,
                                Observers&... observers) {
  return similarity(executor, pool, options.memory_limit, observers...);
}
template <class... Observers>
std::optional<Kernel> kernel_of(Cpu, const Kernel& kernel, const Options&, Observers&...) {
  return kernel;
}

inline Index candidates(MatrixView<const float> pool) { return pool.rows(); }
inline Index candidates(const Kernel& kernel) { return kernel.columns(); }

}  // namespace detail

/// Greedily selects the rows of `pool` that serve `stage` best.
///
/// With the defaults: f(A) = Σ_i max_{j∈A} cos(pool_i, pool_j) over all rows i; the value is at least 1 − 1/e of the
/// optimum, and `Selection::upper_bound` says how much it is on these data.
///
/// \shape       pool: n × d, one embedding a row, any scale (cosines do not see it), row-major Eigen matrices convert;
///              or a Kernel of rows to be represented × candidates, whose entries are taken as they are
/// \param executor   where it runs: `cpu.threads(2)`; left out, one thread
/// \param budget     Count{k}, or Fraction{p} with p in (0, 1]
/// \param family     which objectives: FacilityLocation{}
/// \param observers  told of `Progress` while similarities are computed and of each `SelectionStep`; `Flow::stop` ends the
///                   selection there
/// \return      indices in order of selection with their gains; a smaller budget gives a prefix of it
/// \throws      ShapeError if `pool` has no row or no column; ValueError if an entry is not finite (names row and
///              column) or the budget is out of range; CapacityError if `Options::memory_limit` is too small
/// \complexity  n²d operations for the similarities and about 10 n² for the selection; 4n² bytes
/// \determinism the same at every thread count; ties go to the smaller index
/// \cite agarwal2025delift, nemhauser1978
template <class Family = FacilityLocation, Source Pool, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(Cpu executor, const Pool& pool, const Stage& stage, const B& budget, const Family& family = {},
                 const Options& options = {}, Observers&&... observers) {
  static_assert(((ObserverOf<Observers, SelectionStep> || ObserverOf<Observers, Progress>)&&...),
                "an observer of delift::select() must be callable with a const pickmix::SelectionStep& or a const "
                "pickmix::Progress& and return void or Flow");
  (void)budget.limit(detail::candidates(pool));  // a wrong budget is refused before the work, not after it
  const std::optional<Kernel> kernel = detail::kernel_of(executor, pool, options, observers...);
  if (!kernel) {
    Selection nothing;
    nothing.reason = StopReason::stopped_by_observer;
    return nothing;
  }
  auto objective = stage.objective(family, *kernel);
  return maximize(executor, objective, budget, LazyGreedy{},
                  [&](const SelectionStep& step) { return notify(step, observers...); });
}

template <class Family = FacilityLocation, Source Pool, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(const Pool& pool, const Stage& stage, const B& budget, const Family& family = {},
                 const Options& options = {}, Observers&&... observers) {
  return select(cpu, pool, stage, budget, family, options, observers...);
}

}  // namespace pickmix::inline v0::delift
