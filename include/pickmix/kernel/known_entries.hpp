// SPDX-License-Identifier: MIT
// A matrix of which some entries are known.
#pragma once

#include <pickmix/core/types.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <concepts>

namespace pickmix::inline v0 {

/// The entries of a targets × contexts matrix that were measured; all others are unknown, and read as zero.
///
/// \complexity 8 bytes for each entry, known or not
/// \tparam     Real float; a template, so that programs that do not complete matrices do not compile this
template <std::floating_point Real>
class KnownEntries {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;

 public:
  KnownEntries(Index rows, Index columns) : values_(Matrix::Zero(rows, columns)), known_(Matrix::Zero(rows, columns)) {}

  Index rows() const { return values_.rows(); }
  Index columns() const { return values_.cols(); }
  Index count() const { return count_; }

  bool has(Index i, Index j) const { return known_(i, j) != Real{0}; }
  Real operator()(Index i, Index j) const { return values_(i, j); }

  /// An entry that was not known before.
  void set(Index i, Index j, Real value) {
    values_(i, j) = value;
    known_(i, j) = Real{1};
    ++count_;
  }

  const Matrix& values() const { return values_; }

  /// The known entries, compressed; without those on the diagonal, if wanted.
  Eigen::SparseMatrix<Real> sparse(bool with_diagonal) const {
    Eigen::SparseMatrix<Real> out(rows(), columns());
    out.reserve(count_);
    for (Index j = 0; j < columns(); ++j) {
      out.startVec(j);
      for (Index i = 0; i < rows(); ++i)
        if (has(i, j) && (with_diagonal || i != j)) out.insertBack(i, j) = values_(i, j);
    }
    out.finalize();
    return out;
  }

 private:
  Matrix values_, known_;
  Index count_ = 0;
};

}  // namespace pickmix::inline v0
