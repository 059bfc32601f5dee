// SPDX-License-Identifier: MIT
// The utilities that a selection needs, each measured once.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
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

#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

inline Rows checked_rows(Role role, const ReferenceData& data) {
  if (!std::holds_alternative<Rows>(data))
    raise<ValueError>("delift::select: {} is given by {} and the pool by callbacks; give the Rows that they know",
                      name_of(role), std::holds_alternative<Reference>(data) ? "a Reference" : "embeddings");
  const Rows rows = std::get<Rows>(data);
  check_rows("delift::select", name_of(role), rows);
  return rows;
}

/// Says what is wrong with a stage's data before the model is asked for anything.
template <class Stage>
void check_stage_rows(const Stage&) {}
inline void check_stage_rows(const TaskSpecific& stage) { (void)checked_rows(Role::target, stage.target); }
inline void check_stage_rows(const Continual& stage) { (void)checked_rows(Role::known, stage.known); }
inline void check_stage_rows(const Composite& stage) {
  check_stage_rows(stage.target);
  check_stage_rows(stage.known);
}

/// An observer answered `Flow::stop` while the model was asked.
struct Stopped {};

/// The utilities that a selection from rows 0 … n − 1 needs, each measured once.
template <class... Observers>
class Utilities {
 public:
  Utilities(Cpu executor, Rows pool, const Callbacks& callbacks, const Options& options, Observers&... observers)
      : model_(executor, callbacks, options.utility), pool_(pool), form_(options.form), observers_(observers...) {}

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

}  // namespace detail

}  // namespace pickmix::inline v0::delift
