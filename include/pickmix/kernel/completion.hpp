// SPDX-License-Identifier: MIT
// What the unknown entries of a matrix of utilities may be: a regression on the known ones, and how far it is off.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/known_entries.hpp>
#include <pickmix/kernel/pair_description.hpp>
#include <pickmix/kernel/ridge_regression.hpp>
#include <pickmix/kernel/sparse_products.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// A whole matrix: known entries as they are, the others predicted, and the predictions' errors.
template <std::floating_point Real>
class Completion {
 public:
  Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> predicted;
  Eigen::Matrix<Real, Eigen::Dynamic, 1> spread;  ///< of each row: the root mean square of its predictions' errors

  /// Known and predicted entries with errors added to the predicted ones: errors that known entries with a prediction like it
  /// had, each in units of its row's spread.
  auto draw(RandomStream random, const KnownEntries<Real>& known) const {
    auto out = predicted;
    const auto all = std::ssize(errors_);
    if (all == 0) return out;
    const Index window = std::min(all, std::max<Index>(10, all / 20));
    for (Index j = 0; j < out.cols(); ++j)
      for (Index i = 0; i < out.rows(); ++i) {
        if (known.has(i, j)) continue;
        const std::pair<Real, Real> here{predicted(i, j) / spread(i), -std::numeric_limits<Real>::infinity()};
        const Index at = std::lower_bound(errors_.begin(), errors_.end(), here) - errors_.begin();
        const Index first = std::clamp<Index>(at - window / 2, 0, all - window);
        out(i, j) += spread(i) * errors_[static_cast<std::size_t>(first + random.below(window))].second;
      }
    return out;
  }

 private:
  template <std::floating_point>
  friend class UtilityRegression;
  std::vector<std::pair<Real, Real>> errors_;  ///< of known entries, (prediction, error) / spread, rising
};

/// Ridge regression of the known utilities on what can be said of each pair without its own entry: means of its row and its
/// column, means over targets and contexts that are near by embedding and by their pattern of utilities, the cosine, the
/// losses alone, both diagonal entries and the mirrored entry.
///
/// Matrices are multiplied by the executor's threads: Eigen, compiled for OpenMP, would start its own.
///
/// \complexity one completion: about 4n³ + 200·n·known operations, some 23 n² floats and 230 bytes a known entry
/// \determinism the same bits at every thread count
template <std::floating_point Real>
class UtilityRegression {
 public:
  UtilityRegression(Cpu executor, const PairDescription<Real>& pairs)
      : executor_(executor),
        pairs_(&pairs),
        near_targets_(nearness(pairs.of_targets)),
        near_contexts_(nearness(pairs.of_contexts)) {}

  Completion<Real> complete(const KnownEntries<Real>& known) const {
    const Means means(*this, known);
    const Completion<Real> first = fit(known, means, {});
    return fit(known, means, patterns(means, first.predicted));
  }

 private:
  using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  using Sparse = Eigen::SparseMatrix<Real>;
  static constexpr std::size_t features = 21;
  using Features = std::array<double, features>;

  /// Sums of values and of their number, from which one entry can be left out.
  struct Sums {
    Matrix values, number;

    double mean(Index i, Index j, double own, double own_number, double prior, double weight) const {
      return (static_cast<double>(values(i, j)) - own + weight * prior) /
             (static_cast<double>(number(i, j)) - own_number + weight);
    }
  };

  /// exp(10 (cosine − 1)), and 1 for an item with itself.
  static Matrix nearness(Matrix cosines) {
    std::transform(cosines.data(), cosines.data() + cosines.size(), cosines.data(),
                   [](Real cosine) { return std::exp(Real{10} * (cosine - Real{1})); });
    for (Index i = 0; i < cosines.rows(); ++i) cosines(i, i) = Real{1};
    return cosines;
  }

  static Vector row_sums(const Sparse& entries) {
    Vector out = Vector::Zero(entries.rows());
    for (Index e = 0; e < entries.nonZeros(); ++e) out(entries.innerIndexPtr()[e]) += entries.valuePtr()[e];
    return out;
  }
  static Vector column_sums(const Sparse& entries) {
    Vector out(entries.cols());
    for (Index j = 0; j < out.size(); ++j) out(j) = entries.col(j).sum();
    return out;
  }

