// SPDX-License-Identifier: MIT
// Shares as even as they can be without reading small datasets too often.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// UniMax: the shares of a budget of B examples that are as even as possible while no dataset is read more than E times.
///
/// Datasets are visited by increasing size c, with m still to visit: U = min(B / m, E · c), B ← B − U. The shares are
/// U / ΣU. Where B is more than E passes over everything, they are proportional to size.
///
/// \param budget B, the examples that will be drawn
/// \param epochs E, the most passes over a dataset; infinity gives even shares
/// \shape      sizes: the examples in each dataset, each at least 1; result: one per dataset, with sum 1
/// \complexity O(datasets · log datasets)
/// \throws ShapeError if there is no dataset; ValueError if a size is below 1, budget is below 1 or not finite, or
///         epochs is not above 0
/// \cite chung2023unimax (Algorithm 1)
inline std::vector<double> unimax(std::span<const Index> sizes, double budget, double epochs) {
  if (sizes.empty()) raise<ShapeError>("unimax: sizes is empty; needs at least one dataset");
  for (std::size_t d = 0; d < sizes.size(); ++d)
    if (sizes[d] < 1) raise<ValueError>("unimax: sizes[{}] is {}; needs to be at least 1", d, sizes[d]);
  if (!(budget >= 1.0 && std::isfinite(budget)))
    raise<ValueError>("unimax: budget is {}; needs to be finite and at least 1", budget);
  if (!(epochs > 0.0)) raise<ValueError>("unimax: epochs is {}; needs to be above 0", epochs);

  std::vector<std::size_t> by_size(sizes.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  std::vector<double> shares(sizes.size());
  double left = budget, total = 0.0, to_visit = static_cast<double>(sizes.size());
  for (std::size_t d : by_size) {
    shares[d] = std::min(left / to_visit, epochs * static_cast<double>(sizes[d]));
    left -= shares[d];
    total += shares[d];
    to_visit -= 1.0;
  }
  for (double& share : shares) share /= total;
  return shares;
}

}  // namespace pickmix::inline v0
