// SPDX-License-Identifier: MIT
// The rows of a dataset that are drawn.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// All rows of a dataset, or some of them, perhaps none. It is a set: the order in which rows are given does not matter.
///
/// Copies share the rows, which never change: a copy costs nothing, however many there are.
class RowSubset {
 public:
  /// All rows.
  RowSubset() = default;

  /// \param dataset, size  whose rows they are, and how many it has
  /// \complexity O(rows · log rows); 8 bytes a row
  /// \throws ValueError if a row is not in [0, size), or is there twice
  RowSubset(std::span<const Index> rows, Index dataset, Index size) {
    for (std::size_t k = 0; k < rows.size(); ++k)
      if (rows[k] < 0 || rows[k] >= size)
        raise<ValueError>("MosState::restrict_rows: rows[{}] of dataset {} is {}; needs to be in [0, {})", k, dataset,
                          rows[k], size);
    std::vector<Index> sorted(rows.begin(), rows.end());
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
      raise<ValueError>("MosState::restrict_rows: rows of dataset {} has row {} twice; needs each at most once",
                        dataset, *twice);
    rows_ = std::make_shared<const std::vector<Index>>(std::move(sorted));
  }

  /// Whether these are all rows because none were chosen.
  bool all() const { return !rows_; }

  /// How many they are of a dataset of `size` rows.
  Index count(Index size) const { return all() ? size : std::ssize(*rows_); }

  /// The k-th of them.
  Index operator[](Index k) const { return all() ? k : (*rows_)[static_cast<std::size_t>(k)]; }

  /// The chosen rows, ascending; none if these are all.
  std::span<const Index> chosen() const { return all() ? std::span<const Index>() : *rows_; }

 private:
  std::shared_ptr<const std::vector<Index>> rows_;  // none: all
};

}  // namespace pickmix::inline v0