  struct Means {
    Sparse values, number, scaled;  ///< off the diagonal; scaled: in units of the row's headroom
    Vector headroom, diagonal;
    Vector row_sum, row_number, column_sum, column_number, scaled_column_sum;
    Sums by_target, by_context, scaled_by_target;  ///< contexts × targets by context, targets × contexts else
    double all = 0.0, scaled_all = 0.0;

    Means(const UtilityRegression& r, const KnownEntries<Real>& known) {
      const PairDescription<Real>& pairs = *r.pairs_;
      const Index n = known.rows(), m = known.columns();
      headroom.resize(n);
      diagonal = Vector::Zero(std::max(n, m));
      const bool with_diagonal = !pairs.square;
      values = number = scaled = known.sparse(with_diagonal);
      Real largest = 0;  // where losses alone are 0, what is divided by the headroom stays finite
      for (Index e = 0; e < values.nonZeros(); ++e) largest = std::max(largest, std::abs(values.valuePtr()[e]));
      const Real least = std::max(
          {Real(0.05) * pairs.alone.cwiseAbs().mean(), Real(1e-6) * largest, std::numeric_limits<Real>::min()});
      for (Index i = 0; i < n; ++i) {
        const bool own = pairs.square && known.has(i, i);
        if (own) diagonal(i) = known(i, i);
        headroom(i) = std::max(least, own ? known(i, i) : own_context * pairs.alone(i));
      }
      std::fill_n(number.valuePtr(), number.nonZeros(), Real{1});
      for (Index e = 0; e < scaled.nonZeros(); ++e) scaled.valuePtr()[e] /= headroom(scaled.innerIndexPtr()[e]);
      row_sum = row_sums(values);
      row_number = row_sums(number);
      column_sum = column_sums(values);
      column_number = column_sums(number);
      scaled_column_sum = column_sums(scaled);
      const double count = std::max(1.0, static_cast<double>(number.nonZeros()));
      all = static_cast<double>(column_sum.sum()) / count;
      scaled_all = static_cast<double>(scaled_column_sum.sum()) / count;
      by_target = {detail::product(r.executor_, r.near_targets_, values),
                   detail::product(r.executor_, r.near_targets_, number)};
      by_context = {detail::product(r.executor_, r.near_contexts_, Sparse(values.transpose())),
                    detail::product(r.executor_, r.near_contexts_, Sparse(number.transpose()))};
      scaled_by_target = {detail::product(r.executor_, r.near_targets_, scaled), by_target.number};
    }
  };

  struct Patterns {
    Sums by_target, by_context;  ///< as in Means
  };

  /// Rows, and columns, are near whose predicted utilities rise and fall together.
  Patterns patterns(const Means& means, const Matrix& predicted) const {
    const Matrix targets = alike(predicted), contexts = alike(predicted.transpose());
    return {{detail::product(executor_, targets, means.values), detail::product(executor_, targets, means.number)},
            {detail::product(executor_, contexts, Sparse(means.values.transpose())),
             detail::product(executor_, contexts, Sparse(means.number.transpose()))}};
  }
  Matrix alike(Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows) const {
    if (pairs_->square) rows.diagonal().setZero();
    for (Index i = 0; i < rows.rows(); ++i) rows.row(i).array() -= rows.row(i).mean();
    return nearness(PairDescription<Real>::cosines(executor_, rows));
  }

