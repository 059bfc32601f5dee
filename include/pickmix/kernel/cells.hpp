// SPDX-License-Identifier: MIT
// The part of a kernel that can still matter, looked for near each row only: for pools beyond a pass over all pairs.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// Entries above thresholds, found near their rows, and the share of all such entries' excess that they hold.
struct NearEntries {
  Kernel kernel;
  double recall;
};

namespace detail {

/// For each row of a streamed, symmetric kernel the centre most similar to it; of equal ones the first.
inline std::vector<std::uint32_t> nearest_centre(Cpu executor, const StreamedEntries& entries,
                                                 std::span<const Index> centres) {
  constexpr Index edge = StreamedEntries::edge, width = StreamedEntries::Columns::width;
  const auto columns = entries.gather(centres);
  std::vector<std::uint32_t> nearest(static_cast<std::size_t>(entries.row_blocks() * edge), 0);
  for_each_tile(executor, entries.row_blocks(), [&](Index a) {
    StreamedEntries::Tile tile(edge * width);
    std::vector<float> best(edge, -std::numeric_limits<float>::infinity());
    std::uint32_t* const cell = &nearest[static_cast<std::size_t>(a * edge)];
    for (Index b = 0; b < columns.blocks(); ++b) {
      columns.tile(a, b, tile);
      for (Index c = 0; c < columns.columns_in(b); ++c)
        for (std::size_t r = 0; r < static_cast<std::size_t>(edge); ++r)
          if (const float s = tile[c * edge + static_cast<Index>(r)]; s > best[r]) {
            best[r] = s;
            cell[r] = static_cast<std::uint32_t>(b * width + c);
          }
    }
  });
  nearest.resize(static_cast<std::size_t>(entries.rows()));
  return nearest;
}

/// Columns in any order, each whole.
struct FoundColumns {
  std::vector<Index> column, count;
  std::vector<std::uint32_t> row;
  std::vector<float> value;
};

/// The candidates of one cell against `rows`, which rise.
inline FoundColumns find_above(const StreamedEntries& entries, std::span<const Index> rows,
                               std::span<const Index> candidates, std::span<const float> thresholds) {
  constexpr Index edge = StreamedEntries::edge, width = StreamedEntries::Columns::width;
  const StreamedEntries nearby = entries.of_rows(rows);
  const auto columns = nearby.gather(candidates);
  std::vector<float> limits(static_cast<std::size_t>(nearby.row_blocks() * edge),
                            std::numeric_limits<float>::infinity());
  for (std::size_t r = 0; r < rows.size(); ++r) limits[r] = thresholds[static_cast<std::size_t>(rows[r])];

  constexpr Index words = edge / 64;
  std::uint64_t masks[static_cast<std::size_t>(words)];
  FoundColumns found;
  StreamedEntries::Tile tile(edge * width);
  std::vector<std::vector<std::pair<std::uint32_t, float>>> lists(static_cast<std::size_t>(width));
  for (Index b = 0; b < columns.blocks(); ++b) {
    for (auto& list : lists) list.clear();
    for (Index a = 0; a < nearby.row_blocks(); ++a) {
      columns.tile(a, b, tile);
      for (Index c = 0; c < columns.columns_in(b); ++c) {
        const float* const values = tile.data() + c * edge;
        const auto first = static_cast<std::size_t>(a * edge);
        backend::above_each(values, &limits[first], words, masks);
        backend::for_each_bit(masks, words, [&](Index i) {
          lists[static_cast<std::size_t>(c)].emplace_back(
              static_cast<std::uint32_t>(rows[first + static_cast<std::size_t>(i)]), values[i]);
        });
      }
    }
    for (Index c = 0; c < columns.columns_in(b); ++c) {
      const auto& list = lists[static_cast<std::size_t>(c)];
      found.column.push_back(candidates[static_cast<std::size_t>(b * width + c)]);
      found.count.push_back(static_cast<Index>(list.size()));
      for (const auto& [row, value] : list) {
        found.row.push_back(row);
        found.value.push_back(value);
      }
    }
  }
  found.row.shrink_to_fit();
  found.value.shrink_to_fit();
  return found;
}

/// Puts the columns one behind the other; what they came in is given back on the way.
inline std::shared_ptr<const SparseEntries> join(Index columns, std::vector<FoundColumns>& parts) {
  auto out = std::make_shared<SparseEntries>();
  out->begin.assign(static_cast<std::size_t>(columns), 0);
  out->end = out->begin;
  std::size_t total = 0;
  for (const auto& part : parts) total += part.row.size();
  out->row.reserve(total);
  out->value.reserve(total);
  for (auto& part : parts) {
    auto at = static_cast<Index>(out->row.size());
    for (std::size_t k = 0; k < part.column.size(); ++k) {
      const auto j = static_cast<std::size_t>(part.column[k]);
      out->begin[j] = at;
      out->end[j] = at += part.count[k];
    }
    out->row.insert(out->row.end(), part.row.begin(), part.row.end());
    out->value.insert(out->value.end(), part.value.begin(), part.value.end());
    part = {};
  }
  return out;
}

/// Σ_i max(s_ij − thresholds[i], 0) over some 256 candidates j: as found, as a share of all there is.
inline double measured_recall(const Kernel& all, const SparseEntries& found, std::span<const float> thresholds) {
  RandomStream random(0, 0x63656C6C);
  std::vector<Index> items;
  for (int k = 0; k < 256; ++k) items.push_back(random.below(all.columns()));
  double there = 0.0, held = 0.0;
  constexpr std::size_t batch = 32;
  std::vector<float> columns(batch * static_cast<std::size_t>(all.rows()));
  for (std::size_t first = 0; first < items.size(); first += batch) {
    const auto some = std::span<const Index>(items).subspan(first, batch);
    all.read(some, MatrixView<float>(columns.data(), static_cast<Index>(batch), all.rows()));
    for (std::size_t c = 0; c < batch; ++c)
      for (std::size_t i = 0; i < thresholds.size(); ++i)
        if (const float s = columns[c * thresholds.size() + i]; s > thresholds[i])
          there += static_cast<double>(s - thresholds[i]);
    for (Index j : some)
      for (std::size_t e = 0; e < found.rows_of(j).size(); ++e)
        held += static_cast<double>(found.values_of(j)[e] - thresholds[found.rows_of(j)[e]]);
  }
  return there > 0.0 ? held / there : 1.0;
}

}  // namespace detail

