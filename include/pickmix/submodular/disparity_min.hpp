// SPDX-License-Identifier: MIT
// Disparity min: how far apart the two closest items of the set are.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = min 1 − s_ij over the pairs {i, j} ⊂ A of different items, 0 where A has fewer than two. Of a kernel that is
/// not symmetric, (s_ij + s_ji)/2 takes the place of s_ij.
///
/// Neither monotone nor submodular: the second item gains its distance to the first, and from then on no gain is
/// positive. It is for `NaiveGreedy{.fill = true}`, which takes the item farthest from the set each time; without
/// `fill`, the selection ends where the distance would shrink. An item in the set gains 0. Copies share the kernel and
/// not the set.
///
/// \complexity  gain: one step; add: one row and one column of the kernel; memory: 8 bytes a candidate beside the
///              shared kernel
/// \determinism bits do not depend on threads
/// \cite ravi1994dispersion (the smallest distance), dasgupta2013dispersion (min dispersion), kaushal2022
class DisparityMinObjective {
 public:
  static constexpr bool diminishing_returns = false;

  /// \throws ShapeError if the kernel is not square
  explicit DisparityMinObjective(Kernel kernel) : kernel_(std::move(kernel)) {
    detail::check_square("DisparityMin", kernel_);
    nearest_.resize(static_cast<std::size_t>(kernel_.columns()));
    held_.resize(nearest_.size());
    reset();
  }

  Index size() const { return kernel_.columns(); }

  double gain(Index j) const {
    const auto at = static_cast<std::size_t>(j);
    if (held_[at] || count_ == 0) return 0.0;
    return count_ == 1 ? nearest_[at] : std::min(smallest_, nearest_[at]) - smallest_;
  }

  void add(Index j) {
    const auto at = static_cast<std::size_t>(j);
    if (held_[at]) return;
    const auto sums = detail::both_ways(kernel_, j);
    held_[at] = true;
    ++count_;
    smallest_ = std::min(smallest_, nearest_[at]);
    for (std::size_t i = 0; i < nearest_.size(); ++i) nearest_[i] = std::min(nearest_[i], 1.0 - 0.5 * sums[i]);
  }

  void reset() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::fill(nearest_.begin(), nearest_.end(), infinity);
    std::fill(held_.begin(), held_.end(), false);
    smallest_ = infinity;
    count_ = 0;
  }

 private:
  Kernel kernel_;
  std::vector<double> nearest_;  // min over i∈A of 1 − (s_ij + s_ji)/2
  std::vector<bool> held_;
  double smallest_ = 0.0;  // the same over the pairs in A
  Index count_ = 0;
};

/// The family of disparity-min objectives.
struct DisparityMin {
  DisparityMinObjective plain(const Kernel& kernel) const { return DisparityMinObjective(kernel); }
};

}  // namespace pickmix::inline v0