  Features features_of(Index i, Index j, const KnownEntries<Real>& known, const Means& m, const Patterns& p) const {
    const PairDescription<Real>& pairs = *pairs_;
    const bool counted = known.has(i, j) && !(pairs.square && i == j);
    const double own = counted ? static_cast<double>(known(i, j)) : 0.0, one = counted ? 1.0 : 0.0;
    const double scale = static_cast<double>(m.headroom(i));
    const double row =
        (static_cast<double>(m.row_sum(i)) - own + m.all) / (static_cast<double>(m.row_number(i)) - one + 1.0);
    const double column_number = static_cast<double>(m.column_number(j)) - one + 1.0;
    const double column = (static_cast<double>(m.column_sum(j)) - own + m.all) / column_number;
    const double scaled_column =
        scale * (static_cast<double>(m.scaled_column_sum(j)) - own / scale + m.scaled_all) / column_number;
    const double cosine = static_cast<double>(pairs.between(i, j));
    const bool mirrored = pairs.square && i != j && known.has(j, i);
    const bool by_pattern = p.by_target.values.size() > 0;
    constexpr double prior = 0.3;
    const auto diagonal = [&](Index k) { return static_cast<double>(m.diagonal(k)); };
    return {1.0,
            row,
            column,
            scaled_column,
            m.by_target.mean(i, j, own, one, m.all, prior),
            m.by_context.mean(j, i, own, one, m.all, prior),
            scale * m.scaled_by_target.mean(i, j, own / scale, one, m.scaled_all, prior),
            by_pattern ? p.by_target.mean(i, j, own, one, m.all, prior) : 0.0,
            by_pattern ? p.by_context.mean(j, i, own, one, m.all, prior) : 0.0,
            cosine,
            std::exp(5.0 * (cosine - 1.0)),
            row * cosine,
            column * cosine,
            (row - m.all) * (column - m.all) / (std::abs(m.all) + 0.1),
            static_cast<double>(pairs.alone(i)),
            pairs.square ? static_cast<double>(pairs.alone(j)) : 0.0,
            pairs.square ? diagonal(i) : 0.0,
            pairs.square ? diagonal(j) : 0.0,
            mirrored ? static_cast<double>(known(j, i)) - m.all : 0.0,
            mirrored ? 1.0 : 0.0,
            scale};
  }

  Completion<Real> fit(const KnownEntries<Real>& known, const Means& means, const Patterns& patterns) const {
    const Index n = known.rows(), m = known.columns();
    std::vector<Features> described;
    std::vector<double> utility;
    std::vector<Index> row_of;
    const auto count = static_cast<std::size_t>(means.values.nonZeros());
    described.reserve(count), utility.reserve(count), row_of.reserve(count);
    for (Index j = 0; j < m; ++j)
      for (typename Sparse::InnerIterator entry(means.values, static_cast<int>(j)); entry; ++entry) {
        described.push_back(features_of(entry.row(), j, known, means, patterns));
        utility.push_back(static_cast<double>(entry.value()));
        row_of.push_back(entry.row());
      }
    Completion<Real> out;
    out.predicted = known.values();
    out.spread = Vector::Ones(n);
    if (described.empty()) return out;
    const RidgeRegression<features> predict(described, utility, ridge);

    std::vector<double> fitted, squares(static_cast<std::size_t>(n), 0.0), entries(squares);
    double all_squares = 0.0;
    for (std::size_t k = 0; k < described.size(); ++k) {
      fitted.push_back(predict(described[k]));
      const double square = (utility[k] - fitted[k]) * (utility[k] - fitted[k]);
      const auto row = static_cast<std::size_t>(row_of[k]);
      squares[row] += square;
      entries[row] += 1.0;
      all_squares += square;
    }
    const double typical = all_squares / static_cast<double>(described.size());
    const double headroom = std::max(1e-30, static_cast<double>(means.headroom.squaredNorm()) / static_cast<double>(n));
    for (Index i = 0; i < n; ++i) {
      const double scale = static_cast<double>(means.headroom(i));
      const auto row = static_cast<std::size_t>(i);
      const double variance = (squares[row] + 3.0 * typical * scale * scale / headroom) / (entries[row] + 3.0);
      out.spread(i) = std::max(static_cast<Real>(std::sqrt(variance)), std::numeric_limits<Real>::min());
    }
    for (std::size_t k = 0; k < described.size(); ++k) {
      const auto spread = static_cast<double>(out.spread(row_of[k]));
      out.errors_.emplace_back(static_cast<Real>(fitted[k] / spread),
                               static_cast<Real>((utility[k] - fitted[k]) / spread));
    }
    std::sort(out.errors_.begin(), out.errors_.end());

    for_each_tile(executor_, m, [&](Index j) {
      for (Index i = 0; i < n; ++i) {
        if (known.has(i, j)) continue;
        const bool own = pairs_->square && i == j;
        out.predicted(i, j) = own ? own_context * pairs_->alone(i)
                                  : static_cast<Real>(predict(features_of(i, j, known, means, patterns)));
      }
    });
    return out;
  }

  static constexpr Real own_context = Real(0.85);  ///< share of its loss that an example in its own context takes away
  static constexpr double ridge = 10.0;

  Cpu executor_;
  const PairDescription<Real>* pairs_;
  Matrix near_targets_, near_contexts_;
};

}  // namespace pickmix::inline v0
