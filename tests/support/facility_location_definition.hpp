// SPDX-License-Identifier: MIT
// Facility location as it is defined, without any state.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <span>

/// f(A) = Σ_i max(0, max_{j∈A} s_ij), in double precision.
struct FacilityLocationDefinition {
  pickmix::Kernel kernel;

  double operator()(std::span<const pickmix::Index> set) const {
    double value = 0.0;
    for (pickmix::Index i = 0; i < kernel.rows(); ++i) {
      double served = 0.0;
      for (pickmix::Index j : set) served = std::max(served, static_cast<double>(kernel(i, j)));
      value += served;
    }
    return value;
  }
};
