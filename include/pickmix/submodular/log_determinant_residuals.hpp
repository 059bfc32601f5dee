// SPDX-License-Identifier: MIT
// How much of each candidate the picks leave unexplained, brought up to date only for candidates that are asked for.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// s_jj to 20 bits. Unit rows differ from 1 by rounding alone: so they tie, however the kernel is stored.
inline double rounded_diagonal(double own) {
  int exponent = 0;
  const double head = std::frexp(own, &exponent);
  return std::ldexp(std::round(std::ldexp(head, 20)), exponent - 20);
}

/// For each candidate the residual d² and how many picks it has seen. A pick only ever lowers d², and always by the same
/// squares in the same order, whenever and beside whatever else that is done.
class Residuals {
 public:
  explicit Residuals(std::vector<double> at_start) : at_start_(std::move(at_start)) { reset(); }

  void reset() {
    now_ = at_start_;
    seen_.assign(at_start_.size(), 0);
  }
  double operator[](Index j) const { return now_[static_cast<std::size_t>(j)]; }
  Index seen(Index j) const { return seen_[static_cast<std::size_t>(j)]; }

  /// The squares of pick number `pick`'s part, in order of the picks.
  void lower(Index j, Index pick, float part) {
    const auto at = static_cast<std::size_t>(j);
    if (pick < static_cast<Index>(seen_[at])) return;
    now_[at] -= static_cast<double>(part) * static_cast<double>(part);
    seen_[at] = static_cast<std::uint32_t>(pick) + 1;
  }

  /// Calls compute(group) for groups of up to `size` of the items that have not seen all `picks`, on the executor's
  /// threads. Items of a group have seen about as many.
  template <class Compute>
  void for_each_group(Cpu executor, std::span<const Index> items, Index picks, std::size_t size,
                      const Compute& compute) const {
    std::vector<Index> behind;
    for (Index j : items)
      if (seen(j) < picks) behind.push_back(j);
    const auto earlier = [&](Index a, Index b) {
      const Index x = seen(a) / 16, y = seen(b) / 16;
      return x != y ? x < y : a < b;
    };
    std::sort(behind.begin(), behind.end(), earlier);
    behind.erase(std::unique(behind.begin(), behind.end()), behind.end());
    for_each_tile(executor, static_cast<Index>((behind.size() + size - 1) / size), [&](Index tile) {
      const std::size_t begin = static_cast<std::size_t>(tile) * size;
      compute(std::span<const Index>(behind).subspan(begin, std::min(size, behind.size() - begin)));
    });
  }

 private:
  std::vector<double> at_start_, now_;
  std::vector<std::uint32_t> seen_;
};

}  // namespace pickmix::inline v0::detail
