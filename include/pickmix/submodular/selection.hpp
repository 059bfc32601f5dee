// SPDX-License-Identifier: MIT
// What a maximiser returns, and the event it sends on its way.
#pragma once

#include <pickmix/core/types.hpp>

#include <limits>
#include <vector>

namespace pickmix::inline v0 {

/// Why a selection ended. None of these is an error.
enum class StopReason {
  budget_reached,  ///< as many as asked for, or all that fits (a best single item under `Cost` may leave some of it)
  pool_exhausted,  ///< a `Count` of more than there are items, or than the maximiser would take; other budgets are reached
  no_positive_gain,     ///< every remaining item would lower the objective, or by BruteForce be worth no more
  stopped_by_observer,  ///< an observer answered `Flow::stop`
};

/// A number that was measured on a sample: most likely within value ± error.
struct Estimate {
  double value = 1.0;
  double error = 0.0;
};

/// A selected subset, in order of selection.
struct Selection {
  std::vector<Index> indices;  ///< distinct items of the ground set
  std::vector<double> gains;   ///< gains[k]: what indices[k] added to the objective when it was picked
  double value = 0.0;          ///< the objective: the sum of all gains

  /// A certificate: no subset within the budget has a larger value, so value / upper_bound is a proven share of the
  /// optimum. Infinite where the objective does not promise diminishing returns.
  double upper_bound = std::numeric_limits<double>::infinity();

  /// The share of the similarities that matter which was looked at, measured on some of the items: 1, unless so many rows
  /// were selected from that only near ones were compared (see SampledStart).
  double recall = 1.0;

  Index evaluations = 0;  ///< how many gains were computed

  /// Where a model was asked: how many losses, and the share of the objective under all utilities that this selection has of
  /// what greedy on all of them would have. 1 ± 0 if all were measured, 0 ± 0 if an observer stopped it before.
  Index loss_calls = 0;
  Estimate kept;

  StopReason reason = StopReason::budget_reached;
};

/// An item has been selected.
struct SelectionStep {
  Index picked;  ///< how many items are selected now
  Index budget;  ///< how many will be, unless something stops it
  Index index;   ///< the item
  double gain;   ///< what it added
  double value;  ///< the objective now
};

}  // namespace pickmix::inline v0
