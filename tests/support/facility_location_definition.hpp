// SPDX-License-Identifier: MIT
// Facility location as it is defined, without any state.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <set>
#include <span>

/// f(A) = Σ_i max(min(max_{j∈A} s_ij, c_i) − b_i, 0) + Σ_{j∈A} r_j, in double precision; what is negative counts as zero.
struct FacilityLocationDefinition {
  pickmix::Kernel kernel;
  pickmix::FacilityLocationTerms terms = {};

  double operator()(std::span<const pickmix::Index> set) const {
    double value = 0.0;
    for (pickmix::Index i = 0; i < kernel.rows(); ++i) {
      const auto row = static_cast<std::size_t>(i);
      double served = 0.0;
      for (pickmix::Index j : set) served = std::max(served, static_cast<double>(kernel(i, j)));
      const double floor = terms.floor.empty() ? 0.0 : std::max(0.0, static_cast<double>(terms.floor[row]));
      const double cap =
          terms.cap.empty() ? std::numeric_limits<double>::infinity() : static_cast<double>(terms.cap[row]);
      value += std::max(std::min(served, cap) - floor, 0.0);
    }
    if (!terms.bonus.empty())
      for (pickmix::Index j : std::set<pickmix::Index>(set.begin(), set.end()))
        value += static_cast<double>(terms.bonus[static_cast<std::size_t>(j)]);
    return value;
  }
};
