// SPDX-License-Identifier: MIT
// Entries of a kernel as they are found, and how they come into its columns.
#pragma once

#include <pickmix/backend/line_vector.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

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

/// The entries of some columns, one column behind the other.
struct FoundColumns {
  std::vector<std::size_t> count;
  SparseEntries::Part entries;
};

/// Puts what was found, part after part, into columns. Within a column the rows must rise already. The parts are given back as
/// they are read.
///
/// \complexity 8 bytes an entry; 8 a column for each thread, of which there are 8 at most
inline FoundColumns in_columns(Cpu executor, Index columns, std::vector<FoundEntries>& parts) {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.entries.size();
  const auto wide = static_cast<std::size_t>(columns);
  const auto groups = static_cast<Index>(
      std::min({static_cast<std::size_t>(executor.threads()), std::size_t{8}, 1 + total / (std::size_t{1} << 16)}));

  // Parts that follow each other make a group, each with about as many entries. A group has its own place in each column.
  std::vector<std::size_t> end_of_group;
  std::size_t entries = 0, end = 0;
  for (Index g = 1; g <= groups; ++g) {
    const std::size_t wanted = total / static_cast<std::size_t>(groups) * static_cast<std::size_t>(g);
    while (end < parts.size() && (g == groups || entries < wanted)) entries += parts[end++].entries.size();
    end_of_group.push_back(end);
  }
  const auto for_each_entry = [&](std::size_t g, auto&& work, auto&& after_part) {
    for (std::size_t p = g == 0 ? 0 : end_of_group[g - 1]; p < end_of_group[g]; ++p) {
      for (const auto& entry : parts[p].entries) work(entry);
      after_part(parts[p]);
    }
  };

  std::vector<std::vector<std::size_t>> next(static_cast<std::size_t>(groups));
  for_each_tile(executor, groups, [&](Index group) {
    const auto g = static_cast<std::size_t>(group);
    next[g].resize(wide, 0);
    for_each_entry(
        g, [&](const auto& entry) { ++next[g][entry.column]; }, [](auto&) {});
  });
  std::vector<std::size_t> count(wide);
  std::size_t begin = 0;
  for (std::size_t j = 0; j < wide; ++j) {
    const std::size_t first = begin;
    for (auto& of_group : next) begin += std::exchange(of_group[j], begin);
    count[j] = begin - first;
  }

  SparseEntries::Part placed{backend::LineVector<std::uint32_t>(total), backend::LineVector<float>(total)};
  for_each_tile(executor, groups, [&](Index group) {
    const auto g = static_cast<std::size_t>(group);
    const auto place = [&](const auto& entry) {
      const std::size_t at = next[g][entry.column]++;
      placed.row[at] = entry.row;
      placed.value[at] = entry.value;
    };
    for_each_entry(g, place, [](auto& part) { part = {}; });
  });
  return {std::move(count), std::move(placed)};
}

/// The same of all columns of a kernel.
inline std::shared_ptr<const SparseEntries> by_column(Cpu executor, Index columns, std::vector<FoundEntries>& parts) {
  FoundColumns found = in_columns(executor, columns, parts);
  std::vector<Index> all(found.count.size());
  std::iota(all.begin(), all.end(), Index{0});
  auto out = std::make_shared<SparseEntries>(columns);
  out->take(std::move(found.entries), all, found.count);
  return out;
}

}  // namespace pickmix::inline v0::detail
