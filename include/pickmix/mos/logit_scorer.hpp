// SPDX-License-Identifier: MIT
// The scorer as released: one free logit per dataset.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/mos/adam.hpp>
#include <pickmix/mos/scorer.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// One weight per dataset, which is its logit, trained with Adam.
///
/// The paper prints a two-layer perceptron over a vector that says which datasets are accessible; since that input
/// never changes, free logits can represent the same distributions, and the authors' release uses them.
///
/// \complexity O(datasets) a step
/// \cite wu2024mos (§ 3.1), and its release (`BaseActor`)
class LogitScorer {
 public:
  static constexpr std::string_view kind = "logit";

  explicit LogitScorer(std::span<const double> log_prior)
      : weights_(log_prior.begin(), log_prior.end()), adam_(log_prior.size()) {}

  std::span<const double> logits() const { return weights_; }
  void ascend(std::span<const double> gradient, const AscentStep& step) { adam_.ascend(weights_, gradient, step); }

  /// Sets the logits; Adam's moments stay.
  /// \shape logits: one per dataset
  void assign(std::span<const double> logits) { weights_.assign(logits.begin(), logits.end()); }

  /// Whether all that learns, and Adam's moments, are finite.
  bool finite() const { return adam_.finite(weights_); }

  void save(ArchiveWriter& out) const {
    out.write("logit.weights", weights_);
    adam_.save(out);
  }

  /// \throws CheckpointError if a field does not fit the number of datasets or is not finite
  static LogitScorer load(ArchiveReader& in, std::size_t datasets) {
    const auto weights = in.read_all<double>("logit.weights");
    if (weights.size() != datasets)
      raise<CheckpointError>("checkpoint: field 'logit.weights' has {} values; expected {}", weights.size(), datasets);
    for (std::size_t d = 0; d < datasets; ++d)
      if (!std::isfinite(weights[d]))
        raise<CheckpointError>("checkpoint: field 'logit.weights'[{}] is {}; needs to be finite", d, weights[d]);
    LogitScorer scorer(weights);
    scorer.adam_ = Adam::load(in, datasets);
    return scorer;
  }

 private:
  std::vector<double> weights_;
  Adam adam_;
};
static_assert(Scorer<LogitScorer>);

}  // namespace pickmix::inline v0
