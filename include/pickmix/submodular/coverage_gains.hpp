// SPDX-License-Identifier: MIT
// How much some candidates would add to what is covered, for each way a kernel is kept.
#pragma once

#include <pickmix/backend/coverage.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above_each.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace pickmix::inline v0::detail {

/// Σ_i max(min(s_ij, cap_i) − coverage_i, 0) over some entries of column j; rows of the others are not raised.
inline double coverage_gain(const ColumnAbove& column, const backend::Covered& rows) {
  backend::LaneSums sum;
  for (std::size_t e = 0; e < column.rows.size(); ++e)
    sum.add(column.rows[e], backend::rise(column.values[e], rows, column.rows[e]));
  return sum.total();
}

/// out[k] = Σ_i max(min(s_ij, cap_i) − coverage_i, 0) for j = items[k]: the same bits for every storage of the same entries.
///
/// \shape items, out: the same number; at most 16 of a dense or half-size kernel
inline void coverage_gains(const SparseEntries& sparse, const backend::Covered& rows, std::span<const Index> items,
                           std::span<double> out) {
  constexpr std::size_t ahead = 8;  // columns that are asked for before they are read
  for (std::size_t k = 0; k < items.size() + ahead; ++k) {
    if (k < items.size()) {
      backend::ask_for(sparse.rows_of(items[k]));
      backend::ask_for(sparse.values_of(items[k]));
    }
    if (k < ahead) continue;
    const Index j = items[k - ahead];
    out[k - ahead] = coverage_gain({sparse.rows_of(j), sparse.values_of(j)}, rows);
  }
}

inline void coverage_gains(Cpu executor, const DenseEntries& dense, const backend::Covered& rows,
                           std::span<const Index> items, std::span<double> out) {
  std::array<const float*, 16> columns{};
  std::array<backend::LaneSums, 16> sums{};
  for (std::size_t k = 0; k < items.size(); ++k) columns[k] = dense.column(items[k]);
  backend::add_rises({columns.data(), items.size()}, rows, dense.rows, {sums.data(), items.size()},
                     executor.instructions());
  for (std::size_t k = 0; k < items.size(); ++k) out[k] = sums[k].total();
}

/// Exact in the kernel's unit, in which coverage and caps are given.
inline void coverage_gains(Cpu executor, const HalfEntries& half, const backend::HalfCovered& rows,
                           std::span<const Index> items, std::span<double> out) {
  std::array<const std::int16_t*, 16> columns{};
  std::array<std::int64_t, 16> sums{};
  for (std::size_t k = 0; k < items.size(); ++k) columns[k] = half.column(items[k]);
  backend::add_rises({columns.data(), items.size()}, rows, half.rows, {sums.data(), items.size()},
                     executor.instructions());
  for (std::size_t k = 0; k < items.size(); ++k) out[k] = static_cast<double>(half.unit) * static_cast<double>(sums[k]);
}

/// Tile by tile, on the executor's threads.
inline void coverage_gains(Cpu executor, const StreamedEntries& streamed, const backend::Covered& covered,
                           std::span<const Index> items, std::span<double> out) {
  constexpr Index edge = StreamedEntries::edge, width = StreamedEntries::Columns::width;
  for_each_tile(executor, (std::ssize(items) + width - 1) / width, [&](Index b) {
    const auto first = static_cast<std::size_t>(b * width),
               count = std::min(items.size() - first, static_cast<std::size_t>(width));
    const auto columns = streamed.gather(items.subspan(first, count));
    StreamedEntries::Tile tile(edge * width);
    std::array<backend::LaneSums, width> sums{};
    std::array<const float*, width> parts{};
    for (std::size_t c = 0; c < count; ++c) parts[c] = tile.data() + static_cast<Index>(c) * edge;
    for (Index a = 0; a < streamed.row_blocks(); ++a) {
      columns.tile(a, 0, tile);
      backend::Covered rows = covered;
      rows.coverage += a * edge;
      if (rows.cap != nullptr) rows.cap += a * edge;
      backend::add_rises({parts.data(), count}, rows, streamed.rows_in(a), {sums.data(), count},
                         executor.instructions());
    }
    for (std::size_t c = 0; c < count; ++c) out[first + c] = sums[c].total();
  });
}

}  // namespace pickmix::inline v0::detail
