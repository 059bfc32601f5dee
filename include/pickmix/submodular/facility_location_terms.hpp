// SPDX-License-Identifier: MIT
// Floors, caps and bonuses: what turns facility location into its relatives.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <vector>

namespace pickmix::inline v0 {

/// What turns facility location into its relatives. An empty vector means: none.
struct FacilityLocationTerms {
  std::vector<float> floor = {};  ///< b: for each row, what is covered before anything is selected
  std::vector<float> cap = {};    ///< c: for each row, the most that counts
  std::vector<float> bonus = {};  ///< r: for each candidate, what it is worth by itself; at least 0

  /// \throws ShapeError if a term has another length than there are rows, or candidates; ValueError if an entry is not a
  ///         number, or a bonus is negative, with which selecting more could lower the objective, or infinite (names it)
  void validate(Index rows, Index candidates) const {
    const auto check = [](const char* name, const char* what, const std::vector<float>& term, Index wanted) {
      if (!term.empty() && std::ssize(term) != wanted)
        raise<ShapeError>("FacilityLocationObjective: {} has {} entries and the kernel {} {}; needs one for each", name,
                          term.size(), wanted, what);
      for (std::size_t k = 0; k < term.size(); ++k)
        if (std::isnan(term[k])) raise<ValueError>("FacilityLocationObjective: {}[{}] is nan; needs a number", name, k);
    };
    check("floor", "rows", floor, rows);
    check("cap", "rows", cap, rows);
    check("bonus", "candidates", bonus, candidates);
    for (std::size_t j = 0; j < bonus.size(); ++j)
      if (!(bonus[j] >= 0.0f && std::isfinite(bonus[j])))
        raise<ValueError>("FacilityLocationObjective: bonus[{}] is {}; needs to be finite and at least 0", j, bonus[j]);
  }
};

}  // namespace pickmix::inline v0
