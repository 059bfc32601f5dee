// SPDX-License-Identifier: MIT
// The scorer as printed: a perceptron of two layers over a vector that never changes.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/adam.hpp>
#include <pickmix/mos/scorer.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// logit_d = b_d + Σ_h W_dh tanh(a_h). The paper's input says which datasets are accessible and never changes, so of its
/// first layer only the sums a_h over the input matter, and they are what is kept. At first W is zero and b the logarithm of
/// the prior. All parameters learn together.
///
/// \complexity O(datasets · hidden) a step
/// \cite wu2024mos (§ 3.1)
class MlpScorer {
 public:
  static constexpr std::string_view kind = "mlp";

  /// \throws ValueError if there is no hidden unit
  explicit MlpScorer(std::span<const double> log_prior, Index hidden = 64)
      : datasets_(log_prior.size()),
        hidden_(checked(hidden)),
        parameters_(hidden_ + datasets_ * hidden_, 0.0),
        adam_(parameters_.size() + datasets_) {
    RandomStream random(0, 0x6D6C7020);
    for (std::size_t h = 0; h < hidden_; ++h) parameters_[h] = 2.0 * random.uniform() - 1.0;
    parameters_.insert(parameters_.end(), log_prior.begin(), log_prior.end());
    forward();
  }

  std::span<const double> logits() const { return logits_; }

  /// Everything that learns: a, then W a dataset after the other, then b.
  std::span<const double> parameters() const { return parameters_; }

  void ascend(std::span<const double> gradient, const AscentStep& step) {
    std::vector<double> of_all(parameters_.size(), 0.0);
    for (std::size_t d = 0; d < datasets_; ++d) {
      for (std::size_t h = 0; h < hidden_; ++h) {
        of_all[h] += (1.0 - layer_[h] * layer_[h]) * gradient[d] * parameters_[weight(d, h)];
        of_all[weight(d, h)] = gradient[d] * layer_[h];
      }
      of_all[bias(d)] = gradient[d];
    }
    adam_.ascend(parameters_, of_all, step);
    forward();
  }

  /// Whether all that learns, and Adam's moments, are finite.
  bool finite() const { return adam_.finite(parameters_); }

  void save(ArchiveWriter& out) const {
    out.write("mlp.hidden", static_cast<Index>(hidden_));
    out.write("mlp.parameters", parameters_);
    adam_.save(out);
  }

  /// \throws CheckpointError if a field does not fit the number of datasets or is not finite, or a logit is not
  static MlpScorer load(ArchiveReader& in, std::size_t datasets) {
    const auto hidden = in.read<Index>("mlp.hidden");
    if (hidden < 1 || hidden > most_hidden)
      raise<CheckpointError>("checkpoint: field 'mlp.hidden' is {}; needs to be in [1, {}]", hidden, most_hidden);
    auto parameters = in.read_all<double>("mlp.parameters");
    const std::size_t wanted = static_cast<std::size_t>(hidden) * (datasets + 1) + datasets;
    if (parameters.size() != wanted)
      raise<CheckpointError>("checkpoint: field 'mlp.parameters' has {} values; expected {}", parameters.size(),
                             wanted);
    for (std::size_t k = 0; k < wanted; ++k)
      if (!std::isfinite(parameters[k]))
        raise<CheckpointError>("checkpoint: field 'mlp.parameters'[{}] is {}; needs to be finite", k, parameters[k]);
    MlpScorer scorer(std::vector<double>(datasets, 0.0), hidden);
    scorer.parameters_ = std::move(parameters);
    scorer.adam_ = Adam::load(in, wanted);
    scorer.forward();
    for (std::size_t d = 0; d < datasets; ++d)
      if (!std::isfinite(scorer.logits_[d]))
        raise<CheckpointError>("checkpoint: field 'mlp.parameters' gives dataset {} the logit {}; needs to be finite",
                               d, scorer.logits_[d]);
    return scorer;
  }

 private:
  static constexpr Index most_hidden = Index{1} << 20;

  static std::size_t checked(Index hidden) {
    if (hidden < 1 || hidden > most_hidden)
      raise<ValueError>("MlpScorer: hidden is {}; needs to be in [1, {}]", hidden, most_hidden);
    return static_cast<std::size_t>(hidden);
  }
  std::size_t weight(std::size_t d, std::size_t h) const { return hidden_ * (d + 1) + h; }
  std::size_t bias(std::size_t d) const { return hidden_ * (datasets_ + 1) + d; }

  void forward() {
    layer_.resize(hidden_);
    for (std::size_t h = 0; h < hidden_; ++h) layer_[h] = std::tanh(parameters_[h]);
    logits_.assign(datasets_, 0.0);
    for (std::size_t d = 0; d < datasets_; ++d) {
      for (std::size_t h = 0; h < hidden_; ++h) logits_[d] += parameters_[weight(d, h)] * layer_[h];
      logits_[d] += parameters_[bias(d)];
    }
  }

  std::size_t datasets_, hidden_;
  std::vector<double> parameters_;
  Adam adam_;
  std::vector<double> layer_, logits_;  // derived: tanh a, and what comes out
};
static_assert(Scorer<MlpScorer>);

}  // namespace pickmix::inline v0
