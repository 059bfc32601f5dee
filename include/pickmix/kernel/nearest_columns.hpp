// SPDX-License-Identifier: MIT
// For each row of a kernel, which of some columns is the most similar.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above_each.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/screened.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace pickmix::inline v0::detail {

struct NearestColumns {
  std::vector<std::uint32_t> column;  ///< for each row, a place in the list of columns
  std::vector<float> similarity;      ///< for each row, how near
};

/// The nearest of the columns `items`, of equal ones the first.
///
/// \param screened  the kernel's rows in bytes, if they are screened
/// \complexity see for_each_above
inline NearestColumns nearest_columns(Cpu executor, const Kernel& kernel, const std::optional<ScreenedRows>& screened,
                                      std::span<const Index> items) {
  const auto rows = static_cast<std::size_t>(kernel.rows());
  NearestColumns out{std::vector<std::uint32_t>(rows, 0),
                     std::vector<float>(rows, -std::numeric_limits<float>::infinity())};
  for_each_above(executor, kernel, screened, items, out.similarity, [&](std::size_t k, const ColumnAbove& above) {
    for (std::size_t e = 0; e < above.rows.size(); ++e)
      if (const auto row = above.rows[e]; above.values[e] > out.similarity[row]) {
        out.similarity[row] = above.values[e];
        out.column[row] = static_cast<std::uint32_t>(k);
      }
    return true;
  });
  return out;
}

}  // namespace pickmix::inline v0::detail
