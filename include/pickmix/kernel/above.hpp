// SPDX-License-Identifier: MIT
// The part of a kernel that can still matter: the entries above a threshold for each row.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/found_entries.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/screened.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Of a pass that finds more than it may keep, or than there is memory for: a type of its own, so that nobody takes
/// what an observer throws for it.
class OutOfRoom : public CapacityError {
 public:
  using CapacityError::CapacityError;
};

/// How many entries may still be found, by all threads together.
class Room {
 public:
  /// \param bytes  for entries of `each` bytes: 12 as they are found and 8 once they are in place, if all are found first
  explicit Room(std::uint64_t bytes, std::uint64_t each = 20)
      : bytes_(bytes), left_(static_cast<std::int64_t>(std::min<std::uint64_t>(bytes / each, INT64_MAX))) {}

  /// \throws OutOfRoom if there is not room for so many more
  void take(std::size_t entries) {
    if (left_.fetch_sub(static_cast<std::int64_t>(entries)) < static_cast<std::int64_t>(entries))
      raise<OutOfRoom>(
          "entries_above: more similarities are above the thresholds than the memory limit, {}, allows; raise it, or "
          "use fewer rows",
          bytes_text(static_cast<double>(bytes_)));
  }

 private:
  std::uint64_t bytes_;
  std::atomic<std::int64_t> left_;
};

/// Which part of a streamed kernel a task looks at: some blocks of columns, some blocks of rows.
struct KernelPart {
  Index first_column_block, end_column_block, first_row_block, end_row_block;
};

/// How many blocks of columns a task takes, so that rows are read once for all of them: as many as leave enough tasks to
/// share, and fit into a cache in bytes.
inline Index columns_together(const StreamedEntries& entries) {
  const Index in_cache = (Index{1} << 19) / (StreamedEntries::edge * entries.packed_rows()->features());
  return std::max(Index{1}, std::min({Index{4}, entries.column_blocks() / 64, in_cache}));
}

/// The parts that make up a kernel, in the order in which a column's rows rise. A symmetric kernel is looked at up to its
/// diagonal, the last blocks of columns, which are the longest, first.
inline Index parts(const StreamedEntries& entries) {
  const Index together = columns_together(entries), across = (entries.column_blocks() + together - 1) / together;
  return across * (entries.symmetric() ? 1 : (entries.row_blocks() + 31) / 32);
}
inline KernelPart part_of(const StreamedEntries& entries, Index task) {
  const Index together = columns_together(entries), across = (entries.column_blocks() + together - 1) / together;
  const Index first = (entries.symmetric() ? across - 1 - task : task % across) * together;
  const Index end = std::min(first + together, entries.column_blocks());
  if (entries.symmetric()) return {first, end, 0, end};
  const Index first_row = task / across * 32;
  return {first, end, first_row, std::min(first_row + 32, entries.row_blocks())};
}

