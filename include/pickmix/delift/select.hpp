// SPDX-License-Identifier: MIT
// delift::select(): which examples are worth training on.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/model_losses.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/delift/stage.hpp>
#include <pickmix/delift/utility_form.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/metric.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/kernel/streamed.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/sampled_start.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace pickmix::inline v0::delift {

struct Options {
  /// How similar two embeddings are. A kernel is taken as it is.
  Metric metric = Cosine{};

  /// Bytes that similarities may take beside the embeddings: those of the pool, and those to each other set. Beyond it they
  /// are computed when they are looked at, which may move the last bits of graph cut and log-determinant; those to another
  /// set are kept in 16 bits where that fits, unless `exact`. Near ties may then be broken otherwise.
  std::uint64_t memory_limit = std::uint64_t{768} << 20;

  /// Facility location over more than 8192 embeddings begins with some picks on a sample (see SampledStart) unless this
  /// is true: then every pick is that of greedy over all, at the cost of several passes over all pairs if 4n² bytes are
  /// more than `memory_limit`, and no similarity is kept in fewer bits.
  bool exact = false;

  // Where the pool is given by callbacks:

  /// How the model is asked, and what becomes of the utilities.
  UtilityOptions utility = {};
  UtilityForm form = {};

  /// Losses that may be asked for, those without context included; 0 means all. With fewer, the pairs that matter are looked
  /// for (see UtilityBudget), and `Selection::kept` says how much of the objective was kept. It needs the embedding callback.
  Index utility_calls = 0;
};

/// Where a selection starts from: a pool of embeddings, or a kernel.
template <class S>
concept Source = std::same_as<S, Kernel> || std::convertible_to<const S&, MatrixView<const float>>;

