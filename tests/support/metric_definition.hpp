// SPDX-License-Identifier: MIT
// The metrics as they are defined, in double precision.
#pragma once

#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/metric.hpp>

#include <algorithm>
#include <cmath>
#include <variant>

namespace support {

/// Every metric.
inline const pickmix::Metric metrics[] = {pickmix::Cosine{}, pickmix::ShiftedCosine{}, pickmix::Dot{},
                                          pickmix::Rbf{0.3}};

/// The similarity of row i of `a` to row j of `b`.
inline double similarity_of(const pickmix::Metric& metric, pickmix::MatrixView<const float> a, pickmix::Index i,
                            pickmix::MatrixView<const float> b, pickmix::Index j) {
  double xy = 0.0, xx = 0.0, yy = 0.0, distance = 0.0;
  for (pickmix::Index k = 0; k < a.columns(); ++k) {
    const double x = a(i, k), y = b(j, k);
    xy += x * y;
    xx += x * x;
    yy += y * y;
    distance += (x - y) * (x - y);
  }
  const double cosine = xx > 0.0 && yy > 0.0 ? xy / (std::sqrt(xx) * std::sqrt(yy)) : 0.0;
  if (std::holds_alternative<pickmix::Cosine>(metric)) return cosine;
  if (std::holds_alternative<pickmix::ShiftedCosine>(metric)) return (1.0 + cosine) / 2.0;
  if (std::holds_alternative<pickmix::Dot>(metric)) return xy;
  return std::exp(-std::get<pickmix::Rbf>(metric).gamma * distance);
}

/// The largest difference between a kernel's entries and what they should be.
inline double largest_error(const pickmix::Kernel& kernel, const pickmix::Metric& metric,
                            pickmix::MatrixView<const float> rows, pickmix::MatrixView<const float> columns) {
  double largest = 0.0;
  for (pickmix::Index i = 0; i < rows.rows(); ++i)
    for (pickmix::Index j = 0; j < columns.rows(); ++j) {
      const double error = std::abs(static_cast<double>(kernel(i, j)) - similarity_of(metric, rows, i, columns, j));
      if (!(error <= largest)) largest = error;  // a NaN stays
    }
  return largest;
}

}  // namespace support
