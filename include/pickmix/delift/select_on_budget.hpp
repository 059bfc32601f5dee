// SPDX-License-Identifier: MIT
// delift::select() by utilities where fewer losses may be asked for than there are pairs.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/model_losses.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/delift/select.hpp>
#include <pickmix/delift/stage.hpp>
#include <pickmix/delift/utilities.hpp>
#include <pickmix/delift/utility.hpp>
#include <pickmix/delift/utility_budget.hpp>
#include <pickmix/delift/utility_form.hpp>
#include <pickmix/kernel/completion.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/kernel/rescale.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/selection.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

/// The targets of a stage for which a budget works.
template <class Stage>
Rows targets_of(Index n, const Stage& stage) {
  if constexpr (std::same_as<Stage, TaskSpecific>)
    return checked_rows(Role::target, stage.target);
  else
    return {0, n};
}

/// Has the regression's memory and gives it back. A pair of target and context takes 110 bytes or more. Two contexts,
/// and two targets where these are others, take 16: their cosine and their nearness are kept, and to compare their
/// utilities as much again is needed.
///
/// \throws CapacityError if it cannot be had
inline void check_room(Rows targets, Rows contexts) {
  constexpr const char* caller = "delift::select: utility_calls";
  std::array<std::shared_ptr<std::array<float, 4>[]>, 2> alike;
  if (targets != contexts)
    alike = {Kernel::allocate<std::array<float, 4>>(caller, contexts.count, contexts.count),
             Kernel::allocate<std::array<float, 4>>(caller, targets.count, targets.count)};
  (void)Kernel::allocate<std::array<float, 28>>(caller, targets.count, contexts.count);
}

/// What a call returns that an observer stopped while the model was asked: no item, and so nothing kept.
inline Selection stopped_on_budget(const ModelLosses& model) {
  Selection nothing = nothing_selected();
  nothing.kept = {0.0, 0.0};
  nothing.loss_calls = model.asked();
  return nothing;
}

/// Utilities of some pairs are the similarities, as many as `options.utility_calls` affords.
template <class Stage, class B>
Selection select_on_budget(Cpu executor, Index n, const Callbacks& callbacks, const Stage& stage, const B& budget,
                           const FacilityLocation& family, const Options& options,
                           const SelectionObservers& observers) {
  const Rows pool{0, n}, targets = targets_of(n, stage);
  check_room(targets, pool);
  const Kernel unseen(n, n, std::make_shared<const SparseEntries>(n));
  const UtilityBudget<float>::Objective objective = [&](const Kernel& kernel) {
    if constexpr (std::same_as<Stage, TaskSpecific>)
      return family.mutual_information(unseen, Reference{kernel}, stage.eta);
    else
      return family.plain(kernel);
  };

  ModelLosses model(executor, callbacks, options.utility);
  const bool square = targets == pool;
  const std::vector<float> contexts = embeddings_of(callbacks, options.utility, pool);
  const std::vector<float> described = square ? contexts : embeddings_of(callbacks, options.utility, targets);
  const auto plain = plain_losses(model, targets, observers);
  if (!plain) return stopped_on_budget(model);
  const Index width = callbacks.embedding_size;
  PairDescription<float> pairs = PairDescription<float>::of(executor, {described.data(), targets.count, width},
                                                            {contexts.data(), n, width}, *plain, square);

  const Index calls = options.utility_calls - targets.count;
  Index measured = 0, affordable = 0;
  const auto ledger = budget.open(n);
  for (Index j = 0; j < n; ++j) affordable += ledger.affords(j) ? 1 : 0;
  const Index total = std::min(calls, targets.count * affordable);
  UtilityBudget known(executor, std::move(pairs), objective, std::holds_alternative<RowMax>(options.form.scale),
                      options.utility.seed, options.utility.strategy);
  const bool finished =
      known.spend(calls, budget, [&](std::span<const std::pair<Index, Index>> wanted, std::span<float> utility) {
        const auto pair = [&](Index k) { return wanted[static_cast<std::size_t>(k)]; };
        const bool asked = model.ask(
            std::ssize(wanted),
            [&](Index k) { return Example{.row = targets[pair(k).second], .context = pair(k).first}; },
            [&](Index k, float loss) {
              const auto [context, target] = pair(k);
              utility[static_cast<std::size_t>(k)] =
                  utility_of((*plain)[static_cast<std::size_t>(target)], loss, targets[target], context);
            },
            [&](Index done) {
              return observers(Progress{"losses in context", measured + done, total}) == Flow::proceed;
            });
        measured += std::ssize(wanted);
        return asked;
      });
  if (!finished) return stopped_on_budget(model);
  auto f = objective(known.kernel());
  Selection selection = greedy(executor, f, budget, options, observers);
  selection.upper_bound = std::numeric_limits<double>::infinity();  // nothing is proven about what was not measured
  selection.kept = known.kept(selection.indices, budget);
  selection.loss_calls = model.asked();
  return selection;
}

/// \throws ValueError if a selection cannot be made on a budget of calls
template <class Family, class Stage>
void check_utility_calls(Index n, const Callbacks& callbacks, const Stage& stage, const Family& family,
                         const Options& options) {
  constexpr bool instruction = std::same_as<Stage, InstructionTuning>, task = std::same_as<Stage, TaskSpecific>;
  if (!std::same_as<Family, FacilityLocation> || !(instruction || (task && !stage.needs_pool(family))))
    raise<ValueError>(
        "delift::select: utility_calls is {}; a budget of calls works for FacilityLocation with InstructionTuning, or "
        "with TaskSpecific in the query form; leave it out here",
        options.utility_calls);
  const UtilityForm& form = options.form;
  if (!(std::holds_alternative<ClipAtZero>(form.scale) || std::holds_alternative<RowMax>(form.scale)) ||
      form.diagonal != UtilityDiagonal::keep || form.symmetry != UtilitySymmetry::none)
    raise<ValueError>(
        "delift::select: form needs all utilities and utility_calls is {}; with a budget of calls the scale is "
        "ClipAtZero or RowMax, and diagonal and symmetry are left out",
        options.utility_calls);
  const Index alone = targets_of(n, stage).count;
  if (options.utility_calls <= alone)
    raise<ValueError>(
        "delift::select: utility_calls is {}; needs to be more than the {} losses without context, or 0 for all",
        options.utility_calls, alone);
  pickmix::detail::check_embedding(callbacks, "delift::select: utility_calls");  // they say which pairs to ask for
}

/// Whether the budget of calls is less than all that would be asked for.
template <class Family, class Stage>
bool on_budget(Index n, const Stage& stage, const Family& family, const Options& options) {
  const bool whole_pool = stage.needs_pool(family);
  const auto size = static_cast<double>(n);
  double all = whole_pool ? size * (size + 1.0) : 0.0;
  check_stage(stage, [&](Role role, const ReferenceData& data) {
    const Rows rows = checked_rows(role, data);
    const Index others = rows.count - (whole_pool ? rows_of_pool(rows, n).count : 0);  // not measured with the pool
    const bool alone = role == Role::target && !compares_columns<Family>;  // its losses without context, too
    all += static_cast<double>(others) * (alone ? size + 1.0 : size);
  });
  return options.utility_calls != 0 && static_cast<double>(options.utility_calls) < all;
}

}  // namespace detail

}  // namespace pickmix::inline v0::delift
