// SPDX-License-Identifier: MIT
// Feature-based functions: how much of every feature the set has, each further bit counting less.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/lane_sum.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/concave.hpp>
#include <pickmix/submodular/weights.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_f w_f · g(Σ_{j∈A} m_jf), over the features f of items that have m_jf ≥ 0 of each, g concave.
///
/// Monotone, with diminishing returns. An item in the set gains 0. Copies share the features and not the set.
///
/// \complexity  gain and add: one step a feature each; memory: 4 bytes an item and feature, 16 bytes a feature
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit: the
///              sums only grow, and so `rise` and the sum of the rises only fall
/// \cite wei2014feature (feature-based functions), schreiber2020apricot (the forms of g)
class FeatureBasedObjective {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  /// \shape  features: items × features, at least 1 × 1, copied; weights: one a feature, or none for 1 each
  /// \throws ShapeError if a shape is another; ValueError if an entry or a weight is negative or not finite (names it)
  FeatureBasedObjective(MatrixView<const float> features, Concave concave, const std::vector<double>& weights)
      : items_(features.rows()), concave_(concave) {
    if (items_ < 1 || features.columns() < 1)
      raise<ShapeError>("FeatureBased: features is {} x {}; needs at least one item and one feature", items_,
                        features.columns());
    weights_ = detail::weights_or_ones("FeatureBased", weights, features.columns(), "features");
    std::vector<float> copy;
    copy.reserve(weights_.size() * static_cast<std::size_t>(items_));
    for (Index j = 0; j < items_; ++j)
      for (Index f = 0; f < features.columns(); ++f) {
        const float amount = features(j, f);
        if (!(std::isfinite(amount) && amount >= 0.0f))
          raise<ValueError>("FeatureBased: features({}, {}) is {}; every entry must be finite and at least 0", j, f,
                            amount);
        copy.push_back(amount);
      }
    features_ = std::make_shared<const std::vector<float>>(std::move(copy));
    sums_.assign(weights_.size(), 0.0);
    held_.assign(static_cast<std::size_t>(items_), false);
  }

  Index size() const { return items_; }

  double gain(Index j) const {
    if (held_[static_cast<std::size_t>(j)]) return 0.0;
    const float* amounts = row(j);
    return with_concave(concave_, [&]<Concave g>() {
      return lane_sum(count(), [&, weights = weights_.data(), sums = sums_.data()](Index f) {
        return weights[f] * rise<g>(sums[f], static_cast<double>(amounts[f]));
      });
    });
  }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    held_[static_cast<std::size_t>(j)] = true;
    const float* amounts = row(j);
    for (double& sum : sums_) sum += static_cast<double>(*amounts++);
  }

  void reset() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(held_.begin(), held_.end(), false);
  }

 private:
  Index count() const { return static_cast<Index>(weights_.size()); }
  const float* row(Index j) const { return features_->data() + j * count(); }

  Index items_;
  Concave concave_;
  std::vector<double> weights_;
  std::shared_ptr<const std::vector<float>> features_;  // item after item
  std::vector<double> sums_;                            // of each feature, how much the set has
  std::vector<bool> held_;
};

/// The family of feature-based objectives. Without weights, every feature has weight 1.
struct FeatureBased {
  Concave concave = Concave::square_root;
  std::vector<double> weights = {};

  FeatureBasedObjective plain(MatrixView<const float> features) const {
    return FeatureBasedObjective(features, concave, weights);
  }
};

}  // namespace pickmix::inline v0