namespace detail {

inline Index candidates(MatrixView<const float> pool) { return pool.rows(); }
inline Index candidates(const Kernel& kernel) { return kernel.columns(); }

/// What a stage makes of a family.
template <class Stage, class Family>
using ObjectiveOf = decltype(std::declval<const Stage&>().objective(
    std::declval<const Family&>(), std::declval<const Kernel&>(), std::declval<const AnyReference&>()));

/// Whether an objective may begin with a sample of the pool.
template <class F>
inline constexpr bool may_sample = std::same_as<F, FacilityLocationObjective>;

/// The source's kernel; nothing if an observer stopped the work on it.
///
/// \param looked_at  whether an objective F will ask for its entries
template <class F>
std::optional<Kernel> kernel_of(Cpu executor, MatrixView<const float> pool, bool looked_at, const Options& options,
                                const SelectionObservers& observers) {
  SimilarityOptions how{options.metric, Storage::full, options.memory_limit};
  const bool sampled = may_sample<F> && !options.exact && pool.rows() > SampledStart{}.exact_up_to;
  if (!looked_at || sampled ||
      pickmix::detail::bytes_of(pool.rows(), pool.rows(), sizeof(float)) > options.memory_limit)
    how.storage = Storage::streamed;
  return similarity(executor, pool, how, observers);
}
template <class F>
std::optional<Kernel> kernel_of(Cpu, const Kernel& kernel, bool, const Options&, const SelectionObservers&) {
  return kernel;
}

inline const char* name_of(Role role) { return role == Role::target ? "target" : "known"; }

inline void check_reference(Role role, const Reference& reference, Index candidates) {
  if (reference.to_pool.columns() != candidates)
    raise<ShapeError>("delift::select: to_pool of {} has {} columns and there are {} candidates; needs one for each",
                      name_of(role), reference.to_pool.columns(), candidates);
}

/// A stage's embeddings, as similarities to the pool need them; nothing if it gives a Reference.
///
/// \throws ValueError or ShapeError if they cannot be compared with the pool
inline StreamedEntries::Packed packed_data(Cpu executor, MatrixView<const float> pool, Role role,
                                           const ReferenceData& data, const Options& options) {
  if (const auto* reference = std::get_if<Reference>(&data)) {
    check_reference(role, *reference, pool.rows());
    return nullptr;
  }
  if (std::holds_alternative<Rows>(data))
    raise<ValueError>(
        "delift::select: {} is given by rows and the pool by embeddings; give its embeddings, or select with callbacks",
        name_of(role));
  const auto rows = std::get<MatrixView<const float>>(data);
  if (rows.columns() != pool.columns())
    raise<ShapeError>("delift::select: {} has {} columns and the pool {}; both must be embeddings of the same model",
                      name_of(role), rows.columns(), pool.columns());
  return std::make_shared<const backend::PackedRows>(
      pickmix::detail::pack(executor, name_of(role), rows, options.metric));
}
/// Says what is wrong with a stage's data by packing them for nothing: little beside the similarities that come first.
inline void check_data(Cpu executor, MatrixView<const float> pool, Role role, const ReferenceData& data,
                       const Options& options) {
  (void)packed_data(executor, pool, role, data, options);
}
inline void check_data(Cpu, const Kernel& kernel, Role role, const ReferenceData& data, const Options&) {
  if (const auto* reference = std::get_if<Reference>(&data)) return check_reference(role, *reference, kernel.columns());
  raise<ValueError>(
      "delift::select: {} is given by {} and the pool by a kernel; give a Reference, whose to_pool has one column for "
      "each candidate",
      name_of(role), std::holds_alternative<Rows>(data) ? "rows" : "embeddings");
}

/// A stage's data as it is seen from the pool, whose kernel was made by kernel_of.
inline Reference make_reference(Cpu executor, MatrixView<const float> pool, const Kernel& kernel, Role role,
                                const ReferenceData& data, const Options& options) {
  const StreamedEntries::Packed rows = packed_data(executor, pool, role, data, options);
  if (!rows) return std::get<Reference>(data);
  const StreamedEntries::Packed columns =
      kernel.streamed() != nullptr
          ? kernel.streamed()->packed_columns()
          : std::make_shared<const backend::PackedRows>(pickmix::detail::pack(executor, "pool", pool, options.metric));
  const bool fits = pickmix::detail::bytes_of(rows->rows(), pool.rows(), sizeof(float)) <= options.memory_limit;
  const Storage storage = fits || !options.exact ? Storage::automatic : Storage::streamed;
  const SimilarityOptions to_pool{options.metric, storage, options.memory_limit};
  const SimilarityOptions within{options.metric, Storage::streamed, options.memory_limit};  // few objectives look at it
  return {*pickmix::detail::similarity(executor, rows, columns, to_pool),
          *pickmix::detail::similarity(executor, rows, rows, within)};
}
inline Reference make_reference(Cpu executor, const Kernel& pool, const Kernel&, Role role, const ReferenceData& data,
                                const Options& options) {
  check_data(executor, pool, role, data, options);
  return std::get<Reference>(data);
}

/// The fastest greedy maximiser that is right for the objective.
template <class F, class B>
Selection greedy(Cpu executor, F& objective, const B& budget, const Options& options,
                 const SelectionObservers& observers) {
  if constexpr (may_sample<F>) {
    if (!options.exact) return maximize(executor, objective, budget, SampledStart{}, observers);
  }
  if constexpr (has_diminishing_returns<F>)
    return maximize(executor, objective, budget, LazyGreedy{}, observers);
  else
    return maximize(executor, objective, budget, NaiveGreedy{}, observers);
}

/// Says what is wrong with a family or a metric before any work. A family that can be wrong says so in `validate()`; of
/// the pool's similarities in `validate(kernel)`, of a stage's in `validate(name, reference)`.
template <class Family>
void check_arguments(const Family& family, const Options& options) {
  if constexpr (requires { family.validate(); }) family.validate();
  pickmix::detail::check_metric(options.metric);
}

/// Packs the pool for it, as check_data packs a stage's data.
template <class Family>
void check_similarities(Cpu executor, MatrixView<const float> pool, const Family& family, const Options& options) {
  if constexpr (requires(const Kernel& kernel) { family.validate(kernel); })
    family.validate(*similarity(executor, pool, {options.metric, Storage::streamed}));
}
template <class Family>
void check_similarities(Cpu, const Kernel&, const Family&, const Options&) {}  // an objective looks at once

template <class Family>
void check_reference(const Family& family, Role role, const ReferenceData& data) {
  if constexpr (requires(const Reference& reference) { family.validate(name_of(role), reference); })
    if (const auto* reference = std::get_if<Reference>(&data)) family.validate(name_of(role), *reference);
}

/// What a call returns that an observer stopped before its first pick.
inline Selection nothing_selected() {
  Selection nothing;
  nothing.reason = StopReason::stopped_by_observer;
  return nothing;
}

/// Whether a budget affords any of `n` items. `Ledger::most()` bounds their number only.
template <class B>
bool affords_some(const B& budget, Index n) {
  const auto ledger = budget.open(n);
  for (Index j = 0; j < n && ledger.most() > 0; ++j)
    if (ledger.affords(j)) return true;
  return false;
}

/// What a budget buys that affords nothing: no set within it is worth anything.
inline Selection nothing_afforded() {
  Selection nothing;
  nothing.upper_bound = 0.0;
  return nothing;
}

template <class... Observers>
constexpr void check_observers() {
  static_assert(((ObserverOf<Observers, SelectionStep> || ObserverOf<Observers, Progress>)&&...),
                "an observer of delift::select() must be callable with a const pickmix::SelectionStep& or a const "
                "pickmix::Progress& and return void or Flow");
}

}  // namespace detail

