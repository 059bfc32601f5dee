// SPDX-License-Identifier: MIT
// The part of a kernel that can still matter, looked for near each row only: for pools beyond a pass over all pairs.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/found_entries.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/nearest_columns.hpp>
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

/// The candidates of one cell against `rows`, which rise. Not screened: of rows that are near, too many are above.
inline FoundColumns find_above(const StreamedEntries& entries, std::span<const Index> rows,
                               std::span<const Index> candidates, std::span<const float> thresholds, Room& room) {
  const StreamedEntries nearby = entries.of_rows(rows).of_columns(candidates);
  std::vector<float> limits;
  for (Index row : rows) limits.push_back(thresholds[static_cast<std::size_t>(row)]);
  limits = padded(limits);
  std::vector<FoundEntries> found(1);
  for (Index b = 0; b < nearby.column_blocks(); ++b)
    find_above(nearby, std::nullopt, {b, b + 1, 0, nearby.row_blocks()}, limits, room, found[0]);
  for (auto& entry : found[0].entries) entry.row = static_cast<std::uint32_t>(rows[entry.row]);
  return in_columns(cpu, std::ssize(candidates), found);
}

}  // namespace detail

/// A pool in cells: each row belongs to the centre most similar to it. A candidate is then compared only with the rows of
/// the `probes` cells nearest to its own.
///
/// \complexity making it: 2·n·d·centres operations, or less; 4·centres² + 16n bytes
/// \determinism the same at every thread count
/// \cite jegou2011 (inverted file with the cells' nearest neighbours probed)
class Cells {
 public:
  /// \param screened  the kernel's rows in bytes, if they are screened
  /// \shape kernel: streamed and symmetric; centres: items, at least one, at most 2^32
  Cells(Cpu executor, Kernel kernel, std::span<const Index> centres,
        const std::optional<detail::ScreenedRows>& screened = std::nullopt)
      : executor_(executor),
        kernel_(std::move(kernel)),
        cell_(detail::nearest_columns(executor, kernel_, screened, centres).column),
        members_(centres.size()),
        between_(kernel_.among(executor, centres)) {
    for (std::size_t i = 0; i < cell_.size(); ++i) members_[cell_[i]].push_back(static_cast<Index>(i));
  }

  Index size() const { return static_cast<Index>(members_.size()); }

