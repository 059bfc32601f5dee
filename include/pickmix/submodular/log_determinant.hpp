// SPDX-License-Identifier: MIT
// The family of log-determinant objectives.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/submodular/log_determinant_known.hpp>
#include <pickmix/submodular/log_determinant_objective.hpp>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

namespace pickmix::inline v0 {

/// Makes log-determinant objectives. Every diagonal is regularised by ε: S_A, S_Q, S_P below stand for the similarities of
/// the set, the target and the known items to themselves, with ε added on the diagonal; Q_A and P_A for those of target and
/// known items to the set. References must have `within`.
///
/// Similarities must be positive semidefinite together, as those of Cosine, ShiftedCosine, Dot and Rbf are; then η and ν up
/// to 1 keep them so, for conditional mutual information if they are equal: it does not weigh the similarities between
/// target and known items.
///
/// \tparam Matrix  of the members: what is decomposed; programs that know of no items do not compile it
/// \throws ShapeError if shapes do not fit together; ValueError if ε is not finite or not above 0, or below a thousandth of
///         the mean diagonal or 2⁻¹⁸ of the largest, if η or ν is negative or not finite, if a reference has no `within`,
///         or if similarities are not symmetric or not positive definite
/// \cite kothawade2022prism (Table 1), kaushal2022 (Submodlib: a submodular optimization library)
struct LogDeterminant {
  double epsilon = 1.0;

  /// log det S_A.
  LogDeterminantObjective plain(const Kernel& kernel) const { return LogDeterminantObjective(kernel, epsilon); }

  /// LogDetMI: log det S_A − log det(S_A − η² Q_Aᵀ S_Q⁻¹ Q_A).
  template <class Matrix = Eigen::MatrixXd>
  LogDeterminantDifference mutual_information(const Kernel& kernel, const Reference& target, double eta = 1.0) const {
    return {plain(kernel), given<Matrix>("LogDeterminant::mutual_information", "eta", "target", kernel, target, eta)};
  }

  /// LogDetCG: log det(S_A − ν² P_Aᵀ S_P⁻¹ P_A).
  template <class Matrix = Eigen::MatrixXd>
  LogDeterminantObjective conditional_gain(const Kernel& kernel, const Reference& known, double nu = 1.0) const {
    return given<Matrix>("LogDeterminant::conditional_gain", "nu", "known", kernel, known, nu);
  }

  /// LogDetCMI: the conditional gain given the known items less the one given known and target items together.
  ///
  /// \param target_to_known similarities of the target (rows) to the known items (columns), which are not weighted
  template <class Matrix = Eigen::MatrixXd>
  LogDeterminantDifference conditional_mutual_information(const Kernel& kernel, const Reference& target,
                                                          const Reference& known, const Kernel& target_to_known,
                                                          double eta = 1.0, double nu = 1.0) const {
    constexpr std::string_view what = "LogDeterminant::conditional_mutual_information";
    check(what, "eta", "target", kernel, target, eta);
    LogDeterminantObjective given_known = given<Matrix>(what, "nu", "known", kernel, known, nu);
    const Index q = target.to_pool.rows(), p = known.to_pool.rows();
    if (target_to_known.rows() != q || target_to_known.columns() != p)
      raise<ShapeError>("{}: target_to_known is {} x {}; there are {} target and {} known items", what,
                        target_to_known.rows(), target_to_known.columns(), q, p);
    Matrix within(p + q, p + q);
    within.topLeftCorner(p, p) = detail::regularised(*known.within, epsilon);
    within.bottomRightCorner(q, q) = detail::regularised(*target.within, epsilon);
    within.bottomLeftCorner(q, p) = detail::entries_of(target_to_known);
    within.topRightCorner(p, q) = within.bottomLeftCorner(q, p).transpose();
    return {std::move(given_known),
            given(what, kernel, std::array<detail::WeightedRows, 2>{{{&known.to_pool, nu}, {&target.to_pool, eta}}},
                  within)};
  }

  /// \throws ValueError unless epsilon is finite and above 0
  void validate() const { validate("LogDeterminant"); }

  /// \throws ValueError if epsilon is too small for the kernel's diagonal, as above
  void validate(const Kernel& kernel) const { detail::check_epsilon(kernel, epsilon); }

  /// \throws ValueError if the reference `name` has no `within`, or one that is not symmetric; ShapeError if that has
  ///         not one row and one column for each item
  void validate(std::string_view name, const Reference& reference) const {
    check_within("LogDeterminant", name, reference);
  }

  /// Whether `mutual_information` looks at the pool's own similarities.
  bool target_needs_pool() const { return true; }

 private:
  void validate(std::string_view what) const {
    if (!(epsilon > 0.0) || !std::isfinite(epsilon))
      raise<ValueError>("{}: epsilon is {}; needs to be finite and above 0", what, epsilon);
  }
  template <class Matrix>
  LogDeterminantObjective given(std::string_view what, const Kernel& kernel, std::span<const detail::WeightedRows> rows,
                                const Matrix& within) const {
    return LogDeterminantObjective(kernel, epsilon, detail::known_rows(cpu, what, rows, within));
  }

  template <class Matrix>
  LogDeterminantObjective given(std::string_view what, std::string_view symbol, std::string_view name,
                                const Kernel& kernel, const Reference& known, double weight) const {
    check(what, symbol, name, kernel, known, weight);
    return given(what, kernel, std::array{detail::WeightedRows{&known.to_pool, weight}},
                 detail::regularised(*known.within, epsilon));
  }

  void check(std::string_view what, std::string_view symbol, std::string_view name, const Kernel& kernel,
             const Reference& reference, double weight) const {
    detail::check_reference(what, symbol, kernel, reference, weight);
    validate(what);
    check_within(what, name, reference);
  }

  static void check_within(std::string_view what, std::string_view name, const Reference& reference) {
    if (!reference.within)
      raise<ValueError>("{}: {}.within is missing; give the similarities of the {} items to each other", what, name,
                        name);
    const Index items = reference.to_pool.rows();
    if (reference.within->rows() != items || reference.within->columns() != items)
      raise<ShapeError>("{}: {}.within is {} x {}, and {}.to_pool has {} rows; needs one row and one column for each",
                        what, name, reference.within->rows(), reference.within->columns(), name, items);
    if (const auto* streamed = reference.within->streamed(); streamed != nullptr && !streamed->symmetric())
      raise<ValueError>(
          "{}: the rows and columns of {}.within were given one by one; the similarities of the {} items to each other "
          "are needed: similarity(items)",
          what, name, name);
    if (const auto pair = asymmetric_pair(*reference.within, 1e-5f))
      raise<ValueError>("{}: {}.within({}, {}) differs from its mirror image; it must be symmetric", what, name,
                        pair->i, pair->j);
  }
};

}  // namespace pickmix::inline v0
