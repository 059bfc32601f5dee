// SPDX-License-Identifier: MIT
// From shares of a mixture to numbers of rows.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/shares.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Shares of `rest` for the datasets that are open, in parts of a row.
inline std::vector<double> exact_quotas(std::span<const double> shares, const std::vector<bool>& open, Index rest) {
  double sum = 0.0;
  for (std::size_t d = 0; d < shares.size(); ++d)
    if (open[d]) sum += shares[d];
  std::vector<double> exact(shares.size(), 0.0);
  for (std::size_t d = 0; d < shares.size(); ++d)
    if (open[d]) exact[d] = shares[d] / sum * static_cast<double>(rest);
  return exact;
}

/// Rounds `exact` so that the open datasets have `rest` together: down, and what is left goes to the largest remainders.
inline void round_quotas(std::span<const double> exact, const std::vector<bool>& open, std::span<const Index> sizes,
                         Index rest, std::vector<Index>& quotas) {
  std::vector<std::size_t> order;
  for (std::size_t d = 0; d < exact.size(); ++d) {
    if (!open[d]) continue;
    quotas[d] = static_cast<Index>(exact[d]);
    rest -= quotas[d];
    order.push_back(d);
  }
  const auto remainder = [&](std::size_t d) { return exact[d] - std::floor(exact[d]); };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return remainder(a) > remainder(b); });
  while (rest > 0)  // once, unless numbers are so large that a double has not all their digits
    for (auto d = order.begin(); d != order.end() && rest > 0; ++d)
      if (quotas[*d] < sizes[*d]) ++quotas[*d], --rest;
  while (rest < 0)
    for (auto d = order.rbegin(); d != order.rend() && rest < 0; ++d)
      if (quotas[*d] > 0) --quotas[*d], ++rest;
}

}  // namespace detail

/// How many rows of each dataset make up `total` by these shares: `quotas(state.probabilities(), sizes, total)`.
///
/// Whole numbers by largest remainder; of equal remainders the lower index gains. A dataset that has fewer rows gives all of
/// them, and the others take its part by their shares. One without a share (0, or no more than 1e-290 of all: what a MosState
/// makes of 0) gets none, even where the others are full: it is retired, say. So the sum is the lesser of `total` and the
/// rows of the datasets that have a share.
///
/// Shares are of rows; where a state's are of tokens, divide them by each dataset's tokens first.
/// \shape      shares, sizes: one for each dataset; shares need no sum of 1
/// \complexity O(datasets²) at most: each time that datasets are found full the others are looked at again
/// \throws     ShapeError if there is no dataset or not one size each; ValueError if a share is negative or not finite, all
///             are 0, a size is negative, or total is
inline std::vector<Index> quotas(std::span<const double> shares, std::span<const Index> sizes, Index total) {
  if (shares.empty()) raise<ShapeError>("quotas: shares is empty; needs at least one dataset");
  if (shares.size() != sizes.size())
    raise<ShapeError>("quotas: {} shares and {} sizes; needs one each for a dataset", shares.size(), sizes.size());
  const double sum = detail::sum_of_shares(shares, "quotas");
  for (std::size_t d = 0; d < sizes.size(); ++d)
    if (sizes[d] < 0) raise<ValueError>("quotas: sizes[{}] is {}; needs to be at least 0", d, sizes[d]);
  if (total < 0) raise<ValueError>("quotas: total is {}; needs to be at least 0", total);

  std::vector<bool> open;
  Index rest = 0;  // the lesser of the total and what there is
  for (std::size_t d = 0; d < shares.size(); ++d) {
    open.push_back(shares[d] / sum > detail::no_share);
    if (open[d]) rest = sizes[d] > total - rest ? total : rest + sizes[d];
  }
  std::vector<Index> out(shares.size(), 0);
  for (;;) {
    const std::vector<double> exact = detail::exact_quotas(shares, open, rest);
    bool found = false;
    for (std::size_t d = 0; d < shares.size(); ++d) {
      if (!open[d] || exact[d] < static_cast<double>(sizes[d])) continue;
      out[d] = std::min(sizes[d], rest);
      rest -= out[d];
      open[d] = false;
      found = true;
    }
    if (found) continue;
    detail::round_quotas(exact, open, sizes, rest, out);
    return out;
  }
}

}  // namespace pickmix::inline v0
