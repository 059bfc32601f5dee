// SPDX-License-Identifier: MIT
// What is known of pairs of examples before the model is asked about them.
#pragma once

#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

#include <concepts>
#include <span>

namespace pickmix::inline v0 {

/// What is known of targets and contexts before any of their utilities. A template as `KnownEntries` is.
template <std::floating_point Real>
struct PairDescription {
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

  Matrix between;      ///< cosines, targets × contexts
  Matrix of_targets;   ///< among targets
  Matrix of_contexts;  ///< among contexts
  Vector alone;        ///< the targets' losses without context: no utility is larger
  bool square = true;  ///< context i is target i: the diagonal is an example in its own context

  /// From embeddings, one a row, and the targets' losses. Where targets are the contexts, `targets` is `contexts`.
  static PairDescription of(MatrixView<const Real> targets, MatrixView<const Real> contexts,
                            std::span<const Real> alone, bool square) {
    const Matrix t = unit_rows(targets), c = square ? t : unit_rows(contexts);
    return {t * c.transpose(), t * t.transpose(), c * c.transpose(),
            Eigen::Map<const Vector>(alone.data(), static_cast<Index>(alone.size())), square};
  }

 private:
  static Matrix unit_rows(MatrixView<const Real> rows) {
    Matrix out(rows.rows(), rows.columns());
    for (Index i = 0; i < rows.rows(); ++i) {
      for (Index c = 0; c < rows.columns(); ++c) out(i, c) = rows(i, c);
      const Real largest = out.row(i).cwiseAbs().maxCoeff();  // squares of what is divided by it cannot overflow
      if (largest > Real{0}) out.row(i) = (out.row(i) / largest).normalized();
    }
    return out;
  }
};

}  // namespace pickmix::inline v0
