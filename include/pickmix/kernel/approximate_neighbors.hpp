// SPDX-License-Identifier: MIT
// The neighbour graph of a set that is too large for all pairs: neighbours are looked for in near cells only.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/permutation.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/cells.hpp>
#include <pickmix/kernel/found_entries.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/metric.hpp>
#include <pickmix/kernel/neighbors.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

struct ApproximateNeighborsOptions {
  Metric metric = Cosine{};
  double wanted_recall = 0.9;  ///< in (0, 1]: the share of true neighbours that must be found
  std::uint64_t seed = 0;      ///< draws the centres of the cells
};

/// A neighbour graph and how good it is.
struct NeighborGraph {
  Kernel kernel;        ///< sparse: for each row its neighbours; all other similarities are zero
  double recall = 1.0;  ///< the share of true neighbours in it, measured on some 256 rows; 1 if all pairs were compared
};

namespace detail {

/// For each of `candidates` the k most similar of `rows`, which rise. \param nearest  one for each item of the pool
inline void find_nearest(const StreamedEntries& entries, std::span<const Index> rows, std::span<const Index> candidates,
                         std::vector<Largest>& nearest) {
  constexpr Index edge = StreamedEntries::edge, width = StreamedEntries::Columns::width, words = edge / 64;
  const StreamedEntries nearby = entries.of_rows(rows);
  const auto columns = nearby.gather(candidates);
  std::uint64_t masks[static_cast<std::size_t>(words)];
  StreamedEntries::Tile tile(edge * width);
  for (Index b = 0; b < columns.blocks(); ++b)
    for (Index a = 0; a < nearby.row_blocks(); ++a) {
      columns.tile(a, b, tile);
      for (Index c = 0; c < columns.columns_in(b); ++c) {
        Largest& best = nearest[static_cast<std::size_t>(candidates[static_cast<std::size_t>(b * width + c)])];
        const float* const values = tile.data() + c * edge;
        backend::above_one(values, best.threshold(), words, masks, entries.instructions());
        backend::for_each_bit(masks, words, [&](Index i) {
          if (i < nearby.rows_in(a) && values[i] > best.threshold())
            best.offer(values[i], rows[static_cast<std::size_t>(a * edge + i)]);
        });
      }
    }
}

/// The k-th largest value of a column; k is at most its length.
inline float kth_largest(std::span<const float> column, Index k) {
  std::vector<float> values(column.begin(), column.end());
  const auto kth = values.begin() + (k - 1);
  std::nth_element(values.begin(), kth, values.end(), std::greater<>());
  return *kth;
}

}  // namespace detail

/// For each row of `pool` its `k` most similar rows, as `nearest_neighbors`, but looked for among near rows only: each row
/// belongs to the nearest of √(8n) random centres, and is compared with the rows of as many cells around its own as find
/// `wanted_recall` of the true neighbours, on the mean: a row in whose cells there are fewer than k has no more. Where
/// that would take more than a quarter of all pairs, all are compared.
///
/// \shape      pool: n × d, 1 ≤ k; k above n means all
/// \param observers  told of `Progress`; one that answers `Flow::stop` ends the work
/// \return     nothing if an observer stopped the work
/// \throws     ValueError if k < 1 or wanted_recall is not in (0, 1]; what `nearest_neighbors` throws
/// \complexity about 2nd(√(8n) + probes·√(n/8)) operations, so it pays from some ten thousand rows on; about 28nk bytes at
///             most, 8nk of which stay
/// \determinism the same at every thread count
/// \cite jegou2011 (inverted file with the cells' nearest neighbours probed)
template <class... Observers>
std::optional<NeighborGraph> approximate_neighbors(Cpu executor, MatrixView<const float> pool, Index k,
                                                   const ApproximateNeighborsOptions& options,
                                                   Observers&... observers) {
  if (k < 1) raise<ValueError>("approximate_neighbors: k is {}; needs at least 1", k);
  if (!(options.wanted_recall > 0.0 && options.wanted_recall <= 1.0))
    raise<ValueError>("approximate_neighbors: wanted_recall is {}; needs to be above 0 and at most 1",
                      options.wanted_recall);
  const Kernel kernel = *similarity(executor, pool, {options.metric, Storage::streamed});
  const Index n = pool.rows(), most = std::min(k, n);
  std::vector<Index> centres;
  const Permutation order(n, RandomStream(options.seed, 0x6E656172));
  for (Index c = 0; c < std::min(n, static_cast<Index>(std::sqrt(8.0 * static_cast<double>(n)))); ++c)
    centres.push_back(order(c));
  auto tell = [&](const Progress& progress) { return notify(progress, observers...); };
  detail::Watched watched(tell);
  try {
    const Cells cells(executor, kernel, centres, detail::ScreenedRows::of(executor, kernel));
    const std::vector<double> found =
        cells.recall_of([&](std::span<const float> column, const auto& count) {  // kernels here are symmetric
          const float least = detail::kth_largest(column, most);
          for (std::size_t i = 0; i < column.size(); ++i)
            if (column[i] >= least) count(i, 1.0);
        });
    const auto enough = std::lower_bound(found.begin() + 1, found.end(), options.wanted_recall);
    const Index probes = enough - found.begin();
    if (cells.share(probes) > 0.25) {
      auto exact = nearest_neighbors(executor, pool, k, options.metric, watched);
      if (!exact) return std::nullopt;
      return NeighborGraph{*std::move(exact), 1.0};
    }

    std::vector<detail::Largest> nearest(static_cast<std::size_t>(n), detail::Largest(most));
    const auto work = [&](Index v) {
      if (!cells.members(v).empty())
        detail::find_nearest(*kernel.streamed(), cells.rows_near(v, probes), cells.members(v), nearest);
    };
    const bool finished = for_each_tile(executor, cells.size(), work, [&](Index done) {
      return watched(Progress{"nearest neighbours", done, cells.size()}) == Flow::proceed;
    });
    if (!finished) return std::nullopt;
    std::vector<detail::FoundEntries> rows(1);
    rows[0].entries.reserve(static_cast<std::size_t>(n * most));
    for (Index i = 0; i < n; ++i) {
      auto& of_row = nearest[static_cast<std::size_t>(i)];
      for (const auto& [value, candidate] : of_row.kept()) rows[0].add(i, candidate, value);
      of_row = detail::Largest(0);
    }
    return NeighborGraph{Kernel(n, n, detail::by_column(executor, n, rows), kernel.instructions()), *enough};
  } catch (const std::bad_alloc&) {
    if (watched.threw()) throw;
    raise<CapacityError>("approximate_neighbors: {} neighbours of {} rows do not fit into memory; use a smaller k", k,
                         n);
  }
}

inline NeighborGraph approximate_neighbors(MatrixView<const float> pool, Index k,
                                           const ApproximateNeighborsOptions& options = {}) {
  return *approximate_neighbors(cpu, pool, k, options);
}

}  // namespace pickmix::inline v0
