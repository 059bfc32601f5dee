// SPDX-License-Identifier: MIT
// Ridge regression on a handful of features.
#pragma once

#include <pickmix/core/types.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

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

  /// In the types that others decompose matrices in, too: compiled for each anew, Eigen's decompositions take seconds.
  static void solve(const std::array<Features, width>& normal, Features& solution) {
    constexpr auto size = static_cast<Index>(width);
    Eigen::MatrixXd matrix(size, size), right(size, 1);
    for (std::size_t f = 0; f < width; ++f) {
      right(static_cast<Index>(f), 0) = solution[f];
      for (std::size_t g = 0; g <= f; ++g) matrix(static_cast<Index>(f), static_cast<Index>(g)) = normal[f][g];
    }
    const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
    factor.matrixL().solveInPlace(right);
    factor.matrixU().solveInPlace(right);
    std::copy_n(right.data(), width, solution.begin());
  }

  Features mean_ = {}, scale_ = {}, weight_ = {};
  Features lowest_ = {}, highest_ = {};  // of the scaled features, whose mean is 0
};

}  // namespace pickmix::inline v0