/// As `entries_above`, but a candidate is compared only with the rows of the `probes` cells nearest to its own. Each row
/// belongs to the cell of the centre most similar to it.
///
/// \shape      kernel: streamed and symmetric; centres: items, at least one, at most 2^32; thresholds as for entries_above
/// \param progress  told how many cells are done, of how many; returns false to stop
/// \return     nothing if `progress` said stop
/// \throws     CapacityError as entries_above
/// \complexity 2·n·d·(centres + probes·n/centres) operations; 8 bytes an entry found, twice that for an instant
/// \determinism the same at every thread count
/// \cite jegou2011 (inverted file with the cells' nearest neighbours probed)
template <class OnProgress>
std::optional<NearEntries> entries_above_near(Cpu executor, const Kernel& kernel, std::span<const float> thresholds,
                                              std::span<const Index> centres, Index probes, OnProgress&& progress) {
  const StreamedEntries& entries = *kernel.streamed();
  const auto cells = static_cast<Index>(centres.size());
  try {
    std::vector<std::vector<Index>> members(centres.size());
    const auto cell = detail::nearest_centre(executor, entries, centres);
    for (std::size_t i = 0; i < cell.size(); ++i) members[cell[i]].push_back(static_cast<Index>(i));

    const Kernel between = kernel.among(executor, centres);
    std::vector<detail::FoundColumns> found(centres.size());
    const auto work = [&](Index v) {
      const auto& candidates = members[static_cast<std::size_t>(v)];
      if (candidates.empty()) return;
      const float* const similarity = between.dense()->column(v);
      std::vector<Index> order(centres.size());
      std::iota(order.begin(), order.end(), Index{0});
      const auto kept = order.begin() + std::min(probes, cells);
      std::partial_sort(order.begin(), kept, order.end(), [&](Index a, Index b) {
        if ((a == v) != (b == v)) return a == v;  // its own cell in any case
        return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : a < b;
      });
      std::vector<Index> rows;
      for (auto u = order.begin(); u != kept; ++u)
        rows.insert(rows.end(), members[static_cast<std::size_t>(*u)].begin(),
                    members[static_cast<std::size_t>(*u)].end());
      std::sort(rows.begin(), rows.end());
      found[static_cast<std::size_t>(v)] = detail::find_above(entries, rows, candidates, thresholds);
    };
    if (!for_each_tile(executor, cells, work, [&](Index done) { return progress(done, cells); })) return std::nullopt;
    auto sparse = detail::join(kernel.columns(), found);
    const double recall = detail::measured_recall(kernel, *sparse, thresholds);
    return NearEntries{Kernel(kernel.rows(), kernel.columns(), std::move(sparse)), recall};
  } catch (const std::bad_alloc&) {
    raise<CapacityError>(
        "entries_above_near: the similarities above the thresholds do not fit into memory; use fewer rows");
  }
}

}  // namespace pickmix::inline v0
