// SPDX-License-Identifier: MIT
// Where the update of Mixture-of-Skills is bound for, in one step.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/mos/mixture.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// p_k ← (1 − rate) p_k + rate · R_k / Σ_i R_i. Where all rewards are 0, p stays.
///
/// R / ΣR is where the gradient of `Drift` vanishes; here the way there is a straight line, and a rate of 1 goes all of
/// it at once.
///
/// \cite wu2024mos (the fixed point of Eq. 6)
struct ClosedForm {
  static constexpr std::string_view kind = "closed_form";

  /// The part of the way that one update goes.
  double rate = 1.0;

  /// \throws ValueError if rate is not in [0, 1]
  void validate() const {
    if (!(rate >= 0.0 && rate <= 1.0)) raise<ValueError>("ClosedForm: rate is {}; needs to be in [0, 1]", rate);
  }

  /// The next distribution.
  ///
  /// \shape      rewards: one per dataset, 0 to `largest_reward`; memory: stays empty
  /// \complexity O(datasets)
  /// \throws ValueError if there is memory
  std::vector<double> next(const MixtureView& now, std::span<const double> rewards, std::vector<double>& memory) const {
    detail::check_update_memory("ClosedForm", memory, 0);
    std::vector<double> p(now.probabilities.begin(), now.probabilities.end());
    double total = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.active(k)) total += rewards[k];
    if (total == 0.0) return p;
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.active(k)) p[k] = (1.0 - rate) * p[k] + rate * (rewards[k] / total);
    return p;
  }
};

}  // namespace pickmix::inline v0
