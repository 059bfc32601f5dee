// SPDX-License-Identifier: MIT
// The neighbour graph of a set of embeddings: for each row its most similar candidates, and nothing else.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/found_entries.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/metric.hpp>
#include <pickmix/kernel/screened.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// The `k` largest values offered so far, of equal ones those offered first.
class Largest {
 public:
  explicit Largest(Index k) : k_(static_cast<std::size_t>(k)) {}

  /// What a further value must exceed to be kept.
  float threshold() const { return kept_.size() < k_ ? -std::numeric_limits<float>::infinity() : kept_.front().first; }
  void offer(float value, Index candidate) {
    if (kept_.empty()) kept_.reserve(k_);
    if (kept_.size() == k_) {
      std::pop_heap(kept_.begin(), kept_.end(), better);
      kept_.pop_back();
    }
    kept_.emplace_back(value, candidate);
    std::push_heap(kept_.begin(), kept_.end(), better);
  }
  const std::vector<std::pair<float, Index>>& kept() const { return kept_; }

 private:
  /// The worst comes to the front: the smallest value, of equal ones the last candidate.
  static bool better(const std::pair<float, Index>& a, const std::pair<float, Index>& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  }
  std::size_t k_;
  std::vector<std::pair<float, Index>> kept_;
};

}  // namespace detail

/// For each row of `pool` its `k` most similar rows, itself counted as any other, as a sparse kernel. All other similarities
/// are zero. Where more than k rows are alike, a row need not be among its own neighbours, and its s_ii reads 0 then.
///
/// \shape      pool: n × d, 1 ≤ k; k above n means all
/// \param observers  told of `Progress`; one that answers `Flow::stop` ends the work
/// \return     nothing if an observer stopped the work
/// \throws     ValueError if k < 1; what `similarity` throws; CapacityError if n·k entries do not fit into memory
/// \complexity 2n²d operations, most of them on bytes where that is faster; about 20nk bytes at most, 8nk of which stay,
///             and 4 to 9 a feature of the rows
/// \determinism the same at every thread count; of equal similarities the smaller index is nearer
template <class... Observers>
std::optional<Kernel> nearest_neighbors(Cpu executor, MatrixView<const float> pool, Index k, const Metric& metric,
                                        Observers&... observers) {
  if (k < 1) raise<ValueError>("nearest_neighbors: k is {}; needs at least 1", k);
  constexpr Index edge = StreamedEntries::edge;
  const Kernel kernel = *similarity(executor, pool, {metric, Storage::streamed});
  const StreamedEntries& entries = *kernel.streamed();
  const Index blocks = entries.row_blocks();
  auto tell = [&](const Progress& progress) { return notify(progress, observers...); };
  detail::Watched watched(tell);
  try {
    std::vector<detail::FoundEntries> found(static_cast<std::size_t>(blocks));
    const Index most = std::min(k, pool.rows());
    const Index computed_whole = 64 * most;  // rows: after so many one in 64 is above the least of a column's, or fewer
    std::optional<detail::ScreenedRows> screened;
    if ((blocks - 1) * edge >= computed_whole) screened = detail::ScreenedRows::of(executor, kernel);
    const std::vector<float> none(static_cast<std::size_t>(blocks * edge), std::numeric_limits<float>::infinity());
    const auto work = [&](Index b) {  // the neighbours of a block of columns, which are rows as well
      const Index width = entries.columns_in(b);
      std::vector<detail::Largest> nearest(static_cast<std::size_t>(width), detail::Largest(most));
      std::vector<float> limits(static_cast<std::size_t>(edge), std::numeric_limits<float>::infinity());
      for (Index c = 0; c < width; ++c) limits[static_cast<std::size_t>(c)] = nearest[0].threshold();
      std::optional<detail::ScreenedTiles> tiles;
      if (screened) tiles.emplace(entries, *screened, b, none, limits);
      const auto offer = [&](Index row, Index c, float value) {
        auto& column = nearest[static_cast<std::size_t>(c)];
        if (row < entries.rows() && value > column.threshold()) column.offer(value, row);
      };
      constexpr Index words = edge / 64;
      std::uint64_t masks[static_cast<std::size_t>(words)];
      StreamedEntries::Tile tile = StreamedEntries::Tile::Zero(edge * edge);
      for (Index a = 0; a < entries.row_blocks(); ++a) {
        std::optional<std::span<const detail::ScreenedTiles::Entry>> few;
        if (tiles && a * edge >= computed_whole)
          few = tiles->tile(a, tile);
        else
          entries.tile(a, b, tile);
        if (few)
          for (const auto& [i, c, value] : *few) offer(a * edge + i, c, value);
        for (Index c = 0; !few && c < width; ++c) {
          const float* const values = tile.data() + c * edge;
          backend::above_one(values, limits[static_cast<std::size_t>(c)], words, masks, entries.instructions());
          backend::for_each_bit(masks, words, [&](Index i) { offer(a * edge + i, c, values[i]); });
        }
        for (std::size_t c = 0; c < nearest.size(); ++c) limits[c] = nearest[c].threshold();
      }
      auto& out = found[static_cast<std::size_t>(b)];
      out.entries.reserve(static_cast<std::size_t>(width * most));
      for (Index c = 0; c < width; ++c)
        for (const auto& [value, candidate] : nearest[static_cast<std::size_t>(c)].kept())
          out.add(b * edge + c, candidate, value);
    };
    const bool finished = for_each_tile(executor, blocks, work, [&](Index done) {
      return watched(Progress{"nearest neighbours", done, blocks}) == Flow::proceed;
    });
    if (!finished) return std::nullopt;
    return Kernel(pool.rows(), pool.rows(), detail::by_column(executor, pool.rows(), found), entries.instructions());
  } catch (const std::bad_alloc&) {
    if (watched.threw()) throw;
    raise<CapacityError>("nearest_neighbors: {} neighbours of {} rows do not fit into memory; use a smaller k", k,
                         pool.rows());
  }
}

inline Kernel nearest_neighbors(MatrixView<const float> pool, Index k, const Metric& metric = Cosine{}) {
  return *nearest_neighbors(cpu, pool, k, metric);
}

}  // namespace pickmix::inline v0
