// SPDX-License-Identifier: MIT
// Sum redundancy: what the set says twice, counted against it.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = −Σ_{i,j∈A} s_ij, over ordered pairs, the pairs (i, i) included. A kernel that is not symmetric counts with
/// both of its entries for a pair.
///
/// It has diminishing returns, and falls: it is there to be mixed with another objective. Alone, it selects only items
/// that are similar to nothing, or, by a maximiser told to `fill`, the least redundant ones. An item in the set gains
/// 0, and so may seem better than one that is not. Copies share the kernel and not the set.
///
/// \complexity  gain: one step; add: one row and one column of the kernel; making one: the whole kernel; memory: 16
///              bytes a candidate beside the shared kernel
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit: the
///              sums it is made of only grow
/// \cite schreiber2020apricot (sum redundancy)
class SumRedundancyObjective {
 public:
  static constexpr bool diminishing_returns = true;

  /// \throws ShapeError if the kernel is not square; ValueError if a similarity is negative, with which a gain could
  ///         rise (names it; rounding noise counts as 0)
  explicit SumRedundancyObjective(Kernel kernel) : kernel_(std::move(kernel)) {
    detail::check_square("SumRedundancy", kernel_);
    detail::NotNegative similarities;
    detail::for_each_column(kernel_, [&](Index j, std::span<const float> column) {
      similarities.look(j, column);
      own_.push_back(detail::amount(column[static_cast<std::size_t>(j)]));
    });
    similarities.check("SumRedundancy", "kernel");
    shared_.assign(own_.size(), 0.0);
    held_.assign(own_.size(), false);
  }

  Index size() const { return kernel_.columns(); }

  double gain(Index j) const {
    const auto at = static_cast<std::size_t>(j);
    return held_[at] ? 0.0 : 0.0 - (own_[at] + shared_[at]);
  }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    const auto sums = detail::both_ways(kernel_, j);
    held_[static_cast<std::size_t>(j)] = true;
    for (std::size_t i = 0; i < shared_.size(); ++i) shared_[i] += std::max(sums[i], 0.0);
  }

  void reset() {
    std::fill(shared_.begin(), shared_.end(), 0.0);
    std::fill(held_.begin(), held_.end(), false);
  }

 private:
  Kernel kernel_;
  std::vector<double> own_;     // s_jj
  std::vector<double> shared_;  // Σ_{i∈A} s_ij + s_ji
  std::vector<bool> held_;
};

/// The family of sum-redundancy objectives.
struct SumRedundancy {
  SumRedundancyObjective plain(const Kernel& kernel) const { return SumRedundancyObjective(kernel); }
};

}  // namespace pickmix::inline v0