/// One part of a streamed kernel; of a symmetric one, its columns against its rows, and those rows as candidates for its own.
/// Screened or not, the same is found, and of each column in the same order.
inline void find_above(const StreamedEntries& entries, const std::optional<ScreenedRows>& screened,
                       const KernelPart& part, std::span<const float> thresholds, Room& room, FoundEntries& found) {
  constexpr Index edge = StreamedEntries::edge, words = edge / 64;
  const bool symmetric = entries.symmetric();
  StreamedEntries::Tile tile(edge * edge);
  std::vector<ScreenedTiles> tiles;
  tiles.reserve(static_cast<std::size_t>(part.end_column_block - part.first_column_block));
  for (Index b = part.first_column_block; screened && b < part.end_column_block; ++b) {
    const auto of_columns = thresholds.subspan(static_cast<std::size_t>(symmetric ? b * edge : 0), edge);
    tiles.emplace_back(entries, *screened, b, thresholds, symmetric ? of_columns : std::span<const float>{});
  }
  const auto threshold = [&](Index row) { return thresholds[static_cast<std::size_t>(row)]; };
  const auto look = [&](Index a, Index b) {
    const Index first_row = a * edge, first_column = b * edge;
    const bool mirrored = symmetric && a != b;
    std::optional<std::span<const ScreenedTiles::Entry>> few;
    if (screened)
      few = tiles[static_cast<std::size_t>(b - part.first_column_block)].tile(a, tile);
    else
      entries.tile(a, b, tile);
    if (few) {
      std::size_t count = found.entries.size();
      found.entries.resize(count + 2 * few->size());
      for (const auto& [i, c, value] : *few) {  // which are above cannot be guessed, so no branch asks
        const auto row = static_cast<std::uint32_t>(first_row + i),
                   column = static_cast<std::uint32_t>(first_column + c);
        found.entries[count] = {row, column, value};
        count += value > threshold(row);
        if (!mirrored) continue;
        found.entries[count] = {column, row, value};
        count += value > threshold(column);
      }
      found.entries.resize(count);
      return;
    }
    std::uint64_t masks[static_cast<std::size_t>(words)];
    for (Index c = 0; c < entries.columns_in(b); ++c) {
      const float* const values = tile.data() + c * edge;
      const Index column = first_column + c;
      backend::above_each(values, &thresholds[static_cast<std::size_t>(first_row)], words, masks,
                          entries.instructions());
      backend::for_each_bit(masks, words, [&](Index i) { found.add(first_row + i, column, values[i]); });
      if (!mirrored) continue;
      backend::above_one(values, threshold(column), words, masks, entries.instructions());
      backend::for_each_bit(masks, words, [&](Index i) { found.add(column, first_row + i, values[i]); });
    }
  };
  for (Index a = part.first_row_block; a < part.end_row_block; ++a)
    for (Index b = std::max(part.first_column_block, symmetric ? a : 0); b < part.end_column_block; ++b) {
      const std::size_t before = found.entries.size();
      look(a, b);
      room.take(found.entries.size() - before);
    }
}

/// A block of 192 columns of a kernel that is stored.
inline void find_above(const Kernel& kernel, InstructionSet set, Index b, std::span<const float> thresholds, Room& room,
                       FoundEntries& found) {
  constexpr Index edge = StreamedEntries::edge;
  const auto* dense = kernel.dense();
  const Index rows = kernel.rows(), words = rows / 64;
  std::vector<float> copy(dense == nullptr ? static_cast<std::size_t>(rows) : 0);
  std::vector<std::uint64_t> masks(static_cast<std::size_t>(words));
  for (Index j = b * edge; j < std::min(kernel.columns(), (b + 1) * edge); ++j) {
    if (dense == nullptr) kernel.read(std::span(&j, 1), MatrixView<float>(copy.data(), 1, rows));
    const float* const column = dense == nullptr ? copy.data() : dense->column(j);
    const std::size_t before = found.entries.size();
    backend::above_each(column, thresholds.data(), words, masks.data(), set);
    backend::for_each_bit(masks.data(), words, [&](Index i) { found.add(i, j, column[i]); });
    for (Index i = 64 * words; i < rows; ++i)
      if (column[i] > thresholds[static_cast<std::size_t>(i)]) found.add(i, j, column[i]);
    room.take(found.entries.size() - before);
  }
}

/// \throws ShapeError unless there is one threshold for each row; names `caller`
inline void check_thresholds(const char* caller, std::span<const float> thresholds, Index rows) {
  if (std::ssize(thresholds) != rows)
    raise<ShapeError>("{}: thresholds has {} entries and the kernel {} rows; needs one for each", caller,
                      thresholds.size(), rows);
}

/// Thresholds for whole blocks of rows: those that are added let nothing through.
inline std::vector<float> padded(std::span<const float> thresholds) {
  constexpr std::size_t edge = StreamedEntries::edge;
  std::vector<float> out(thresholds.begin(), thresholds.end());
  out.resize((out.size() + edge - 1) / edge * edge, std::numeric_limits<float>::infinity());
  return out;
}

