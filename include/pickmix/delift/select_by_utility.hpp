// SPDX-License-Identifier: MIT
// delift::select() for a pool that the trainer's callbacks know: by utilities measured with the model.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/delift/select.hpp>
#include <pickmix/delift/select_on_budget.hpp>
#include <pickmix/delift/stage.hpp>
#include <pickmix/delift/utilities.hpp>
#include <pickmix/delift/utility_form.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <concepts>
#include <memory>
#include <variant>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

/// Rows and columns change places.
inline Kernel transposed(const Kernel& kernel) {
  auto entries = Kernel::allocate<float>("delift::select", kernel.columns(), kernel.rows());
  for (Index j = 0; j < kernel.columns(); ++j)
    for (Index i = 0; i < kernel.rows(); ++i) entries[i * kernel.columns() + j] = kernel(i, j);
  return Kernel(kernel.columns(), kernel.rows(), DenseEntries{std::move(entries), kernel.columns()});
}

/// A dense kernel's columns, as the rows of a matrix.
inline MatrixView<const float> columns_of(const Kernel& kernel) {
  return {kernel.dense()->column(0), kernel.columns(), kernel.rows()};
}

/// Utilities are the similarities.
template <class Family, class Stage, class B>
Selection select_by_entries(Cpu executor, Index n, Utilities& utilities, const Stage& stage, const B& budget,
                            const Family& family, const Options& options, const SelectionObservers& observers) {
  std::vector<RowScale> scales;
  const auto pool = [&] {
    if (!stage.needs_pool(family)) return Kernel(n, n, std::make_shared<const SparseEntries>(n));  // not looked at
    scales = scales_of(utilities.pool(), utilities.scale());
    return scaled(utilities.pool(), scales);
  };
  const Kernel kernel = pool();
  auto objective = stage.objective(family, kernel, [&](Role role, const ReferenceData& data) {
    const Rows rows = checked_rows(role, data);
    const Kernel measured = role == Role::known ? utilities.of_known(rows) : utilities.of_target(rows);
    const bool as_the_pool = role == Role::known && !scales.empty();
    const Kernel in_scale = scaled(measured, as_the_pool ? scales : scales_of(measured, utilities.scale()));
    return Reference{role == Role::known ? transposed(in_scale) : in_scale};
  });
  return greedy(executor, objective, budget, options, observers);
}

/// Columns of utilities are compared by their cosine.
template <class Family, class Stage, class B>
Selection select_by_columns(Cpu executor, Utilities& utilities, const Stage& stage, const B& budget,
                            const Family& family, const Options& options, const SelectionObservers& observers) {
  const auto scales = scales_of(utilities.pool(), utilities.scale());
  const Kernel pool = scaled(utilities.pool(), scales);
  const bool looked_at = stage.needs_pool(family);
  const auto kernel = kernel_of<ObjectiveOf<Stage, Family>>(executor, columns_of(pool), looked_at, options, observers);
  if (!kernel) throw Stopped{};
  auto objective = stage.objective(family, *kernel, [&](Role role, const ReferenceData& data) {
    const Kernel helped = scaled(utilities.of_known(checked_rows(role, data)), scales);
    return make_reference(executor, columns_of(pool), *kernel, role, ReferenceData{columns_of(helped)}, options);
  });
  return greedy(executor, objective, budget, options, observers);
}

}  // namespace detail

/// Greedily selects from the examples that the callbacks know as rows 0 … n − 1, by utilities measured with the model: with
/// the defaults f(A) = Σ_i max_{j∈A} max(U(i, j), 0), see `utility`. Targets and known data are `Rows` behind them (or
/// among them): the target's utilities are U(q, j), how much a candidate helps it; those of known data U(i, k), how much they
/// help the pool already.
///
/// LogDeterminant needs similarities that are inner products. There a candidate is described by whom it helps: its column of
/// utilities; `Options::metric` compares them, and targets and known examples are described by whom in the pool they help.
///
/// \param callbacks  loss: asked for n losses alone and n² in context (and those of the stage's rows), each once
/// \param options    utility: how the model is asked; form: what becomes of the utilities. Known rows are scaled as the pool is
/// \return      `loss_calls` says how many losses were asked for
/// \throws      what `utility` and `select` from a pool throw; ValueError if a stage's data are not Rows,
///              or the form's symmetry cannot be had of them. What is wrong with the arguments is said before the model is
///              asked; and so is CapacityError where the first utilities that are measured, or on a budget of calls the
///              regression, find no room. What LogDeterminant finds wrong with the similarities of columns (an epsilon
///              too small for them) is said afterwards
/// \complexity  n(n + 1) losses, none if the budget affords no item; 8n² bytes, 16n² for LogDeterminant. On a budget of
///              calls 112n² bytes; for t rows of a target 112tn + 16n² + 16t²
/// \determinism as far as the callback's losses are the same: the same at every thread count
/// \cite agarwal2025delift
template <class Family = FacilityLocation, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(Cpu executor, Index n, const Callbacks& callbacks, const Stage& stage, const B& budget,
                 const Family& family = {}, const Options& options = {}, Observers&&... observers) {
  detail::check_observers<Observers...>();
  const auto all = SelectionObservers::of(observers...);
  detail::check_rows("delift::select", "the pool", Rows{0, n});
  const Rows measured{0, stage.needs_pool(family) ? n : 0};  // the candidates, if all their utilities are
  detail::check_stage(
      stage, [&](Role role, const ReferenceData& data) { detail::check_rows_of(role, data, measured, options.form); });
  const bool affords_some = detail::affords_some(budget, n);
  detail::check_arguments(family, options);
  const bool on_budget = detail::on_budget(n, stage, family, options);
  if (on_budget) detail::check_utility_calls(n, callbacks, stage, family, options);
  detail::Utilities utilities(executor, Rows{0, n}, callbacks, options, all);
  if (!affords_some) return detail::nothing_afforded();
  if constexpr (std::same_as<Family, FacilityLocation> &&
                (std::same_as<Stage, InstructionTuning> || std::same_as<Stage, TaskSpecific>)) {
    if (on_budget) return detail::select_on_budget(executor, n, callbacks, stage, budget, family, options, all);
  }
  Selection selection = detail::nothing_selected();
  try {
    if constexpr (detail::compares_columns<Family>)
      selection = detail::select_by_columns(executor, utilities, stage, budget, family, options, all);
    else
      selection = detail::select_by_entries(executor, n, utilities, stage, budget, family, options, all);
  } catch (const detail::Stopped&) {
    selection.kept = {0.0, 0.0};  // no item, and so nothing kept
  }
  selection.loss_calls = utilities.asked();
  return selection;
}

template <class Family = FacilityLocation, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(Index n, const Callbacks& callbacks, const Stage& stage, const B& budget, const Family& family = {},
                 const Options& options = {}, Observers&&... observers) {
  return select(cpu, n, callbacks, stage, budget, family, options, observers...);
}

}  // namespace pickmix::inline v0::delift
