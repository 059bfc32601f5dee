// SPDX-License-Identifier: MIT
// Observers that end a selection early.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/selection.hpp>

#include <chrono>
#include <cmath>

namespace pickmix::inline v0 {

/// Ends a selection with the first pick that adds less than `gain`; that pick stays.
///
///     delift::select(pool, delift::InstructionTuning{}, Fraction{0.5}, FacilityLocation{}, {}, StopBelowGain(0.1));
class StopBelowGain {
 public:
  /// \throws ValueError if `gain` is not a number
  explicit StopBelowGain(double gain) : gain_(gain) {
    if (std::isnan(gain)) raise<ValueError>("StopBelowGain: gain is {}; needs to be a number", gain);
  }

  Flow operator()(const SelectionStep& step) const { return step.gain < gain_ ? Flow::stop : Flow::proceed; }

 private:
  double gain_;
};

/// Ends the work when `time` has passed since this observer was made, be it in the similarities or between two picks. Only
/// how many picks there are then depends on the clock: they are a prefix of what would be selected without it. Under `Cost`
/// they are a prefix of what greedy picks, in whose place the whole selection may have the best single item.
class StopAfter {
 public:
  explicit StopAfter(std::chrono::nanoseconds time) : time_(time) {}

  Flow operator()(const SelectionStep&) const { return flow(); }
  Flow operator()(const Progress&) const { return flow(); }

 private:
  /// The time that has passed is compared: begin + time would overflow for the longest times.
  Flow flow() const { return std::chrono::steady_clock::now() - begin_ < time_ ? Flow::proceed : Flow::stop; }

  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::nanoseconds time_;
};

}  // namespace pickmix::inline v0
