// SPDX-License-Identifier: MIT
// delift::select() for a pool that the trainer's callbacks know: by utilities measured with the model.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/model_losses.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/delift/select.hpp>
#include <pickmix/delift/stage.hpp>
#include <pickmix/delift/utility.hpp>
#include <pickmix/delift/utility_form.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/log_determinant.hpp>
#include <pickmix/submodular/selection.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

/// An observer answered `Flow::stop` while the model was asked.
struct Stopped {};

/// Whether a family needs similarities that are inner products. A candidate is then described by its column of utilities,
/// whom it helps and how much, and compared with others by it as by an embedding.
template <class Family>
inline constexpr bool compares_columns = std::same_as<Family, LogDeterminant>;

/// The utilities that a selection from rows 0 … n − 1 needs, each measured once.
template <class... Observers>
class Utilities {
 public:
  Utilities(Cpu executor, Index n, const Callbacks& callbacks, const Options& options, Observers&... observers)
      : model_(executor, callbacks, options.utility), pool_{0, n}, form_(options.form), observers_(observers...) {}

  /// U(i, j) within the pool.
  const Kernel& pool() {
    if (!raw_) raw_ = measure(plain(pool_), pool_, pool_);
    return *raw_;
  }

  /// U(q, j): how much candidates help the target.
  Kernel of_target(Rows target) {
    const bool ours = raw_ && target.first + target.count <= pool_.count;
    return ours ? part(target, false) : measure(plain(target), target, pool_);
  }

  /// U(i, k): how much known examples help the pool; those that are candidates as well were measured with them.
  Kernel of_known(Rows known) {
    const bool ours = raw_ && known.first + known.count <= pool_.count;
    return ours ? part(known, true) : measure(plain(pool_), pool_, known);
  }

  Index asked() const { return model_.asked(); }
  const UtilityForm& form() const { return form_; }

 private:
  const std::vector<float>& plain(Rows rows) {
    for (const auto& [measured, losses] : plain_)
      if (measured == rows) return losses;
    std::optional<std::vector<float>> losses =
        std::apply([&](auto&... o) { return plain_losses(model_, rows, o...); }, observers_);
    if (!losses) throw Stopped{};
    return plain_.emplace_back(rows, *std::move(losses)).second;
  }
  Kernel measure(const std::vector<float>& plain, Rows targets, Rows contexts) {
    std::optional<Kernel> measured =
        std::apply([&](auto&... o) { return all_utilities(model_, plain, targets, contexts, o...); }, observers_);
    if (!measured) throw Stopped{};
    return *std::move(measured);
  }

  /// Some rows, or some columns, of the pool's.
  Kernel part(Rows of, bool columns) const {
    const Index height = columns ? pool_.count : of.count, width = columns ? of.count : pool_.count;
    auto entries = Kernel::allocate<float>("delift::select", height, width);
    for (Index j = 0; j < width; ++j)
      for (Index i = 0; i < height; ++i) entries[j * height + i] = columns ? (*raw_)(i, of[j]) : (*raw_)(of[i], j);
    return Kernel(height, width, DenseEntries{std::move(entries), height});
  }

  ModelLosses model_;
  Rows pool_;
  UtilityForm form_;
  std::tuple<Observers&...> observers_;
  std::vector<std::pair<Rows, std::vector<float>>> plain_;
  std::optional<Kernel> raw_;
};

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

inline Rows checked_rows(Role role, const ReferenceData& data) {
  if (!std::holds_alternative<Rows>(data))
    raise<ValueError>("delift::select: {} is given by {} and the pool by callbacks; give the Rows that they know",
                      name_of(role), std::holds_alternative<Reference>(data) ? "a Reference" : "embeddings");
  const Rows rows = std::get<Rows>(data);
  check_rows("delift::select", name_of(role), rows);
  return rows;
}

/// Utilities are the similarities.
template <class Family, class Stage, class B, class... Observers>
Selection select_by_entries(Cpu executor, Index n, Utilities<Observers...>& utilities, const Stage& stage,
                            const B& budget, const Family& family, const Options& options, Observers&... observers) {
  std::vector<RowScale> scales;
  Kernel kernel(n, n, std::make_shared<const SparseEntries>(n));  // of a stage that looks at its target only
  if (stage.needs_pool(family)) {
    const Kernel pairs = with_pairs_in_form(utilities.pool(), utilities.form());
    scales = scales_of(pairs, utilities.form().scale);
    kernel = scaled(pairs, scales);
  }
  auto objective = stage.objective(family, kernel, [&](Role role, const ReferenceData& data) {
    const Rows rows = checked_rows(role, data);
    const Kernel measured = role == Role::known ? utilities.of_known(rows) : utilities.of_target(rows);
    const bool as_the_pool = role == Role::known && !scales.empty();
    const Kernel in_scale = scaled(measured, as_the_pool ? scales : scales_of(measured, utilities.form().scale));
    return Reference{role == Role::known ? transposed(in_scale) : in_scale};
  });
  return greedy<Family>(executor, objective, budget, options, observers...);
}

/// Columns of utilities are compared by their cosine.
template <class Family, class Stage, class B, class... Observers>
Selection select_by_columns(Cpu executor, Utilities<Observers...>& utilities, const Stage& stage, const B& budget,
                            const Family& family, const Options& options, Observers&... observers) {
  const Kernel pairs = with_pairs_in_form(utilities.pool(), utilities.form());
  const auto scales = scales_of(pairs, utilities.form().scale);
  const Kernel pool = scaled(pairs, scales);
  const auto kernel = kernel_of(executor, columns_of(pool), stage, family, options, observers...);
  if (!kernel) throw Stopped{};
  auto objective = stage.objective(family, *kernel, [&](Role role, const ReferenceData& data) {
    const Kernel helped = scaled(utilities.of_known(checked_rows(role, data)), scales);
    return make_reference(executor, columns_of(pool), role, ReferenceData{columns_of(helped)}, options);
  });
  return greedy<Family>(executor, objective, budget, options, observers...);
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
/// \throws      what `utility` and `select` from a pool throw; ValueError if a stage's data are not Rows
/// \complexity  n(n + 1) losses and 8n² bytes
/// \determinism as far as the callback's losses are the same: the same at every thread count
/// \cite agarwal2025delift
template <class Family = FacilityLocation, StageOf<Family> Stage, Budget B, class... Observers>
Selection select(Cpu executor, Index n, const Callbacks& callbacks, const Stage& stage, const B& budget,
                 const Family& family = {}, const Options& options = {}, Observers&&... observers) {
  detail::check_observers<Observers...>();
  detail::check_rows("delift::select", "the pool", Rows{0, n});
  (void)budget.open(n);
  detail::Utilities<std::remove_reference_t<Observers>...> utilities(executor, n, callbacks, options, observers...);
  Selection selection = detail::nothing_selected();
  try {
    if constexpr (detail::compares_columns<Family>)
      selection = detail::select_by_columns(executor, utilities, stage, budget, family, options, observers...);
    else
      selection = detail::select_by_entries(executor, n, utilities, stage, budget, family, options, observers...);
  } catch (const detail::Stopped&) {
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
