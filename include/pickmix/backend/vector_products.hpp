// SPDX-License-Identifier: MIT
// Packed rows and one vector, in double precision: sums of rows, and inner products with a sum.
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace pickmix::inline v0::backend {

/// The inner products of `y` with the 16 rows of the panel that row `row` is in. A row's entries are as far apart as the
/// panel is wide, so one of them is not read faster than all.
///
/// \determinism the bits depend on the row and `y` alone
inline std::array<double, PackedRows::panel> panel_products(const PackedRows& rows, Index row,
                                                            std::span<const double> y) {
  std::array<double, PackedRows::panel> sums{};
  const float* x = rows.from(row / PackedRows::panel * PackedRows::panel);
  for (const double factor : y) {
    for (double& sum : sums) sum += static_cast<double>(*x++) * factor;
  }
  return sums;
}

/// y += row.
inline void add_row(const PackedRows& rows, Index row, std::span<double> y) {
  Index k = 0;
  for (double& entry : y) entry += static_cast<double>(rows(row, k++));
}

/// The sum of all rows.
inline std::vector<double> sum_of_rows(Cpu executor, const PackedRows& rows) {
  constexpr Index tiles = 64;  // whatever the number of threads
  const auto features = static_cast<std::size_t>(rows.features());
  const Index panels = (rows.rows() + PackedRows::panel - 1) / PackedRows::panel;
  std::vector<double> parts(tiles * features, 0.0);
  for_each_tile(executor, tiles, [&](Index tile) {
    double* const part = parts.data() + static_cast<std::size_t>(tile) * features;
    for (Index p = panels * tile / tiles; p < panels * (tile + 1) / tiles; ++p) {
      const float* x = rows.from(p * PackedRows::panel);  // rows added to fill a panel are zero
      for (std::size_t k = 0; k < features; ++k)
        for (Index r = 0; r < PackedRows::panel; ++r) part[k] += static_cast<double>(*x++);
    }
  });
  for (std::size_t tile = 1; tile < tiles; ++tile)
    for (std::size_t k = 0; k < features; ++k) parts[k] += parts[tile * features + k];
  parts.resize(features);
  return parts;
}

}  // namespace pickmix::inline v0::backend