  /// The items of a cell, and all rows of the `probes` cells nearest to it; both rise.
  std::span<const Index> members(Index cell) const { return members_[static_cast<std::size_t>(cell)]; }
  std::vector<Index> rows_near(Index cell, Index probes) const {
    std::vector<Index> rows;
    for (Index u : nearest_cells(static_cast<std::uint32_t>(cell), std::min(probes, size())))
      rows.insert(rows.end(), members(u).begin(), members(u).end());
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  /// The share of all pairs that are compared with so many probes: cells are not of one size.
  ///
  /// \complexity centres² operations, or somewhat more
  double share(Index probes) const {
    const auto rows_in = [&](Index cell) { return static_cast<double>(members(cell).size()); };
    double pairs = 0.0;
    for (Index v = 0; v < size(); ++v) {
      double around = 0.0;
      for (Index u : nearest_cells(static_cast<std::uint32_t>(v), std::min(probes, size()))) around += rows_in(u);
      pairs += rows_in(v) * around;
    }
    const auto all = static_cast<double>(cell_.size());
    return pairs / (all * all);
  }

  /// What comparing with near rows only finds: recall[p] is the share of Σ_ij max(s_ij − thresholds[i], 0) that lies
  /// within p probes, measured on some 256 candidates j, for p from 0 to size().
  ///
  /// \throws     ShapeError unless there is one threshold for each row
  /// \complexity 512·n·d operations
  std::vector<double> recall(std::span<const float> thresholds) const {
    detail::check_thresholds("Cells::recall", thresholds, kernel_.rows());
    return recall_of([&](std::span<const float> column, const auto& count) {
      for (std::size_t i = 0; i < column.size(); ++i)
        if (column[i] > thresholds[i]) count(i, static_cast<double>(column[i] - thresholds[i]));
    });
  }

  /// The same for whatever matters: weigh(column of a candidate, count) calls count(row, weight) for each row that matters
  /// to the candidate.
  template <class Weigh>
  std::vector<double> recall_of(const Weigh& weigh) const {
    constexpr std::size_t batch = 32;
    RandomStream random(0, 0x63656C6C);
    std::vector<double> found(members_.size() + 1, 0.0);
    std::vector<Index> items(batch);
    std::vector<float> columns(batch * cell_.size());
    for (int round = 0; round < 8; ++round) {
      for (Index& j : items) j = random.below(kernel_.columns());
      kernel_.read(items, MatrixView<float>(columns.data(), static_cast<Index>(batch), kernel_.rows()), executor_);
      for (std::size_t c = 0; c < batch; ++c) {
        std::vector<double> in_cell(members_.size(), 0.0);
        weigh(std::span<const float>(columns).subspan(c * cell_.size(), cell_.size()),
              [&](std::size_t i, double weight) { in_cell[cell_[i]] += weight; });
        const auto order = nearest_cells(cell_[static_cast<std::size_t>(items[c])], size());
        for (std::size_t p = 0; p < order.size(); ++p) found[p + 1] += in_cell[static_cast<std::size_t>(order[p])];
      }
    }
    std::partial_sum(found.begin(), found.end(), found.begin());
    const double all = found.back();
    for (double& share : found) share = all > 0.0 ? share / all : 1.0;
    return found;
  }

  /// As `entries_above`, within `probes` probes.
  ///
  /// \param progress  told how many cells (of large ones, parts) are done, of how many; returns false to stop
  /// \param memory_limit  bytes that the entries found may take once they are in place
  /// \return     nothing if `progress` said stop
  /// \throws     ShapeError, CapacityError as entries_above
  /// \complexity 2·n²·d·share(probes) operations; 8 bytes an entry found, up to 36 while it is of the cell that a thread is
  ///             at, and for each thread a copy of a cell's near rows
  template <class OnProgress>
  std::optional<Kernel> entries_above(std::span<const float> thresholds, Index probes, OnProgress&& progress,
                                      std::uint64_t memory_limit = UINT64_MAX) const {
    detail::check_thresholds("Cells::entries_above", thresholds, kernel_.rows());
    detail::Watched watched(progress);
    try {
      detail::Room room(memory_limit, 8);  // each cell's are put in place at once
      struct Part {
        Index cell;
        std::span<const Index> candidates;
        detail::FoundColumns found;
      };
      constexpr std::size_t together = 4096;  // candidates, so that threads share a large cell
      std::vector<Part> parts;
      for (Index v = 0; v < size(); ++v)
        for (std::size_t first = 0; first < members(v).size(); first += together)
          parts.push_back({v, members(v).subspan(first, std::min(together, members(v).size() - first)), {}});
      const auto work = [&](Index p) {
        Part& part = parts[static_cast<std::size_t>(p)];
        part.found =
            detail::find_above(*kernel_.streamed(), rows_near(part.cell, probes), part.candidates, thresholds, room);
      };
      const Index all = std::ssize(parts);
      if (!for_each_tile(executor_, all, work, [&](Index done) { return watched(done, all); })) return std::nullopt;
      auto out = std::make_shared<SparseEntries>(kernel_.columns());
      for (Part& part : parts) out->take(std::move(part.found.entries), part.candidates, part.found.count);
      return Kernel(kernel_.rows(), kernel_.columns(), std::shared_ptr<const SparseEntries>(std::move(out)),
                    kernel_.instructions());
    } catch (const std::bad_alloc&) {
      if (watched.threw()) throw;
      raise<CapacityError>(
          "Cells: the similarities of {} rows that are above the thresholds do not fit into memory; use fewer rows",
          kernel_.rows());
    }
  }

 private:
  /// The cells whose centres are most similar to that of cell v: v itself, then falling, of equal ones the first.
  std::vector<Index> nearest_cells(std::uint32_t v, Index count) const {
    const float* const similarity = between_.dense()->column(v);
    std::vector<Index> order(members_.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](Index a, Index b) {
      if ((a == Index{v}) != (b == Index{v})) return a == Index{v};
      return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : a < b;
    });
    order.resize(static_cast<std::size_t>(count));
    return order;
  }

  Cpu executor_;
  Kernel kernel_;
  std::vector<std::uint32_t> cell_;          // for each row
  std::vector<std::vector<Index>> members_;  // for each cell
  Kernel between_;                           // similarities of the centres
};

}  // namespace pickmix::inline v0
