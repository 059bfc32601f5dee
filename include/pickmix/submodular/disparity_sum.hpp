// SPDX-License-Identifier: MIT
// Disparity sum: how far apart the items of the set are, in all.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ 1 − s_ij over the unordered pairs {i, j} ⊂ A of different items. Of a kernel that is not symmetric,
/// (s_ij + s_ji)/2 takes the place of s_ij.
///
/// Supermodular where similarities are at most 1: gains rise as the set grows, so lazy greedy is not for it. An item in
/// the set gains 0. Copies share the kernel and not the set.
///
/// \complexity  gain: one step; add: one row and one column of the kernel; memory: 8 bytes a candidate beside the
///              shared kernel
/// \determinism bits do not depend on threads
/// \cite ravi1994dispersion (the mean distance), dasgupta2013dispersion (sum dispersion), kaushal2022
class DisparitySumObjective {
 public:
  static constexpr bool diminishing_returns = false;

  /// \throws ShapeError if the kernel is not square
  explicit DisparitySumObjective(Kernel kernel) : kernel_(std::move(kernel)) {
    detail::check_square("DisparitySum", kernel_);
    distance_.assign(static_cast<std::size_t>(kernel_.columns()), 0.0);
    held_.assign(distance_.size(), false);
  }

  Index size() const { return kernel_.columns(); }

  double gain(Index j) const {
    const auto at = static_cast<std::size_t>(j);
    return held_[at] ? 0.0 : distance_[at];
  }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    const auto sums = detail::both_ways(kernel_, j);
    held_[static_cast<std::size_t>(j)] = true;
    for (std::size_t i = 0; i < distance_.size(); ++i) distance_[i] += 1.0 - 0.5 * sums[i];
  }

  void reset() {
    std::fill(distance_.begin(), distance_.end(), 0.0);
    std::fill(held_.begin(), held_.end(), false);
  }

 private:
  Kernel kernel_;
  std::vector<double> distance_;  // Σ_{i∈A} 1 − (s_ij + s_ji)/2
  std::vector<bool> held_;
};

/// The family of disparity-sum objectives.
struct DisparitySum {
  DisparitySumObjective plain(const Kernel& kernel) const { return DisparitySumObjective(kernel); }
};

}  // namespace pickmix::inline v0
