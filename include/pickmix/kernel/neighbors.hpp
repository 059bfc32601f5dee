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
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/metric.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <optional>
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

/// For each row of `pool` its `k` most similar rows, itself included, as a sparse kernel. All other similarities are zero.
///
/// \shape      pool: n × d, 1 ≤ k; k above n means all
/// \param observers  told of `Progress`; one that answers `Flow::stop` ends the work
/// \return     nothing if an observer stopped the work
/// \throws     ValueError if k < 1; what `similarity` throws; CapacityError if n·k entries do not fit into memory
/// \complexity 2n²d operations, about 20nk bytes at most, 8nk of which stay
/// \determinism the same at every thread count; of equal similarities the smaller index is nearer
template <class... Observers>
std::optional<Kernel> nearest_neighbors(Cpu executor, MatrixView<const float> pool, Index k, const Metric& metric,
                                        Observers&... observers) {
  if (k < 1) raise<ValueError>("nearest_neighbors: k is {}; needs at least 1", k);
  constexpr Index edge = StreamedEntries::edge;
  const Kernel kernel = *similarity(executor, pool, {metric, Storage::streamed});
  const StreamedEntries& entries = *kernel.streamed();
  const Index blocks = entries.row_blocks();
  try {
    std::vector<detail::FoundEntries> found(static_cast<std::size_t>(blocks));
    const auto work = [&](Index a) {
      const Index height = entries.rows_in(a);
      std::vector<detail::Largest> nearest(static_cast<std::size_t>(height), detail::Largest(std::min(k, pool.rows())));
      std::vector<float> threshold(static_cast<std::size_t>(edge), std::numeric_limits<float>::infinity());
      for (Index r = 0; r < height; ++r) threshold[static_cast<std::size_t>(r)] = nearest[0].threshold();
      constexpr Index words = edge / 64;
      std::uint64_t masks[static_cast<std::size_t>(words)];
      StreamedEntries::Tile tile(edge * edge);
      for (Index b = 0; b < entries.column_blocks(); ++b) {
        entries.tile(a, b, tile);
        for (Index c = 0; c < entries.columns_in(b); ++c) {
          const float* const values = tile.data() + c * edge;
          backend::above_each(values, threshold.data(), words, masks, entries.instructions());
          backend::for_each_bit(masks, words, [&](Index i) {
            auto& row = nearest[static_cast<std::size_t>(i)];
            row.offer(values[i], b * edge + c);
            threshold[static_cast<std::size_t>(i)] = row.threshold();
          });
        }
      }
      auto& out = found[static_cast<std::size_t>(a)];
      for (Index r = 0; r < height; ++r)
        for (const auto& [value, candidate] : nearest[static_cast<std::size_t>(r)].kept())
          out.add(a * edge + r, candidate, value);
    };
    const bool finished = for_each_tile(executor, blocks, work, [&](Index done) {
      return notify(Progress{"nearest neighbours", done, blocks}, observers...) == Flow::proceed;
    });
    if (!finished) return std::nullopt;
    return Kernel(pool.rows(), pool.rows(), detail::by_column(pool.rows(), found));
  } catch (const std::bad_alloc&) {
    raise<CapacityError>("nearest_neighbors: {} neighbours of {} rows do not fit into memory; use a smaller k", k,
                         pool.rows());
  }
}

inline Kernel nearest_neighbors(MatrixView<const float> pool, Index k, const Metric& metric = Cosine{}) {
  return *nearest_neighbors(cpu, pool, k, metric);
}

}  // namespace pickmix::inline v0
