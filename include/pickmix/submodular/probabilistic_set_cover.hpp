// SPDX-License-Identifier: MIT
// Probabilistic set cover: the expected weight of the concepts that the set has between its items.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/lane_sum.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// \throws ValueError if an entry is outside [0, 1]; names it
inline void check_probabilities(std::string_view name, MatrixView<const float> matrix) {
  for (Index r = 0; r < matrix.rows(); ++r)
    for (Index u = 0; u < matrix.columns(); ++u)
      if (!(matrix(r, u) >= 0.0f && matrix(r, u) <= 1.0f))
        raise<ValueError>("ProbabilisticSetCover: {}({}, {}) is {}; a probability is at least 0 and at most 1", name, r,
                          u, matrix(r, u));
}

}  // namespace detail

/// f(A) = Σ_u w_u · (1 − Π_{j∈A} (1 − p_ju)), p_ju being the probability that item j has concept u.
///
/// Monotone, with diminishing returns. An item in the set gains 0. Copies share the probabilities and not the set.
///
/// \complexity  gain and add: one step a concept each; memory: 4 bytes an item and concept, 16 bytes a concept
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit: what
///              is missing is multiplied by numbers of at most 1, and rounding is monotone
/// \cite iyer2021 (probabilistic set cover and its information measures), kaushal2022
class ProbabilisticSetCoverObjective {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  /// \shape  probabilities: items × concepts, at least 1 × 1, copied; weights: one a concept, or none for 1 each
  /// \throws ShapeError if a shape is another; ValueError if a probability is outside [0, 1] or a weight is negative or
  ///         not finite (names it)
  ProbabilisticSetCoverObjective(MatrixView<const float> probabilities, const std::vector<double>& weights)
      : items_(probabilities.rows()) {
    if (items_ < 1 || probabilities.columns() < 1)
      raise<ShapeError>("ProbabilisticSetCover: probabilities is {} x {}; needs at least one item and one concept",
                        items_, probabilities.columns());
    weights_ = detail::weights_or_ones("ProbabilisticSetCover", weights, probabilities.columns(), "concepts");
    detail::check_probabilities("probabilities", probabilities);
    std::vector<float> copy;
    copy.reserve(weights_.size() * static_cast<std::size_t>(items_));
    for (Index j = 0; j < items_; ++j) {
      const auto row = probabilities.row(j);
      copy.insert(copy.end(), row.begin(), row.end());
    }
    probabilities_ = std::make_shared<const std::vector<float>>(std::move(copy));
    missing_ = weights_;
    held_.assign(static_cast<std::size_t>(items_), false);
  }

  Index size() const { return items_; }

  double gain(Index j) const {
    if (held_[static_cast<std::size_t>(j)]) return 0.0;
    const float* p = row(j);
    return lane_sum(static_cast<Index>(missing_.size()),
                    [p, missing = missing_.data()](Index u) { return missing[u] * static_cast<double>(p[u]); });
  }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    held_[static_cast<std::size_t>(j)] = true;
    const float* p = row(j);
    for (double& missing : missing_) missing *= 1.0 - static_cast<double>(*p++);
  }

  void reset() {
    missing_ = weights_;
    std::fill(held_.begin(), held_.end(), false);
  }

 private:
  const float* row(Index j) const { return probabilities_->data() + j * static_cast<Index>(weights_.size()); }

  Index items_;
  std::vector<double> weights_;
  std::shared_ptr<const std::vector<float>> probabilities_;  // item after item
  std::vector<double> missing_;                              // w_u · Π_{j∈A} (1 − p_ju)
  std::vector<bool> held_;
};

/// The family of probabilistic set-cover objectives. Without weights, every concept has weight 1. What is wanted (the
/// query) and what is known are given by their items' probabilities, a row each; they may have no row.
///
/// \shape  probabilities: items × concepts; query, known: any number of rows × concepts
/// \throws ShapeError if the numbers of concepts differ; ValueError if a probability is outside [0, 1] (names it)
/// \cite iyer2021 (probabilistic set cover: mutual information, conditional gain, conditional mutual
///       information)
struct ProbabilisticSetCover {
  std::vector<double> weights = {};

  ProbabilisticSetCoverObjective plain(MatrixView<const float> probabilities) const {
    return ProbabilisticSetCoverObjective(probabilities, weights);
  }

  /// w_u · (1 − Π_{q∈Q} (1 − p_qu)) takes the place of w_u: the chance that the query has the concept.
  ProbabilisticSetCoverObjective mutual_information(MatrixView<const float> probabilities,
                                                    MatrixView<const float> query) const {
    return ProbabilisticSetCoverObjective(probabilities, wanted(ones(probabilities), query));
  }

  /// w_u · Π_{p∈P} (1 − p_pu) takes the place of w_u: the chance that nothing known has the concept.
  ProbabilisticSetCoverObjective conditional_gain(MatrixView<const float> probabilities,
                                                  MatrixView<const float> known) const {
    return ProbabilisticSetCoverObjective(probabilities, unknown(ones(probabilities), known));
  }

  /// Both factors.
  ProbabilisticSetCoverObjective conditional_mutual_information(MatrixView<const float> probabilities,
                                                                MatrixView<const float> query,
                                                                MatrixView<const float> known) const {
    return ProbabilisticSetCoverObjective(probabilities, unknown(wanted(ones(probabilities), query), known));
  }

 private:
  using Weights = std::vector<double>;

  Weights ones(MatrixView<const float> probabilities) const {
    return detail::weights_or_ones("ProbabilisticSetCover", weights, probabilities.columns(), "concepts");
  }

  static void check(std::string_view name, MatrixView<const float> matrix, const Weights& weights) {
    if (matrix.columns() != static_cast<Index>(weights.size()))
      raise<ShapeError>("ProbabilisticSetCover: {} has {} columns and probabilities has {}; a column is a concept",
                        name, matrix.columns(), weights.size());
    detail::check_probabilities(name, matrix);
  }

  static Weights wanted(Weights w, MatrixView<const float> query) {
    check("query", query, w);
    for (std::size_t u = 0; u < w.size(); ++u) {
      double chance = 0.0;
      for (Index q = 0; q < query.rows(); ++q)
        chance += (1.0 - chance) * static_cast<double>(query(q, static_cast<Index>(u)));
      w[u] *= chance;
    }
    return w;
  }

  static Weights unknown(Weights w, MatrixView<const float> known) {
    check("known", known, w);
    for (Index p = 0; p < known.rows(); ++p)
      for (std::size_t u = 0; u < w.size(); ++u) w[u] *= 1.0 - static_cast<double>(known(p, static_cast<Index>(u)));
    return w;
  }
};

}  // namespace pickmix::inline v0
