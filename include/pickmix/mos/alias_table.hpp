// SPDX-License-Identifier: MIT
// Draws from a distribution in constant time.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// The alias table of a distribution over N indices. [0, 1) is cut into N columns of equal width; a column belongs to its
/// own index up to a threshold and to one other from there on.
///
/// An index of weight 0 is never drawn. The table is a function of the weights alone.
///
/// \complexity O(N) to make, O(1) to draw, 16 bytes an index
/// \cite walker1977; vose1991
class AliasTable {
 public:
  struct Column {
    /// The part of the column, from its left, that belongs to the column's own index.
    double threshold;
    /// The index the rest belongs to.
    Index alias;
  };

  /// \shape  weights: at least one; in proportion to the probabilities, which need not sum to 1
  /// \throws ShapeError if there is no weight; ValueError if one is negative or not finite, or all are 0
  explicit AliasTable(std::span<const double> weights) {
    if (weights.empty()) raise<ShapeError>("AliasTable: weights is empty; needs at least one");
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (!(weights[i] >= 0.0 && std::isfinite(weights[i])))
        raise<ValueError>("AliasTable: weights[{}] is {}; needs to be finite and at least 0", i, weights[i]);
    const auto top = std::max_element(weights.begin(), weights.end());
    if (*top == 0.0) raise<ValueError>("AliasTable: all {} weights are 0; needs one above 0", weights.size());

    // In multiples of a column. Divided by the largest first, so that the sum of huge weights is finite.
    std::vector<double> mass(weights.begin(), weights.end());
    double total = 0.0;
    for (double& m : mass) total += m /= *top;
    for (double& m : mass) m *= static_cast<double>(mass.size()) / total;

    // What does not fill its own column is filled up by one that overflows.
    const Index heaviest = top - weights.begin();
    columns_.assign(mass.size(), {.threshold = 1.0, .alias = heaviest});
    std::vector<std::size_t> below, above;
    for (std::size_t i = 0; i < mass.size(); ++i) (mass[i] < 1.0 ? below : above).push_back(i);
    while (!below.empty() && !above.empty()) {
      const std::size_t low = below.back(), high = above.back();
      below.pop_back();
      columns_[low] = {.threshold = mass[low], .alias = static_cast<Index>(high)};
      mass[high] = mass[high] + mass[low] - 1.0;
      if (mass[high] < 1.0) {
        above.pop_back();
        below.push_back(high);
      }
    }
    // What is left differs from a full column by rounding alone. A weight of 0 is not left, unless rounding adds up to 1.
    for (std::size_t i = 0; i < mass.size(); ++i)
      if (weights[i] == 0.0) columns_[i].threshold = 0.0;
  }

  /// The index in whose share `u` falls.
  ///
  /// \param u uniform in [0, 1)
  Index operator()(double u) const {
    const double at = u * static_cast<double>(columns_.size());
    const std::size_t i = std::min(static_cast<std::size_t>(at), columns_.size() - 1);
    return at - static_cast<double>(i) < columns_[i].threshold ? static_cast<Index>(i) : columns_[i].alias;
  }

  /// The table. The probability of i is the sum of what the columns give it, divided by N.
  std::span<const Column> columns() const { return columns_; }

 private:
  std::vector<Column> columns_;
};

}  // namespace pickmix::inline v0
