// SPDX-License-Identifier: MIT
// For each candidate, how similar it is to all rows together.
#pragma once

#include <pickmix/backend/vector_products.hpp>
#include <pickmix/core/lane_sum.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

inline double column_sum(const Kernel& kernel, Index j) {
  const auto at = [](const auto* column) { return [column](Index i) { return static_cast<double>(column[i]); }; };
  if (const auto* dense = kernel.dense()) return lane_sum(kernel.rows(), at(dense->column(j)));
  if (const auto* half = kernel.half())
    return static_cast<double>(half->unit) * lane_sum(kernel.rows(), at(half->column(j)));
  const auto values = kernel.sparse()->values_of(j);
  return lane_sum(static_cast<Index>(values.size()), at(values.data()));
}

/// Σ_i x_i·y_j = (Σ_i x_i)·y_j: no entry is computed.
inline std::vector<double> linear_column_sums(Cpu executor, const StreamedEntries& entries) {
  constexpr Index panel = backend::PackedRows::panel, panels_a_tile = 64;
  const backend::PackedRows& columns = *entries.packed_columns();
  const std::vector<double> total = backend::sum_of_rows(executor, *entries.packed_rows());
  std::vector<double> sums(static_cast<std::size_t>(columns.rows()));
  const Index panels = (columns.rows() + panel - 1) / panel;
  for_each_tile(executor, (panels + panels_a_tile - 1) / panels_a_tile, [&](Index tile) {
    for (Index p = tile * panels_a_tile; p < std::min(panels, (tile + 1) * panels_a_tile); ++p) {
      const auto products = backend::panel_products(columns, p * panel, total);
      std::copy_n(products.begin(), std::min(panel, columns.rows() - p * panel), sums.begin() + p * panel);
    }
  });
  return sums;
}

/// Entries between 0 and 1, each computed once: parts of a column come in any order, so they are added up as whole numbers,
/// for which the order does not matter.
inline std::vector<double> bounded_column_sums(Cpu executor, const StreamedEntries& entries) {
  const double unit = std::exp2(std::ceil(std::log2(static_cast<double>(entries.rows()))) - 62.0);
  std::vector<std::int64_t> units(static_cast<std::size_t>(entries.columns()), 0);
  for_each_column_part(
      executor, entries,
      [&](Index j, Index, const float* values, Index count) {
        const double part = lane_sum(count, [&](Index i) { return static_cast<double>(values[i]); });
        std::atomic_ref(units[static_cast<std::size_t>(j)])
            .fetch_add(static_cast<std::int64_t>(part / unit), std::memory_order_relaxed);
      },
      [](Index) { return true; });
  std::vector<double> sums(units.size());
  std::transform(units.begin(), units.end(), sums.begin(),
                 [&](std::int64_t u) { return unit * static_cast<double>(u); });
  return sums;
}

}  // namespace detail

/// Σ_i s_ij for each candidate j.
///
/// \complexity  one pass over a stored kernel; rows() · d operations where a streamed one is an inner product, and
///              rows() · columns() · d where it is not, half as many if it is symmetric
/// \determinism the same bits at every thread count, and for equal columns
inline std::vector<double> column_sums(Cpu executor, const Kernel& kernel) {
  if (const auto* streamed = kernel.streamed())
    return streamed->linear() ? detail::linear_column_sums(executor, *streamed)
                              : detail::bounded_column_sums(executor, *streamed);
  constexpr Index columns_a_tile = 64;
  std::vector<double> sums(static_cast<std::size_t>(kernel.columns()));
  for_each_tile(executor, (kernel.columns() + columns_a_tile - 1) / columns_a_tile, [&](Index tile) {
    for (Index j = tile * columns_a_tile; j < std::min(kernel.columns(), (tile + 1) * columns_a_tile); ++j)
      sums[static_cast<std::size_t>(j)] = detail::column_sum(kernel, j);
  });
  return sums;
}

}  // namespace pickmix::inline v0
