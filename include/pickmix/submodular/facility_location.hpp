// SPDX-License-Identifier: MIT
// The family of facility-location objectives: one class, and what makes it each of its published forms.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// What a target set changes, with q over the target items.
enum class TargetForm {
  query,  ///< FLQMI: the target is what is represented. Σ_q max_{j∈A} s_qj + η Σ_{j∈A} max_q s_qj
  pool,  ///< FLVMI: the pool is, up to its relevance. Σ_i min(max_{j∈A} s_ij, η max_q s_qi). DELIFT's released code
  relevance,  ///< the pool is, and relevance counts besides. Σ_i max_{j∈A} s_ij + η Σ_{j∈A} max_q s_qj. DELIFT as printed
};

/// Makes facility-location objectives. In all of them negative similarities count as zero.
///
/// `kernel` is pool × pool (for `plain` it may be any rows × candidates); references are seen from the pool, see Reference.
/// \throws ShapeError if kernel and reference do not fit together; ValueError if η or ν is negative or not finite
/// \cite agarwal2025delift, kothawade2022prism (Table 1)
struct FacilityLocation {
  TargetForm form = TargetForm::query;

  /// Σ_i max_{j∈A} s_ij.
  FacilityLocationObjective plain(const Kernel& kernel) const { return FacilityLocationObjective(kernel); }

  /// As `form` says.
  FacilityLocationObjective mutual_information(const Kernel& kernel, const Reference& target, double eta = 1.0) const {
    detail::check_reference("FacilityLocation::mutual_information", "eta", kernel, target, eta);
    std::vector<float> relevant = scaled(relevance(target.to_pool), eta);
    if (form == TargetForm::query) return FacilityLocationObjective(target.to_pool, {.bonus = std::move(relevant)});
    if (form == TargetForm::relevance) return FacilityLocationObjective(kernel, {.bonus = std::move(relevant)});
    detail::check_square("FacilityLocation::mutual_information", kernel);
    return FacilityLocationObjective(kernel, {.cap = std::move(relevant)});
  }

  /// FLCG: Σ_i max(max_{j∈A} s_ij − ν max_p s_pi, 0) with p over the known items.
  FacilityLocationObjective conditional_gain(const Kernel& kernel, const Reference& known, double nu = 1.0) const {
    detail::check_reference("FacilityLocation::conditional_gain", "nu", kernel, known, nu);
    detail::check_square("FacilityLocation::conditional_gain", kernel);
    return FacilityLocationObjective(kernel, {.floor = scaled(relevance(known.to_pool), nu)});
  }

  /// FLCMI: Σ_i max(min(max_{j∈A} s_ij, η max_q s_qi) − ν max_p s_pi, 0).
  FacilityLocationObjective conditional_mutual_information(const Kernel& kernel, const Reference& target,
                                                           const Reference& known, double eta = 1.0,
                                                           double nu = 1.0) const {
    detail::check_reference("FacilityLocation::conditional_mutual_information", "eta", kernel, target, eta);
    detail::check_reference("FacilityLocation::conditional_mutual_information", "nu", kernel, known, nu);
    detail::check_square("FacilityLocation::conditional_mutual_information", kernel);
    return FacilityLocationObjective(
        kernel, {.floor = scaled(relevance(known.to_pool), nu), .cap = scaled(relevance(target.to_pool), eta)});
  }

  /// Whether `mutual_information` looks at the pool's own similarities.
  bool target_needs_pool() const { return form != TargetForm::query; }

 private:
  static std::vector<float> scaled(std::vector<float> values, double by) {
    for (float& x : values) x = static_cast<float>(x * by);
    return values;
  }
};

}  // namespace pickmix::inline v0
