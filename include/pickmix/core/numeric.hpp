// SPDX-License-Identifier: MIT
// Small numerical steps whose order of operations is part of the contract.
#pragma once

#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace pickmix::inline v0 {

/// p_i = exp(x_i) / Σ exp(x_k), without overflow. Minus infinity gives exactly 0.
///
/// \shape logits, out: the same length, at least 1; may be the same memory. At least one logit is finite, none is NaN or
///        plus infinity
inline void softmax(std::span<const double> logits, std::span<double> out) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (std::size_t i = 0; i < logits.size(); ++i) sum += out[i] = std::exp(logits[i] - top);
  for (double& p : out) p /= sum;
}

}  // namespace pickmix::inline v0
