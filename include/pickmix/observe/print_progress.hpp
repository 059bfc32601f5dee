// SPDX-License-Identifier: MIT
// An observer that shows how far the work is.
#pragma once

#include <pickmix/core/events.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/observe/time_left.hpp>
#include <pickmix/submodular/selection.hpp>

#include <fmt/core.h>

#include <chrono>
#include <ostream>
#include <string_view>

namespace pickmix::inline v0 {

/// Writes lines such as `similarity 40 %` and `selection 1200/3000, value 812.4` to a stream, at most one per
/// `interval`, and one when a task reaches its total (a selection that ends before its budget has none). What will take ten
/// seconds more says so: `losses in context 12 %, 26 min left`, by how fast it has been since its first event.
///
///     delift::select(pool, delift::InstructionTuning{}, Fraction{0.1}, FacilityLocation{}, {},
///     PrintProgress(std::cerr));
class PrintProgress {
 public:
  explicit PrintProgress(std::ostream& out, std::chrono::milliseconds interval = std::chrono::seconds(1))
      : out_(&out), interval_(interval) {}

  void operator()(const Progress& event) {
    const auto left = left_(event);
    if (due(event.done == event.total))
      *out_ << fmt::format(
                   "{} {} %{}\n", event.task, event.total == 0 ? 100 : 100 * event.done / event.total,
                   left && *left >= std::chrono::seconds(10) ? fmt::format(", {} left", detail::to_text(*left)) : "")
            << std::flush;
  }
  void operator()(const SelectionStep& event) {
    if (due(event.picked == event.budget))
      *out_ << fmt::format("selection {}/{}, value {:.6g}\n", event.picked, event.budget, event.value) << std::flush;
  }

 private:
  bool due(bool complete) {
    const auto now = std::chrono::steady_clock::now();
    using Seconds = std::chrono::duration<double>;
    if (!complete && Seconds(now - last_) < Seconds(interval_)) return false;
    last_ = now;
    return true;
  }

  std::ostream* out_;
  TimeLeft left_;
  std::chrono::milliseconds interval_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace pickmix::inline v0
