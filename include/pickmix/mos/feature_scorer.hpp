// SPDX-License-Identifier: MIT
// A scorer that reads how training goes: one small perceptron for all datasets.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/adam.hpp>
#include <pickmix/mos/learning_state.hpp>
#include <pickmix/mos/scorer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// logit_d = log prior_d + Σ_h v_h tanh(b_h + Σ_f W_hf x_df), where x_d describes dataset d in the learning state:
///
/// 0. log of its size over the mean size;   1. passes over it, P / (1 + P);   2. its probability − 1/N;
/// 3. its last reward over the mean − 1;     4. its reported loss over the mean − 1;   5. steps t / (t + 1000).
///
/// N and the means are over the datasets whose probability is above 0. 3 and 4 are kept in [−3, 3], and 0 where there is
/// nothing to compare: before the first update, for a dataset of which no loss was reported, and where the mean is 0.
/// For a dataset that was retired at the last update or added since, 0 stands for its last reward, and counts as one:
/// in the mean too, and beside others above 0 its feature 3 is −1. W, b and v are shared by all datasets, so their
/// number does not grow with them, and what is learnt of one serves all. At first v is zero: exactly the prior.
///
/// \complexity O(datasets · hidden · features) a step
/// \cite wu2024mos (§ 3.1: a scorer of the learning state); the features are our own
class FeatureScorer {
 public:
  static constexpr std::string_view kind = "feature";
  static constexpr std::size_t features = 6, hidden = 16;

  explicit FeatureScorer(std::span<const double> log_prior)
      : log_prior_(log_prior.begin(), log_prior.end()),
        features_(log_prior.size() * features, 0.0),
        parameters_(hidden * (features + 2), 0.0),
        adam_(parameters_.size()) {
    RandomStream random(0, 0x66656174);
    for (std::size_t k = 0; k < hidden * features; ++k) parameters_[k] = 2.0 * random.uniform() - 1.0;
    forward();
  }

  std::span<const double> logits() const { return logits_; }

  /// Everything that learns: W a hidden unit after the other, then b, then v.
  std::span<const double> parameters() const { return parameters_; }

  /// Looks at the learning state: logits depend on it from here on.
  ///
  /// \throws ShapeError if a field has another number of datasets
  void see(const LearningState& now) {
    const std::size_t n = log_prior_.size();
    const auto check = [&](const char* name, std::size_t size, bool optional) {
      if (size != n && !(optional && size == 0))
        raise<ShapeError>("FeatureScorer::see: {} has {} entries for {} datasets", name, size, n);
    };
    check("sizes", now.sizes.size(), false);
    check("drawn", now.drawn.size(), false);
    check("probabilities", now.probabilities.size(), false);
    check("rewards", now.rewards.size(), true);
    check("losses", now.losses.size(), true);
    const auto& p = now.probabilities;
    const double mean_size = mean_of_finite(now.sizes, p), mean_reward = mean_of_finite(now.rewards, p),
                 mean_loss = mean_of_finite(now.losses, p);
    const auto active = static_cast<double>(std::count_if(p.begin(), p.end(), [](double q) { return q > 0.0; }));
    const double steps = static_cast<double>(now.step);
    for (std::size_t d = 0; d < n; ++d) {
      const double size = static_cast<double>(now.sizes[d]), passes = static_cast<double>(now.drawn[d]) / size;
      const std::array<double, features> of_dataset{std::log(size / mean_size),
                                                    passes / (1.0 + passes),
                                                    p[d] - 1.0 / active,
                                                    relative(now.rewards, d, mean_reward),
                                                    relative(now.losses, d, mean_loss),
                                                    steps / (steps + 1000.0)};
      std::copy(of_dataset.begin(), of_dataset.end(), features_.begin() + static_cast<std::ptrdiff_t>(d * features));
    }
    forward();
  }