/// Greedily selects the rows of `pool` that serve `stage` best.
///
/// With the defaults: f(A) = Σ_i max_{j∈A} cos(pool_i, pool_j) over all rows i; under `Count` and `Fraction` the value is at
/// least 1 − 1/e of the optimum for up to 8192 rows, near it beyond (for other budgets see there), and
/// `Selection::upper_bound` says how much it is on these data.
///
/// \shape       pool: n × d, one embedding a row, any scale (cosines do not see it), row-major Eigen matrices convert;
///              or a Kernel of rows to be represented × candidates, whose entries are taken as they are
/// \param executor   where it runs: `cpu.threads(2)`; left out, one thread
/// \param stage      InstructionTuning{}, TaskSpecific{target, eta}, Continual{known, nu}
/// \param budget     Count{k}, Fraction{p}, Cost{total, of}, Quotas{group, limit}, or one of them Among some candidates
/// \param family     which objectives: FacilityLocation{}, GraphCut{}, LogDeterminant{}, or your own
/// \param observers  told of `Progress` while similarities are computed and of each `SelectionStep`; `Flow::stop` ends the
///                   selection there
/// \return      indices in order of selection with their gains
/// \throws      ShapeError if `pool` has no row or no column, or another set's embeddings have another length; ValueError
///              if an entry is not finite (names row and column) or budget, stage, family or metric make no sense, all of them
///              before similarities are computed (that they are not positive definite together LogDeterminant finds
///              afterwards); CapacityError if memory cannot be had
/// \complexity  n²d operations for the similarities, at most `memory_limit` bytes for them, and about 10 n² operations for
///              the selection where they are kept
/// \determinism the same at every thread count; ties go to the smaller index
/// \cite agarwal2025delift, nemhauser1978
template <class Family = FacilityLocation, Source Pool, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(Cpu executor, const Pool& pool, const Stage& stage, const B& budget, const Family& family = {},
                 const Options& options = {}, Observers&&... observers) {
  detail::check_observers<Observers...>();
  const auto all = SelectionObservers::of(observers...);
  const bool affords_some = detail::affords_some(budget, detail::candidates(pool));  // what is wrong is refused first
  detail::check_arguments(family, options);
  detail::check_stage(stage, [&](Role role, const ReferenceData& data) {
    detail::check_data(executor, pool, role, data, options);
    detail::check_reference(family, role, data);
  });
  detail::check_similarities(executor, pool, family, options);
  const bool looked_at = affords_some && stage.needs_pool(family);
  const std::optional<Kernel> kernel =
      detail::kernel_of<detail::ObjectiveOf<Stage, Family>>(executor, pool, looked_at, options, all);
  if (!kernel) return detail::nothing_selected();
  if (!affords_some) return detail::nothing_afforded();
  auto objective = stage.objective(family, *kernel, [&](Role role, const ReferenceData& data) {
    return detail::make_reference(executor, pool, *kernel, role, data, options);
  });
  return detail::greedy(executor, objective, budget, options, all);
}

template <class Family = FacilityLocation, Source Pool, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(const Pool& pool, const Stage& stage, const B& budget, const Family& family = {},
                 const Options& options = {}, Observers&&... observers) {
  return select(cpu, pool, stage, budget, family, options, observers...);
}

}  // namespace pickmix::inline v0::delift
