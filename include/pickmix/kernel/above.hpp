// SPDX-License-Identifier: MIT
// The part of a kernel that can still matter: the entries above a threshold for each row.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/screened.hpp>
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

namespace detail {

/// Entries found so far, in the order of their columns' rows.
struct FoundEntries {
  struct Entry {
    std::uint32_t row;
    std::uint32_t column;
    float value;
  };
  std::vector<Entry> entries;

  void add(Index row, Index column, float value) {
    entries.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(column), value});
  }
};

/// One block of columns of a streamed kernel against all rows; of a symmetric one against the rows up to its own, and
/// those rows as candidates for its own. Screened or not, the same is found in the same order.
inline void find_above(const StreamedEntries& entries, const std::optional<ScreenedRows>& screened, Index b,
                       std::span<const float> thresholds, FoundEntries& found) {
  constexpr Index edge = StreamedEntries::edge;
  constexpr Index words = edge / 64;
  std::uint64_t masks[static_cast<std::size_t>(words)];
  StreamedEntries::Tile tile(edge * edge);
  std::optional<ScreenedTiles> tiles;
  if (screened) {
    tiles.emplace(entries, *screened, b, thresholds);
    tile.setZero();  // of a screened tile only some entries are computed
  }
  const bool symmetric = entries.symmetric();
  const Index width = entries.columns_in(b);
  for (Index a = 0; a < (symmetric ? b + 1 : entries.row_blocks()); ++a) {
    tiles ? tiles->tile(a, tile) : entries.tile(a, b, tile);
    for (Index c = 0; c < width; ++c) {
      const float* const values = tile.data() + c * edge;
      const std::uint64_t* const computed = tiles ? tiles->masks(c) : nullptr;
      const Index row = a * edge, column = b * edge + c;
      if (computed != nullptr && std::all_of(computed, computed + words, [](std::uint64_t bits) { return bits == 0; }))
        continue;
      const auto take = [&](const auto& add) {
        for (Index w = 0; computed != nullptr && w < words; ++w) masks[w] &= computed[w];
        backend::for_each_bit(masks, words, add);
      };
      backend::above_each(values, &thresholds[static_cast<std::size_t>(row)], words, masks, entries.instructions());
      take([&](Index i) { found.add(row + i, column, values[i]); });
      if (!symmetric || a == b) continue;
      backend::above_one(values, thresholds[static_cast<std::size_t>(column)], words, masks, entries.instructions());
      take([&](Index i) { found.add(column, row + i, values[i]); });
    }
  }
}

/// A block of 192 columns of a kernel that is stored.
inline void find_above(const Kernel& kernel, InstructionSet set, Index b, std::span<const float> thresholds,
                       FoundEntries& found) {
  constexpr Index edge = StreamedEntries::edge;
  const auto* dense = kernel.dense();
  const Index rows = kernel.rows(), words = rows / 64;
  std::vector<float> copy(dense == nullptr ? static_cast<std::size_t>(rows) : 0);
  std::vector<std::uint64_t> masks(static_cast<std::size_t>(words));
  for (Index j = b * edge; j < std::min(kernel.columns(), (b + 1) * edge); ++j) {
    if (dense == nullptr) kernel.read(std::span(&j, 1), MatrixView<float>(copy.data(), 1, rows));
    const float* const column = dense == nullptr ? copy.data() : dense->column(j);
    backend::above_each(column, thresholds.data(), words, masks.data(), set);
    backend::for_each_bit(masks.data(), words, [&](Index i) { found.add(i, j, column[i]); });
    for (Index i = 64 * words; i < rows; ++i)
      if (column[i] > thresholds[static_cast<std::size_t>(i)]) found.add(i, j, column[i]);
  }
}

/// Puts what was found, block after block, into columns. Within a column the rows come in rising order already. The blocks
/// are given back as they are read.
inline std::shared_ptr<const SparseEntries> by_column(Index columns, std::vector<FoundEntries>& blocks) {
  std::vector<Index> all(static_cast<std::size_t>(columns));
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<std::size_t> count(all.size(), 0), next(all.size(), 0);
  for (const auto& block : blocks)
    for (const auto& entry : block.entries) ++count[entry.column];
  std::exclusive_scan(count.begin(), count.end(), next.begin(), std::size_t{0});
  const std::size_t total = std::accumulate(count.begin(), count.end(), std::size_t{0});

  auto out = std::make_shared<SparseEntries>(columns);
  out->take({std::vector<std::uint32_t>(total), std::vector<float>(total)}, all, count);
  for (auto& block : blocks) {
    for (const auto& entry : block.entries) {
      const std::size_t place = next[entry.column]++;
      out->parts[0].row[place] = entry.row;
      out->parts[0].value[place] = entry.value;
    }
    block = {};
  }
  return out;
}

}  // namespace detail

/// The entries of `kernel` with s_ij > thresholds[i], as a sparse kernel. A threshold of infinity drops a row.
///
/// \shape      thresholds: one for each row, none of them NaN
/// \param progress  told how many blocks of columns are done, of how many; returns false to stop
/// \return     nothing if `progress` said stop
/// \throws     CapacityError if what is found does not fit into memory, or there are 2^32 rows or columns
/// \complexity one pass over the kernel; of a streamed, symmetric one n²d operations; 20 bytes an entry found at most,
///             8 of which stay
/// \determinism the same at every thread count
template <class OnProgress>
std::optional<Kernel> entries_above(Cpu executor, const Kernel& kernel, std::span<const float> thresholds,
                                    OnProgress&& progress) {
  constexpr Index edge = StreamedEntries::edge;
  if (std::max(kernel.rows(), kernel.columns()) > Index{std::numeric_limits<std::uint32_t>::max()})
    raise<CapacityError>("entries_above: the kernel is {} x {}; needs fewer than 2^32 rows and columns", kernel.rows(),
                         kernel.columns());
  const Index blocks = (kernel.columns() + edge - 1) / edge;
  std::vector<float> padded(thresholds.begin(), thresholds.end());
  padded.resize((padded.size() + edge - 1) / edge * edge, std::numeric_limits<float>::infinity());
  try {
    std::vector<detail::FoundEntries> found(static_cast<std::size_t>(blocks));
    std::optional<detail::ScreenedRows> screened;
    if (const auto* streamed = kernel.streamed()) screened = detail::ScreenedRows::of(executor, *streamed);
    const auto work = [&](Index task) {
      const Index b = blocks - 1 - task;
      if (const auto* streamed = kernel.streamed())
        detail::find_above(*streamed, screened, b, padded, found[static_cast<std::size_t>(b)]);
      else
        detail::find_above(kernel, executor.instructions(), b, padded, found[static_cast<std::size_t>(b)]);
      found[static_cast<std::size_t>(b)].entries.shrink_to_fit();
    };
    if (!for_each_tile(executor, blocks, work, [&](Index done) { return progress(done, blocks); })) return std::nullopt;
    return Kernel(kernel.rows(), kernel.columns(), detail::by_column(kernel.columns(), found));
  } catch (const std::bad_alloc&) {
    raise<CapacityError>("entries_above: the similarities above the thresholds do not fit into memory; use fewer rows");
  }
}

}  // namespace pickmix::inline v0
