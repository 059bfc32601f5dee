// SPDX-License-Identifier: MIT
// Saturated coverage: every row is covered by all picks together, until it has enough.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/lane_sum.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_i min(Σ_{j∈A} s_ij, α Σ_j s_ij), over the rows i and candidates j of a kernel: a row has enough when the
/// picks cover it with the share α of what all candidates would.
///
/// Monotone, with diminishing returns. An item in the set gains 0. Copies share the kernel and not the set.
///
/// \complexity  gain and add: one column of the kernel each; making one: the whole kernel; memory: 16 bytes a row
///              beside the shared kernel
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit: what
///              a row still lacks only falls, and of each similarity no more than that counts
/// \cite lin2011class (the coverage term of the document summarisation objective)
class SaturatedCoverageObjective {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  /// \throws ValueError if α is not in (0, 1], or a similarity is negative by more than rounding noise, which counts as
  ///         0 (names it)
  SaturatedCoverageObjective(Kernel kernel, double alpha)
      : kernel_(std::move(kernel)), enough_(static_cast<std::size_t>(kernel_.rows()), 0.0) {
    if (!(alpha > 0.0 && alpha <= 1.0))
      raise<ValueError>("SaturatedCoverage: alpha is {}; it must be above 0 and at most 1", alpha);
    detail::NotNegative similarities;
    detail::for_each_column(kernel_, [&](Index j, std::span<const float> column) {
      similarities.look(j, column);
      for (std::size_t i = 0; i < column.size(); ++i) enough_[i] += detail::amount(column[i]);
    });
    similarities.check("SaturatedCoverage", "kernel");
    for (double& enough : enough_) enough *= alpha;
    lacking_ = enough_;
    held_.assign(static_cast<std::size_t>(kernel_.columns()), false);
  }

  Index size() const { return kernel_.columns(); }

  double gain(Index j) const { return gain(j, detail::read_column(kernel_, j)); }

  /// out[k] = gain(items[k]), the columns read many at once.
  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const {
    detail::for_each_column(executor, kernel_, items,
                            [&](std::size_t k, std::span<const float> column) { out[k] = gain(items[k], column); });
  }
  Index batch() const { return detail::columns_at_once(kernel_); }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    const auto column = detail::read_column(kernel_, j);
    held_[static_cast<std::size_t>(j)] = true;
    for (std::size_t i = 0; i < lacking_.size(); ++i)
      lacking_[i] = std::max(0.0, lacking_[i] - detail::amount(column[i]));
  }

  void reset() {
    lacking_ = enough_;
    std::fill(held_.begin(), held_.end(), false);
  }

 private:
  double gain(Index j, std::span<const float> column) const {
    if (held_[static_cast<std::size_t>(j)]) return 0.0;
    return lane_sum(kernel_.rows(), [s = column.data(), lacking = lacking_.data()](Index i) {
      return std::min(detail::amount(s[i]), lacking[i]);
    });
  }

  Kernel kernel_;
  std::vector<double> enough_;   // α Σ_j s_ij
  std::vector<double> lacking_;  // what is left of it beyond Σ_{j∈A} s_ij
  std::vector<bool> held_;
};

/// The family of saturated-coverage objectives.
struct SaturatedCoverage {
  double alpha = 0.1;

  SaturatedCoverageObjective plain(const Kernel& kernel) const { return SaturatedCoverageObjective(kernel, alpha); }
};

}  // namespace pickmix::inline v0