/// `entries_above` of a streamed kernel.
///
/// \param screened    given back before what was found is put into columns, if nobody else has them
/// \param thresholds  `padded`
/// \throws CapacityError, std::bad_alloc
template <class OnProgress>
std::shared_ptr<const SparseEntries> streamed_above(Cpu executor, const StreamedEntries& entries,
                                                    std::optional<ScreenedRows> screened,
                                                    std::span<const float> thresholds, std::uint64_t memory_limit,
                                                    OnProgress&& progress) {
  Room room(memory_limit);
  const Index tasks = parts(entries);
  std::vector<FoundEntries> found(static_cast<std::size_t>(tasks));
  const auto work = [&](Index task) {
    auto& of_task = found[static_cast<std::size_t>(entries.symmetric() ? tasks - 1 - task : task)];
    find_above(entries, screened, part_of(entries, task), thresholds, room, of_task);
    of_task.entries.shrink_to_fit();
  };
  if (!for_each_tile(executor, tasks, work, [&](Index done) { return progress(done, tasks); })) return nullptr;
  screened.reset();
  return by_column(executor, entries.columns(), found);
}

/// The same of a stored kernel.
template <class OnProgress>
std::shared_ptr<const SparseEntries> stored_above(Cpu executor, const Kernel& kernel, std::span<const float> thresholds,
                                                  std::uint64_t memory_limit, OnProgress&& progress) {
  constexpr Index edge = StreamedEntries::edge;
  Room room(memory_limit);
  const Index blocks = (kernel.columns() + edge - 1) / edge;
  std::vector<FoundEntries> found(static_cast<std::size_t>(blocks));
  const auto work = [&](Index b) {
    auto& of_block = found[static_cast<std::size_t>(b)];
    find_above(kernel, executor.instructions(), b, thresholds, room, of_block);
    of_block.entries.shrink_to_fit();
  };
  if (!for_each_tile(executor, blocks, work, [&](Index done) { return progress(done, blocks); })) return nullptr;
  return by_column(executor, kernel.columns(), found);
}

/// See below.
///
/// \param screened  a streamed kernel's rows in bytes, if they are screened
/// \param memory_limit  bytes that what is found may take
template <class OnProgress>
std::optional<Kernel> entries_above(Cpu executor, const Kernel& kernel, std::optional<ScreenedRows> screened,
                                    std::span<const float> thresholds, std::uint64_t memory_limit,
                                    OnProgress&& progress) {
  if (std::max(kernel.rows(), kernel.columns()) > Index{std::numeric_limits<std::uint32_t>::max()})
    raise<CapacityError>("entries_above: the kernel is {} x {}; needs fewer than 2^32 rows and columns", kernel.rows(),
                         kernel.columns());
  check_thresholds("entries_above", thresholds, kernel.rows());
  Watched watched(progress);
  try {
    const std::vector<float> limits = padded(thresholds);
    auto out = kernel.streamed() == nullptr
                   ? stored_above(executor, kernel, limits, memory_limit, watched)
                   : streamed_above(executor, *kernel.streamed(), std::move(screened), limits, memory_limit, watched);
    if (out == nullptr) return std::nullopt;
    return Kernel(kernel.rows(), kernel.columns(), std::move(out), kernel.instructions());
  } catch (const std::bad_alloc&) {
    if (watched.threw()) throw;
    raise<OutOfRoom>(
        "entries_above: the similarities of {} x {} that are above the thresholds do not fit into memory; use fewer "
        "rows",
        kernel.rows(), kernel.columns());
  }
}

}  // namespace detail

/// The entries of `kernel` with s_ij > thresholds[i], as a sparse kernel. A threshold of infinity drops a row.
///
/// \shape      thresholds: one for each row, none of them NaN
/// \param progress  told how many parts of the kernel are done, of how many; returns false to stop
/// \return     nothing if `progress` said stop
/// \throws     ShapeError unless there is one threshold for each row; CapacityError if what is found does not fit into
///             memory, or there are 2^32 rows or columns
/// \complexity one pass over the kernel; of a streamed, symmetric one n²d operations; 20 bytes an entry found at most,
///             8 of which stay, and 5 a feature of a streamed kernel's rows
/// \determinism the same at every thread count
template <class OnProgress>
std::optional<Kernel> entries_above(Cpu executor, const Kernel& kernel, std::span<const float> thresholds,
                                    OnProgress&& progress) {
  auto screened = detail::ScreenedRows::of(executor, kernel);
  return detail::entries_above(executor, kernel, std::move(screened), thresholds, UINT64_MAX, progress);
}

}  // namespace pickmix::inline v0
