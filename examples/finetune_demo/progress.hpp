// SPDX-License-Identifier: MIT
// How far the work is, on stderr: a line per finished run, and a running percentage where a person watches.
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <string>

namespace finetune_demo {

/// Safe to use from several threads.
class Progress {
 public:
  void expect(long total) { total_ = total; }

  void add(long done) {
    const std::lock_guard lock(guard_);
    done_ += done;
    const long percent = total_ > 0 ? 100 * done_ / total_ : 0;
    if (!watched_ || percent == percent_) return;
    percent_ = percent;
    fmt::print(stderr, "\r{:3} % ", percent_);
    std::fflush(stderr);
  }

  void line(const std::string& text) {
    const std::lock_guard lock(guard_);
    fmt::print(stderr, "{}{}\n", watched_ ? "\r" : "", text);
  }

 private:
  std::mutex guard_;
  const bool watched_ = isatty(STDERR_FILENO) != 0;
  long total_ = 0, done_ = 0, percent_ = -1;
};

}  // namespace finetune_demo
