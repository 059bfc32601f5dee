// SPDX-License-Identifier: MIT
// How much may be selected.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>

namespace pickmix::inline v0 {

/// `items` items. More than there are means all of them; none is a valid wish.
struct Count {
  Index items;

  /// \throws ValueError if items < 0
  Index limit(Index) const {
    if (items < 0) raise<ValueError>("Count: items is {}; needs at least 0", items);
    return items;
  }
};

/// The share `of_pool` of all items, rounded down, at least one.
struct Fraction {
  double of_pool;

  /// \throws ValueError unless 0 < of_pool ≤ 1
  Index limit(Index n) const {
    if (!(of_pool > 0.0 && of_pool <= 1.0))
      raise<ValueError>("Fraction: of_pool is {}; needs to be in (0, 1]", of_pool);
    const double exact = of_pool * static_cast<double>(n);
    const auto whole = static_cast<Index>(std::floor(exact * (1.0 + 1e-12)));  // 0.29 · 100 is 29, not 28
    return std::clamp<Index>(whole, 1, std::max<Index>(n, 1));
  }
};

/// A budget says how many of `n` items may be selected.
template <class B>
concept Budget = requires(const B& budget, Index n) {
  { budget.limit(n) } -> std::same_as<Index>;
};

}  // namespace pickmix::inline v0
