// SPDX-License-Identifier: MIT
// Ridge regression on a handful of features.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace pickmix::inline v0 {

/// Ridge regression on `width` features. The first is to be 1 in every row: it stands for the mean and is not shrunk. The
/// others are brought to mean 0 and variance 1; those that do not vary are left out.
///
/// \complexity  width² operations a row
/// \determinism rows are summed in their order
template <std::size_t width>
class RidgeRegression {
 public:
  using Features = std::array<double, width>;

  /// Minimises Σ (y − prediction)² + ridge · Σ weight².
  ///
  /// \shape y: one for each row of x
  /// \pre ridge is above 0
  RidgeRegression(std::span<const Features> x, std::span<const double> y, double ridge) {
    const double count = static_cast<double>(x.size());
    Features variance = {};
    for (const Features& row : x)
      for (std::size_t f = 1; f < width; ++f) mean_[f] += row[f] / count;
    for (const Features& row : x)
      for (std::size_t f = 0; f < width; ++f) variance[f] += (row[f] - mean_[f]) * (row[f] - mean_[f]) / count;
    for (std::size_t f = 0; f < width; ++f)
      if (std::sqrt(variance[f]) > 1e-9 * (1.0 + std::abs(mean_[f]))) scale_[f] = 1.0 / std::sqrt(variance[f]);

    std::array<Features, width> normal = {};  // its lower triangle
    for (std::size_t k = 0; k < x.size(); ++k) {
      const Features row = scaled(x[k]);
      for (std::size_t f = 0; f < width; ++f) {
        for (std::size_t g = 0; g <= f; ++g) normal[f][g] += row[f] * row[g];
        weight_[f] += row[f] * y[k];
        lowest_[f] = std::min(lowest_[f], row[f]);
        highest_[f] = std::max(highest_[f], row[f]);
      }
    }
    for (std::size_t f = 0; f < width; ++f) normal[f][f] += f == 0 ? 1e-9 : ridge;
    solve(normal, weight_);
  }

  /// The prediction. Of a feature beyond all of x's nothing is known: it counts as the last one that was seen.
  double operator()(const Features& features) const {
    const Features row = scaled(features);
    double sum = 0.0;
    for (std::size_t f = 0; f < width; ++f) sum += weight_[f] * std::clamp(row[f], lowest_[f], highest_[f]);
    return sum;
  }

 private:
  Features scaled(const Features& features) const {
    Features out;
    for (std::size_t f = 0; f < width; ++f) out[f] = (features[f] - mean_[f]) * scale_[f];
    return out;
  }

  /// Cholesky's decomposition, in place of `normal`. Eigen's takes four seconds to compile.
  ///
  /// \pre normal is positive definite
  static void solve(std::array<Features, width>& normal, Features& solution) {
    for (std::size_t c = 0; c < width; ++c)
      for (std::size_t r = c; r < width; ++r) {
        for (std::size_t k = 0; k < c; ++k) normal[r][c] -= normal[r][k] * normal[c][k];
        normal[r][c] = r == c ? std::sqrt(normal[c][c]) : normal[r][c] / normal[c][c];
      }
    for (std::size_t r = 0; r < width; ++r) {
      for (std::size_t k = 0; k < r; ++k) solution[r] -= normal[r][k] * solution[k];
      solution[r] /= normal[r][r];
    }
    for (std::size_t r = width; r-- > 0;) {
      for (std::size_t k = r + 1; k < width; ++k) solution[r] -= normal[k][r] * solution[k];
      solution[r] /= normal[r][r];
    }
  }

  Features mean_ = {}, scale_ = {}, weight_ = {};
  Features lowest_ = {}, highest_ = {};  // of the scaled features, whose mean is 0
};

}  // namespace pickmix::inline v0
