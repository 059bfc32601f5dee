// SPDX-License-Identifier: MIT
// The distribution over datasets that training starts with.
#pragma once

#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// log q_τ(i), where q_τ(i) ∝ sizes(i)^(1/τ): τ = 1 is proportional to size, τ = ∞ is uniform.
///
/// Computed in logarithms, so that neither a small τ nor a huge dataset overflows.
/// \shape sizes: at least one, each at least 1; temperature: at least 1e-6
/// \cite wu2024mos (Eq. 4)
inline std::vector<double> log_prior(std::span<const Index> sizes, double temperature) {
  std::vector<double> logits;
  for (Index size : sizes) logits.push_back(std::log(static_cast<double>(size)) / temperature);
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (double logit : logits) sum += std::exp(logit - top);
  for (double& logit : logits) logit -= top + std::log(sum);
  return logits;
}

}  // namespace pickmix::inline v0
