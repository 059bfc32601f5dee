// SPDX-License-Identifier: MIT
// The cosine kernel of a set of embeddings.
#pragma once

#include <pickmix/backend/eigen.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Edge of a similarity tile. A multiple of every register block Eigen's product uses (12, 24 or 48 rows by vector
/// width), so that within a full tile every entry is computed by the same operations in the same order, wherever it
/// stands: equal rows get equal similarities to the last bit, and the matrix is symmetric to the last bit.
inline constexpr Index similarity_tile = 192;

/// Rows scaled to unit length, a zero row left as it is, followed by zero rows up to a whole number of tiles.
inline backend::RowMajorMatrix unit_rows(MatrixView<const float> pool) {
  const Index tiles = (pool.rows() + similarity_tile - 1) / similarity_tile;
  backend::RowMajorMatrix unit = backend::RowMajorMatrix::Zero(tiles * similarity_tile, pool.columns());
  for (Index r = 0; r < pool.rows(); ++r) {
    double squares = 0.0;
    for (Index c = 0; c < pool.columns(); ++c) {
      const double x = pool(r, c);
      if (!std::isfinite(x)) raise<ValueError>("similarity: pool({}, {}) is {}; every entry must be finite", r, c, x);
      squares += x * x;
    }
    if (squares == 0.0) continue;
    const double norm = std::sqrt(squares);
    for (Index c = 0; c < pool.columns(); ++c) unit(r, c) = static_cast<float>(pool(r, c) / norm);
  }
  return unit;
}

}  // namespace detail

/// Cosine similarities of all pairs of rows of `pool`. A zero row is similar to nothing, itself included.
///
/// \shape       pool: n × d, n ≥ 1, d ≥ 1; result: n × n, symmetric
/// \param memory_limit  bytes the result may take
/// \param observers     told of `Progress`; one that answers `Flow::stop` ends the work
/// \return      the kernel, or nothing if an observer stopped the work
/// \throws      ShapeError if `pool` has no row or no column; ValueError if an entry is not finite (names row and
/// column);
///              CapacityError if 4n² bytes are more than `memory_limit` or cannot be had
/// \complexity  n²d operations (the upper triangle), 4n² bytes
/// \determinism the same bits at every thread count, for equal rows, and for rows in another order
template <class... Observers>
std::optional<Kernel> similarity(Cpu executor, MatrixView<const float> pool, std::uint64_t memory_limit,
                                 Observers&... observers) {
  const Index n = pool.rows();
  if (n < 1 || pool.columns() < 1)
    raise<ShapeError>("similarity: pool is {} x {}; needs at least one row and one column", n, pool.columns());
  if (static_cast<std::uint64_t>(n) > memory_limit / 4 / static_cast<std::uint64_t>(n))
    raise<CapacityError>(
        "similarity: the similarities of {} rows take {:.1f} GiB, and memory_limit is {:.1f} GiB; "
        "raise it if the machine has the memory, or use fewer rows",
        n, static_cast<double>(n) * static_cast<double>(n) * 0x1p-28, static_cast<double>(memory_limit) * 0x1p-30);

  const backend::RowMajorMatrix unit = detail::unit_rows(pool);
  const auto entries = Kernel::allocate("similarity", n, n);
  constexpr Index edge = detail::similarity_tile;
  const Index blocks = unit.rows() / edge;
  std::vector<std::pair<Index, Index>> tiles;  // the upper triangle, tile by tile
  for (Index a = 0; a < blocks; ++a)
    for (Index b = a; b < blocks; ++b) tiles.emplace_back(a * edge, b * edge);

  const auto rows_from = [&](Index first) { return MatrixView<const float>(&unit(first, 0), edge, unit.cols()); };
  const auto compute = [&](Index tile) {
    const auto [top, left] = tiles[static_cast<std::size_t>(tile)];
    const Index height = std::min(edge, n - top), width = std::min(edge, n - left);
    backend::RowMajorMatrix block(edge, edge);
    backend::inner_products(rows_from(top), rows_from(left), block);
    const auto target = [&](Index r, Index c, Index h, Index w) {
      return backend::as_eigen(MatrixView<float>(entries.get() + r * n + c, h, w, n));
    };
    target(top, left, height, width) = block.topLeftCorner(height, width);
    if (top != left) target(left, top, width, height) = block.topLeftCorner(height, width).transpose();
  };
  const auto total = static_cast<Index>(tiles.size());
  const bool finished = for_each_tile(executor, total, compute, [&](Index done) {
    return notify(Progress{"similarity", done, total}, observers...) == Flow::proceed;
  });
  if (!finished) return std::nullopt;
  return Kernel(n, n, entries);
}

inline Kernel similarity(MatrixView<const float> pool) { return *similarity(cpu, pool, UINT64_MAX); }

}  // namespace pickmix::inline v0
