// SPDX-License-Identifier: MIT
// A budget without some of the items.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/budget.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// `budget`, spent on all items but `excluded`: the complement of Among. So a warm start never picks twice what it holds:
///
///     for (Index j : kept) objective.add(j);
///     maximize(objective, Without{Count{more}, kept}, LazyGreedy{});
template <Budget B>
struct Without {
  B budget;
  std::span<const Index> excluded;

  /// \throws ValueError if an excluded item is not in the ground set; what `budget` throws
  auto open(Index n) const {
    std::vector<bool> candidate(static_cast<std::size_t>(n), true);
    for (std::size_t k = 0; k < excluded.size(); ++k) {
      if (excluded[k] < 0 || excluded[k] >= n)
        raise<ValueError>("Without: excluded[{}] is {}; needs to be in [0, {})", k, excluded[k], n);
      candidate[static_cast<std::size_t>(excluded[k])] = false;
    }
    return AmongLedger(budget.open(n), std::move(candidate));
  }
};
template <Budget B>
Without(B, std::span<const Index>) -> Without<B>;

}  // namespace pickmix::inline v0
