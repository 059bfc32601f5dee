// SPDX-License-Identifier: MIT
// Whether a kernel is its own mirror image.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace pickmix::inline v0 {

struct Pair {
  Index i, j;
};

/// A pair of items whose two similarities differ by more than `share` of the larger of their similarities to themselves,
/// if there is one; with share 0, a pair whose two similarities differ at all. Of a streamed kernel whose rows and columns
/// were given one by one, and so may be of different data, the first pair, which is not looked at.
///
/// \shape      kernel: square
/// \complexity the stored entries, once; none of a streamed kernel, whose rows either are its columns or are not
inline std::optional<Pair> asymmetric_pair(const Kernel& kernel, float share) {
  if (const auto* streamed = kernel.streamed())
    return streamed->symmetric() ? std::nullopt : std::optional(Pair{0, std::min<Index>(1, kernel.columns() - 1)});
  const auto differ = [&](Index i, Index j, float s, float mirrored) {
    return s != mirrored && !(std::abs(s - mirrored) <= share * std::max(kernel(i, i), kernel(j, j)));
  };
  const Index n = kernel.columns();
  if (const auto* sparse = kernel.sparse()) {
    for (Index j = 0; j < n; ++j)
      for (std::size_t e = 0; e < sparse->rows_of(j).size(); ++e) {
        const Index i = sparse->rows_of(j)[e];
        if (differ(i, j, sparse->values_of(j)[e], kernel(j, i))) return Pair{i, j};
      }
    return std::nullopt;
  }
  const auto search = [&](const auto& entry) -> std::optional<Pair> {
    constexpr Index edge = 64;  // both mirror images of a block stay in the cache
    for (Index right = 0; right < n; right += edge)
      for (Index top = 0; top <= right; top += edge)
        for (Index j = right; j < std::min(right + edge, n); ++j)
          for (Index i = top; i < std::min(top + edge, j); ++i)
            if (entry(i, j) != entry(j, i) && differ(i, j, kernel(i, j), kernel(j, i))) return Pair{i, j};
    return std::nullopt;
  };
  if (const auto* half = kernel.half()) return search([&](Index i, Index j) { return half->column(j)[i]; });
  return search([&](Index i, Index j) { return kernel.dense()->column(j)[i]; });
}

}  // namespace pickmix::inline v0
