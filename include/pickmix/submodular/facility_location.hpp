// SPDX-License-Identifier: MIT
// Facility location: every row is served by the selected item most similar to it.
#pragma once

#include <pickmix/backend/eigen.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_i max(0, max_{j∈A} s_ij), over the rows i and candidates j of a kernel. Negative s count as zero.
///
/// Monotone, with diminishing returns.
///
/// \complexity  gain and add: rows() operations each; memory: 4 bytes a row beside the shared kernel
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit
/// \cite agarwal2025delift (Eq. for instruction tuning), cornuejols1977 (uncapacitated facility location)
class FacilityLocationObjective {
 public:
  static constexpr bool diminishing_returns = true;

  explicit FacilityLocationObjective(Kernel kernel)
      : kernel_(std::move(kernel)), coverage_(static_cast<std::size_t>(kernel_.rows()), 0.0f) {}

  Index size() const { return kernel_.columns(); }
  double gain(Index j) const { return backend::coverage_gain(kernel_.column(j), coverage_.data(), kernel_.rows()); }
  void add(Index j) { backend::raise_coverage(kernel_.column(j), coverage_.data(), kernel_.rows()); }
  void reset() { std::fill(coverage_.begin(), coverage_.end(), 0.0f); }

 private:
  Kernel kernel_;
  std::vector<float> coverage_;  // for each row, the largest similarity to an item in the set, at least 0
};

/// The family of facility-location objectives: makes the one a stage asks for.
struct FacilityLocation {
  FacilityLocationObjective plain(const Kernel& kernel) const { return FacilityLocationObjective(kernel); }
};

}  // namespace pickmix::inline v0
