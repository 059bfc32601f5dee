// SPDX-License-Identifier: MIT
// The least a scorer can be: it never learns.
#pragma once

#include <pickmix/core/archive.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

class FixedScorer {
 public:
  static constexpr std::string_view kind = "fixed";

  explicit FixedScorer(std::span<const double> log_prior) : logits_(log_prior.begin(), log_prior.end()) {}

  std::span<const double> logits() const { return logits_; }
  void ascend(std::span<const double>, const pickmix::AscentStep&) {}
  void save(pickmix::ArchiveWriter& out) const { out.write("fixed.logits", logits_); }
  static FixedScorer load(pickmix::ArchiveReader& in, std::size_t) {
    return FixedScorer(in.read_all<double>("fixed.logits"));
  }

 private:
  std::vector<double> logits_;
};
