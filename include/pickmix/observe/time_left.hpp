// SPDX-License-Identifier: MIT
// How long work with a known end will still take.
#pragma once

#include <pickmix/core/events.hpp>
#include <pickmix/core/types.hpp>

#include <fmt/core.h>

#include <chrono>
#include <optional>
#include <string>

namespace pickmix::inline v0 {

/// Estimates how long a task will still take, by what it has done since it was first heard of. A task of another name, or
/// one that has gone back, begins anew.
class TimeLeft {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  /// \return nothing as long as the task has not come further
  std::optional<Seconds> operator()(const Progress& event, Clock::time_point now = Clock::now()) {
    if (event.task != task_ || event.done < last_ || event.total != total_) {
      task_ = event.task;
      total_ = event.total;
      first_ = event.done;
      begin_ = now;
    }
    last_ = event.done;
    if (last_ == first_) return std::nullopt;
    return Seconds(now - begin_) * (static_cast<double>(total_ - last_) / static_cast<double>(last_ - first_));
  }

 private:
  std::string task_;
  Index total_ = 0, first_ = 0, last_ = 0;
  Clock::time_point begin_{};
};

namespace detail {

/// `42 s`, `17 min` or `5.3 h`.
inline std::string to_text(TimeLeft::Seconds time) {
  const double seconds = time.count();
  if (seconds < 99.5) return fmt::format("{:.0f} s", seconds);
  if (seconds < 99.5 * 60) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace detail

}  // namespace pickmix::inline v0