  void ascend(std::span<const double> gradient, const AscentStep& step) {
    std::vector<double> of_all(parameters_.size(), 0.0);
    for (std::size_t d = 0; d < log_prior_.size(); ++d)
      for (std::size_t h = 0; h < hidden; ++h) {
        const double t = units_[d * hidden + h], below = gradient[d] * parameters_[out(h)] * (1.0 - t * t);
        for (std::size_t f = 0; f < features; ++f) of_all[h * features + f] += below * features_[d * features + f];
        of_all[bias(h)] += below;
        of_all[out(h)] += gradient[d] * t;
      }
    adam_.ascend(parameters_, of_all, step);
    forward();
  }

  /// Whether all that learns, and Adam's moments, are finite.
  bool finite() const { return adam_.finite(parameters_); }

  void save(ArchiveWriter& file) const {
    file.write("feature.log_prior", log_prior_);
    file.write("feature.features", features_);
    file.write("feature.parameters", parameters_);
    adam_.save(file);
  }

  /// \throws CheckpointError if a field does not fit the number of datasets or is not finite, or a logit is not
  static FeatureScorer load(ArchiveReader& in, std::size_t datasets) {
    const auto read = [&](const char* name, std::size_t wanted) {
      auto values = in.read_all<double>(name);
      if (values.size() != wanted)
        raise<CheckpointError>("checkpoint: field '{}' has {} values; expected {}", name, values.size(), wanted);
      for (std::size_t k = 0; k < wanted; ++k)
        if (!std::isfinite(values[k]))
          raise<CheckpointError>("checkpoint: field '{}'[{}] is {}; needs to be finite", name, k, values[k]);
      return values;
    };
    FeatureScorer scorer(read("feature.log_prior", datasets));
    scorer.features_ = read("feature.features", datasets * features);
    scorer.parameters_ = read("feature.parameters", hidden * (features + 2));
    scorer.adam_ = Adam::load(in, scorer.parameters_.size());
    scorer.forward();
    for (std::size_t d = 0; d < datasets; ++d)
      if (!std::isfinite(scorer.logits_[d]))
        raise<CheckpointError>(
            "checkpoint: field 'feature.parameters' gives dataset {} the logit {}; needs to be finite", d,
            scorer.logits_[d]);
    return scorer;
  }

 private:
  static std::size_t bias(std::size_t h) { return hidden * features + h; }
  static std::size_t out(std::size_t h) { return hidden * (features + 1) + h; }

  template <class T>
  static double mean_of_finite(std::span<const T> values, std::span<const double> p) {
    double sum = 0.0, count = 0.0;
    for (std::size_t d = 0; d < values.size(); ++d)
      if (p[d] > 0.0 && std::isfinite(static_cast<double>(values[d]))) {
        sum += static_cast<double>(values[d]);
        ++count;
      }
    return count > 0.0 ? sum / count : 0.0;
  }
  static double relative(std::span<const double> values, std::size_t d, double mean) {
    if (values.empty() || !std::isfinite(values[d]) || !(std::abs(mean) > 0.0)) return 0.0;
    return std::clamp(values[d] / mean - 1.0, -3.0, 3.0);
  }

  double unit(std::size_t d, std::size_t h) const {
    const double* const x = &features_[d * features];
    return std::tanh(std::inner_product(x, x + features, &parameters_[h * features], parameters_[bias(h)]));
  }
  void forward() {
    logits_ = log_prior_;
    units_.resize(logits_.size() * hidden);
    for (std::size_t d = 0; d < logits_.size(); ++d)
      for (std::size_t h = 0; h < hidden; ++h)
        logits_[d] += parameters_[out(h)] * (units_[d * hidden + h] = unit(d, h));
  }

  std::vector<double> log_prior_, features_, parameters_;
  Adam adam_;
  std::vector<double> units_, logits_;  // derived: what the hidden units give for each dataset, and what comes out
};
static_assert(Scorer<FeatureScorer>);

}  // namespace pickmix::inline v0
