// SPDX-License-Identifier: MIT
// The utilities that a selection needs, each measured once.
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
#include <pickmix/kernel/rescale.hpp>
#include <pickmix/submodular/log_determinant.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <concepts>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

/// \throws ValueError unless a stage's data are rows that the callbacks know
inline Rows checked_rows(Role role, const ReferenceData& data) {
  if (!std::holds_alternative<Rows>(data))
    raise<ValueError>("delift::select: {} is given by {} and the pool by callbacks; give the Rows that they know",
                      name_of(role), std::holds_alternative<Reference>(data) ? "a Reference" : "embeddings");
  const Rows rows = std::get<Rows>(data);
  check_rows("delift::select", name_of(role), rows);
  return rows;
}

/// Says what is wrong with a stage's data before the model is asked for anything.
///
/// \param measured  the candidates, if all their utilities are measured
/// \throws ValueError as checked_rows, and if `form` asks for a symmetry with utilities of one direction only
inline void check_rows_of(Role role, const ReferenceData& data, Rows measured, const UtilityForm& form) {
  const Rows rows = checked_rows(role, data);
  if (form.symmetry != UtilitySymmetry::none && rows.first + rows.count > measured.count)
    raise<ValueError>(
        "UtilityForm: symmetry takes U(i, j) and U(j, i), and of {}, rows {} to {}, only one is measured; leave "
        "it out, or give rows of the pool, in a stage that measures it",
        name_of(role), rows.first, rows.first + rows.count - 1);
}

/// Whether a family needs similarities that are inner products. A candidate is then described by its column of
/// utilities, whom it helps and how much, and compared with others by it as by an embedding; so are targets and known
/// examples.
template <class Family>
inline constexpr bool compares_columns = std::same_as<Family, LogDeterminant>;

/// Those of `rows` that are among the `n` of the pool: the first ones.
inline Rows rows_of_pool(Rows rows, Index n) { return {rows.first, std::clamp<Index>(n - rows.first, 0, rows.count)}; }

/// An observer answered `Flow::stop` while the model was asked.
struct Stopped {};

/// The utilities that a selection from rows 0 … n − 1 needs, each measured once; diagonal and symmetry are in form, the scale
/// is not.
class Utilities {
 public:
  Utilities(Cpu executor, Rows pool, const Callbacks& callbacks, const Options& options,
            const SelectionObservers& observers)
      : model_(executor, callbacks, options.utility), pool_(pool), form_(options.form), observers_(&observers) {}

  /// U(i, j) within the pool.
  const Kernel& pool() {
    if (!pairs_) pairs_ = with_pairs_in_form(measure(pool_, pool_), form_);
    return *pairs_;
  }

  /// U(q, j): how much candidates help the target. What was measured of candidates among it is not asked for again.
  Kernel of_target(Rows target) { return utilities_of(target, false); }

  /// U(i, k): how much known examples help the pool; those that are candidates as well were measured with them.
  Kernel of_known(Rows known) { return utilities_of(known, true); }

  Index asked() const { return model_.asked(); }
  const UtilityScale& scale() const { return form_.scale; }

 private:
  const std::vector<float>& plain(Rows rows) {
    for (const auto& [measured, losses] : plain_)
      if (measured == rows) return losses;
    std::optional<std::vector<float>> losses = plain_losses(model_, rows, *observers_);
    if (!losses) throw Stopped{};
    return plain_.emplace_back(rows, *std::move(losses)).second;
  }
  Kernel measure(Rows targets, Rows contexts) {
    auto entries = utility_entries(targets, contexts);
    const std::vector<float>& alone = plain(targets);
    std::optional<Kernel> measured = all_utilities(model_, alone, targets, contexts, std::move(entries), *observers_);
    if (!measured) throw Stopped{};
    return *std::move(measured);
  }
  Kernel with_diagonal(Kernel utility, Index offset) const {
    if (form_.diagonal == UtilityDiagonal::keep) return utility;
    return pickmix::detail::changed(utility, [&](MatrixView<float> u) { set_diagonal(u, offset, form_.diagonal); });
  }

  /// These rows, or these columns: of the pool's what was measured, and the others behind them.
  Kernel utilities_of(Rows rows, bool columns) {
    const Rows ours = rows_of_pool(rows, pairs_ ? pool_.count : 0),
               others{ours.first + ours.count, rows.count - ours.count};
    if (others.count == 0) return part(rows, columns);
    const Kernel rest = columns ? measure(pool_, others) : measure(others, pool_);
    const Index offset = columns ? -rows.first : rows.first;
    return ours.count == 0 ? with_diagonal(rest, offset) : joined(part(ours, columns), rest, columns);
  }

  /// Rows, or columns, behind others.
  static Kernel joined(const Kernel& first, const Kernel& second, bool columns) {
    const Index below = columns ? 0 : first.rows(), beside = columns ? first.columns() : 0;
    const Index height = below + second.rows(), width = beside + second.columns();
    auto entries = Kernel::allocate<float>("delift::select", height, width);
    for (Index j = 0; j < width; ++j)
      for (Index i = 0; i < height; ++i)
        entries[j * height + i] = i < below || j < beside ? first(i, j) : second(i - below, j - beside);
    return Kernel(height, width, DenseEntries{std::move(entries), height});
  }

  /// Some rows, or some columns, of the pool's.
  Kernel part(Rows of, bool columns) const {
    const Index height = columns ? pool_.count : of.count, width = columns ? of.count : pool_.count;
    auto entries = Kernel::allocate<float>("delift::select", height, width);
    for (Index j = 0; j < width; ++j)
      for (Index i = 0; i < height; ++i) entries[j * height + i] = columns ? (*pairs_)(i, of[j]) : (*pairs_)(of[i], j);
    return Kernel(height, width, DenseEntries{std::move(entries), height});
  }

  ModelLosses model_;
  Rows pool_;
  UtilityForm form_;
  const SelectionObservers* observers_;
  std::vector<std::pair<Rows, std::vector<float>>> plain_;
  std::optional<Kernel> pairs_;
};

}  // namespace detail

}  // namespace pickmix::inline v0::delift
