// SPDX-License-Identifier: MIT
// The product of a matrix and a sparse one.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <concepts>

namespace pickmix::inline v0::detail {

template <std::floating_point Real>
using ColumnMajor = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

/// left · right, a column a tile. Eigen's own product starts threads of its own where it is compiled for OpenMP.
///
/// \complexity  left.rows · non-zeros operations
/// \determinism the same bits at every thread count
template <std::floating_point Real>
ColumnMajor<Real> product(Cpu executor, const ColumnMajor<Real>& left, const Eigen::SparseMatrix<Real>& right) {
  ColumnMajor<Real> out = ColumnMajor<Real>::Zero(left.rows(), right.cols());
  for_each_tile(executor, out.cols(), [&](Index j) {
    Real* const sum = out.data() + j * left.rows();
    for (typename Eigen::SparseMatrix<Real>::InnerIterator entry(right, j); entry; ++entry) {
      const Real value = entry.value();
      const Real* const column = left.data() + entry.row() * left.rows();
      for (Index i = 0; i < left.rows(); ++i) sum[i] += value * column[i];
    }
  });
  return out;
}

}  // namespace pickmix::inline v0::detail
