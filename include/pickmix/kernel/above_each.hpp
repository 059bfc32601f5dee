// SPDX-License-Identifier: MIT
// Column after column of a kernel, and of each only what lies above limits that rise on the way.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/screened.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace pickmix::inline v0::detail {

/// The entries of a column: its rows, which rise, and their values.
struct ColumnAbove {
  std::span<const std::uint32_t> rows;
  std::span<const float> values;
};

/// How many columns are read whole before others are looked for above the limits.
inline constexpr std::size_t looked_at_whole = 48;

/// Calls take(k, entries) for items[k] after items[k], with all entries of its column above `limits`, and others. `take` may
/// raise the limits: what it is given later is looked for above them, in bytes where that pays, since after a few items
/// little of a column is. It returns false to stop.
///
/// \param screened  the kernel's rows in bytes, if they are screened
/// \shape limits: rows() numbers, none of them NaN
/// \complexity 2 · rows · features operations an item for the first ones, less for those after them; 192 · rows bytes,
/// and 9 a feature of the items looked for at once
template <class Take>
void for_each_above(Cpu executor, const Kernel& kernel, const std::optional<ScreenedRows>& screened,
                    std::span<const Index> items, std::span<const float> limits, Take&& take) {
  constexpr std::size_t together = looked_at_whole, edge = StreamedEntries::edge;
  const auto height = static_cast<std::size_t>(kernel.rows());
  std::vector<float> columns;
  std::vector<std::uint64_t> masks((height + 63) / 64);
  std::vector<std::uint32_t> rows;
  std::vector<float> values;
  const std::uint64_t room = sizeof(float) * together * height;  // what whole columns take
  std::size_t done = 0, most = items.size();                     // to be looked for at once
  while (done < items.size()) {
    const std::size_t left = items.size() - done;
    if (screened && done >= together && most >= together) {
      columns = std::vector<float>();  // its memory is for what is found
      // As many as there were before: if they come mixed, one entry a row is found, or so. If more are, fewer are looked for.
      const auto some = items.subspan(done, std::min({left, most, std::max(edge, done / edge * edge)}));
      const StreamedEntries part = kernel.streamed()->of_columns(some);
      std::shared_ptr<const SparseEntries> found;
      try {
        found = streamed_above(executor, part, screened->with_columns(executor, part), padded(limits), room,
                               [](Index, Index) { return true; });
      } catch (const OutOfRoom&) {
        most = some.size() / 2;
        continue;
      }
      most = std::min(items.size(), 2 * std::max(most, together));
      for (std::size_t c = 0; c < some.size(); ++c) {
        const auto j = static_cast<Index>(c);
        if (!take(done + c, ColumnAbove{found->rows_of(j), found->values_of(j)})) return;
      }
      done += some.size();
      continue;
    }
    const auto some = items.subspan(done, std::min(together, left));
    columns.resize(some.size() * height);
    kernel.read(some, MatrixView<float>(columns.data(), static_cast<Index>(some.size()), kernel.rows()), executor);
    for (std::size_t c = 0; c < some.size(); ++c) {
      const float* const column = columns.data() + c * height;
      rows.clear(), values.clear();
      const auto add = [&](Index i) {
        rows.push_back(static_cast<std::uint32_t>(i));
        values.push_back(column[i]);
      };
      const Index words = kernel.rows() / 64;
      backend::above_each(column, limits.data(), words, masks.data(), executor.instructions());
      backend::for_each_bit(masks.data(), words, add);
      for (Index i = 64 * words; i < kernel.rows(); ++i)
        if (column[i] > limits[static_cast<std::size_t>(i)]) add(i);
      if (!take(done + c, ColumnAbove{rows, values})) return;
    }
    done += some.size();
    most = std::min(items.size(), 2 * std::max(most, together));
  }
}

}  // namespace pickmix::inline v0::detail
