// SPDX-License-Identifier: MIT
// The few dense primitives everything else is made of, on the CPU with Eigen. They start no threads.
#pragma once

#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

namespace pickmix::inline v0::backend {

using RowMajorMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A view of a view: no copy.
inline auto as_eigen(MatrixView<const float> m) {
  return Eigen::Map<const RowMajorMatrix, 0, Eigen::OuterStride<>>(m.data(), m.rows(), m.columns(),
                                                                   Eigen::OuterStride<>(m.stride()));
}
inline auto as_eigen(MatrixView<float> m) {
  return Eigen::Map<RowMajorMatrix, 0, Eigen::OuterStride<>>(m.data(), m.rows(), m.columns(),
                                                             Eigen::OuterStride<>(m.stride()));
}

/// out = a · bᵀ: all inner products of the rows of `a` with the rows of `b`.
///
/// \shape a: m × d, b: n × d, out: m × n
/// \complexity 2·m·n·d operations
/// \determinism the bits of an entry depend on the shapes; use fixed tiles where they must not vary
inline void inner_products(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> out) {
  as_eigen(out).noalias() = as_eigen(a) * as_eigen(b).transpose();
}

/// Coverage gain of one column: Σ_i max(column_i − coverage_i, 0).
///
/// Within blocks of 256 rows the terms are summed in float, sixteen sums side by side, which fill the vector registers of
/// any processor; the blocks are summed in double. The order is the same whatever the compiler and its flags, and since
/// rounding is monotone, the gain of a column can only fall when coverage rises, to the last bit.
///
/// \shape column, coverage: n entries
/// \complexity n operations, 8n bytes
inline double coverage_gain(const float* column, const float* coverage, Index n) {
  constexpr Index lanes = 16, block = 256;
  using Lanes = Eigen::Array<float, lanes, 1>;
  using Rows = Eigen::Map<const Lanes>;
  double total = 0.0;
  for (Index begin = 0; begin < n; begin += block) {
    const Index end = begin + block < n ? begin + block : n;
    Lanes sum = Lanes::Zero();
    Index i = begin;
    for (; i + lanes <= end; i += lanes) sum += (Rows(column + i) - Rows(coverage + i)).max(0.0f);
    for (Index lane = 0; i < end; ++i, ++lane) sum[lane] += column[i] > coverage[i] ? column[i] - coverage[i] : 0.0f;
    for (Index width = lanes / 2; width > 0; width /= 2)
      for (Index lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
    total += static_cast<double>(sum[0]);
  }
  return total;
}

/// coverage_i = max(coverage_i, column_i).
///
/// \shape column, coverage: n entries
inline void raise_coverage(const float* column, float* coverage, Index n) {
  Eigen::Map<Eigen::ArrayXf> covered(coverage, n);
  covered = covered.max(Eigen::Map<const Eigen::ArrayXf>(column, n));
}

}  // namespace pickmix::inline v0::backend
