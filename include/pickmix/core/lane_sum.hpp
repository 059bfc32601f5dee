// SPDX-License-Identifier: MIT
// A long sum whose order of additions is fixed, and which the processor need not do one by one.
#pragma once

#include <pickmix/core/types.hpp>

namespace pickmix::inline v0 {

/// Σ_i term(i) over 0 ≤ i < n, as eight sums side by side, added pairwise at the end.
///
/// \determinism the order does not depend on compiler, flags or threads. Rounding is monotone, so the sum does not rise
///              by a bit where no term rises
template <class Term>
double lane_sum(Index n, Term&& term) {
  constexpr Index lanes = 8;
  double sum[lanes] = {};
  Index i = 0;
  for (; i + lanes <= n; i += lanes)
    for (Index lane = 0; lane < lanes; ++lane) sum[lane] += term(i + lane);
  for (Index lane = 0; i < n; ++i, ++lane) sum[lane] += term(i);
  for (Index width = lanes / 2; width > 0; width /= 2)
    for (Index lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
  return sum[0];
}

}  // namespace pickmix::inline v0
