// SPDX-License-Identifier: MIT
// DELIFT's utility: how much an example helps the model with another when it is shown in context.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/model_losses.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/submodular/selection_observers.hpp>

#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0::delift {

namespace detail {

/// The loss alone less the loss in context. \throws CallbackError if it is beyond single precision
inline float utility_of(float plain, float loss, Index target, Index context) {
  if (!std::isfinite(plain - loss))
    raise<CallbackError>(
        "delift: the loss of row {} is {} alone and {} with row {} in context; their difference is no number", target,
        plain, loss, context);
  return plain - loss;
}

/// The targets' losses without context; nothing if an observer stopped the work.
inline std::optional<std::vector<float>> plain_losses(ModelLosses& model, Rows targets,
                                                      const SelectionObservers& observers) {
  std::vector<float> plain(static_cast<std::size_t>(targets.count));
  const bool finished = model.ask(
      targets.count, [&](Index k) { return Example{.row = targets[k]}; },
      [&](Index k, float loss) { plain[static_cast<std::size_t>(k)] = loss; },
      [&](Index done) {
        return observers(Progress{"losses alone", done, targets.count}) == Flow::proceed;
      });
  if (!finished) return std::nullopt;
  return plain;
}

/// Where the utilities of all pairs are to be written: had before the model is asked for anything.
inline std::shared_ptr<float[]> utility_entries(Rows targets, Rows contexts) {
  return Kernel::allocate<float>("delift::utility", targets.count, contexts.count);
}

/// U for all pairs; nothing if an observer stopped the work.
///
/// \param plain    the targets' losses
/// \param entries  made by utility_entries
inline std::optional<Kernel> all_utilities(ModelLosses& model, std::span<const float> plain, Rows targets,
                                           Rows contexts, std::shared_ptr<float[]> entries,
                                           const SelectionObservers& observers) {
  const Index n = targets.count, pairs = n * contexts.count;
  const bool finished = model.ask(
      pairs, [&](Index k) { return Example{.row = targets[k % n], .context = contexts[k / n]}; },
      [&](Index k, float loss) {
        entries[k] = utility_of(plain[static_cast<std::size_t>(k % n)], loss, targets[k % n], contexts[k / n]);
      },
      [&](Index done) {
        return observers(Progress{"losses in context", done, pairs}) == Flow::proceed;
      });
  if (!finished) return std::nullopt;
  return Kernel(n, contexts.count, DenseEntries{std::move(entries), n});
}

}  // namespace detail

/// U(i, j) = loss(target i) − loss(target i | context j): positive where j helps with i. It is not symmetric.
///
/// The callback is asked for each target's loss alone, and then for each pair once, context after context, so that a trainer
/// can keep what it computed for the last context (its key-value cache) while the context stays the same. A batch may begin
/// with the end of one context's targets. To go on after a kill, give `remembered(callbacks, file)`.
///
/// \shape      rows: targets, columns: contexts
/// \param executor   its threads ask at the same time, if `Callbacks::concurrent` says that they may
/// \param observers  told of `Progress` (losses asked for); one that answers `Flow::stop` ends the work
/// \return     nothing if an observer stopped the work
/// \throws     ValueError if there is no target, no context, no loss callback, or batch < 1; CallbackError if a loss, or a
///             difference of two, is not finite; CapacityError if 4 · targets · contexts bytes cannot be had; what the
///             callback throws
/// \complexity targets · (contexts + 1) losses
/// \cite agarwal2025delift (Eq. 1)
template <class... Observers>
std::optional<Kernel> utility(Cpu executor, Rows targets, Rows contexts, const Callbacks& callbacks,
                              const UtilityOptions& options, Observers&... observers) {
  detail::check_rows("delift::utility", "targets", targets);
  detail::check_rows("delift::utility", "contexts", contexts);
  ModelLosses model(executor, callbacks, options);
  auto entries = detail::utility_entries(targets, contexts);
  const auto all = SelectionObservers::of(observers...);
  const auto plain = detail::plain_losses(model, targets, all);
  if (!plain) return std::nullopt;
  return detail::all_utilities(model, *plain, targets, contexts, std::move(entries), all);
}

inline Kernel utility(Rows targets, Rows contexts, const Callbacks& callbacks, const UtilityOptions& options = {}) {
  return *utility(cpu, targets, contexts, callbacks, options);
}

/// The same for rows 0 … targets − 1 and 0 … contexts − 1.
inline Kernel utility(Index targets, Index contexts, const Callbacks& callbacks, const UtilityOptions& options = {}) {
  return utility(Rows{0, targets}, Rows{0, contexts}, callbacks, options);
}

}  // namespace pickmix::inline v0::delift
