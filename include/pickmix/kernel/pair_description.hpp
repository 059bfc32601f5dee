// SPDX-License-Identifier: MIT
// What is known of pairs of examples before the model is asked about them.
#pragma once

#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/similarity.hpp>

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
  static PairDescription of(Cpu executor, MatrixView<const Real> targets, MatrixView<const Real> contexts,
                            std::span<const Real> alone, bool square) {
    const Vector losses = Eigen::Map<const Vector>(alone.data(), static_cast<Index>(alone.size()));
    const Matrix of_contexts = cosines(executor, contexts);
    if (square) return {of_contexts, of_contexts, of_contexts, losses, true};
    return {entries(*similarity(executor, targets, contexts, {})), cosines(executor, targets), of_contexts, losses,
            false};
  }

  /// Of all pairs of rows.
  static Matrix cosines(Cpu executor, MatrixView<const Real> rows) { return entries(*similarity(executor, rows, {})); }

 private:
  static Matrix entries(const Kernel& kernel) {
    return Eigen::Map<const Matrix>(kernel.dense()->column(0), kernel.rows(), kernel.columns());
  }
};

}  // namespace pickmix::inline v0
