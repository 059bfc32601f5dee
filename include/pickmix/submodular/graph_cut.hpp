// SPDX-License-Identifier: MIT
// The family of graph-cut objectives.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/column_sums.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/submodular/graph_cut_objective.hpp>

#include <cmath>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// Makes graph-cut objectives: λ weighs diversity against representation. Take similarities that are not negative
/// (ShiftedCosine, Rbf); with others a gain can rise, and lazy greedy has to do the work of naive greedy, or be negative, and
/// the selection ends before its budget is reached (`StopReason::no_positive_gain`).
///
/// \throws ShapeError if the kernel is not square or does not fit the reference; ValueError if λ, η or ν is negative or not
///         finite
/// \cite kothawade2022prism (Table 1)
struct GraphCut {
  double lambda = 0.5;

  /// Σ_i Σ_{j∈A} s_ij − λ Σ_{i,j∈A} s_ij, with i in the first sum over all rows.
  GraphCutObjective plain(const Kernel& kernel) const { return GraphCutObjective(kernel, lambda); }

  /// GCMI: 2λη Σ_{j∈A} Σ_q s_qj with q over the target. It is modular: η changes values and no pick, and a selection is the
  /// items that are most similar to the target, however similar they are to each other.
  GraphCutObjective mutual_information(const Kernel& kernel, const Reference& target, double eta = 1.0) const {
    detail::check_reference("GraphCut::mutual_information", "eta", kernel, target, eta);
    validate();
    return GraphCutObjective(scaled_sums(target, 2.0 * lambda * eta));
  }

  /// GCCG: the plain objective less 2λν Σ_{j∈A} Σ_p s_pj with p over the known items.
  GraphCutObjective conditional_gain(const Kernel& kernel, const Reference& known, double nu = 1.0) const {
    detail::check_reference("GraphCut::conditional_gain", "nu", kernel, known, nu);
    validate();
    return GraphCutObjective(kernel, lambda, scaled_sums(known, -2.0 * lambda * nu));
  }

  /// Whether `mutual_information` looks at the pool's own similarities.
  bool target_needs_pool() const { return false; }

  /// \throws ValueError unless lambda is finite and at least 0
  void validate() const {
    if (!(lambda >= 0.0) || !std::isfinite(lambda))
      raise<ValueError>("GraphCut: lambda is {}; needs to be finite and at least 0", lambda);
  }

 private:
  static std::vector<double> scaled_sums(const Reference& reference, double by) {
    std::vector<double> sums = column_sums(cpu, reference.to_pool);
    for (double& sum : sums) sum *= by;
    return sums;
  }
};

}  // namespace pickmix::inline v0
