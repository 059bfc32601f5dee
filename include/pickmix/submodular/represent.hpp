// SPDX-License-Identifier: MIT
// Who stands for whom: the pick nearest to each row, and how many rows a pick stands for.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above_each.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/nearest_columns.hpp>
#include <pickmix/kernel/screened.hpp>
#include <pickmix/submodular/selection.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

struct Representation {
  std::vector<Index> representative;  ///< for each row of the kernel, the selected item nearest to it
  std::vector<float> similarity;      ///< for each row, how near
  std::vector<Index> weight;          ///< for each pick, in order of selection, how many rows it stands for

  /// For each pick, in order of selection, the rows it stands for.
  ///
  /// \param selection  the one that was represented
  /// \throws ShapeError if it has another number of items; ValueError if an item is negative or a row's representative is
  ///         not among them
  std::vector<std::vector<Index>> members(const Selection& selection) const {
    if (selection.indices.size() != weight.size())
      raise<ShapeError>("Representation::members: selection has {} items and {} were represented; needs as many",
                        selection.indices.size(), weight.size());
    Index items = 0;
    for (Index j : selection.indices) {
      if (j < 0) raise<ValueError>("Representation::members: selection has the item {}; needs items of at least 0", j);
      items = std::max(items, j + 1);
    }
    const std::size_t none = selection.indices.size();
    std::vector<std::size_t> rank(static_cast<std::size_t>(items), none);
    for (std::size_t k = 0; k < selection.indices.size(); ++k) rank[static_cast<std::size_t>(selection.indices[k])] = k;
    std::vector<std::vector<Index>> out(selection.indices.size());
    for (std::size_t i = 0; i < representative.size(); ++i) {
      const Index j = representative[i];
      if (j < 0 || j >= items || rank[static_cast<std::size_t>(j)] == none)
        raise<ValueError>("Representation::members: row {} is represented by {}, which is not in selection", i, j);
      out[rank[static_cast<std::size_t>(j)]].push_back(static_cast<Index>(i));
    }
    return out;
  }
};

/// For each pick but the first, the pick before it that is most similar to it.
struct NearestEarlier {
  std::vector<Index> item;        ///< for each pick, an item; −1 for the first
  std::vector<float> similarity;  ///< for each pick; 0 for the first
};

namespace detail {

/// \throws ValueError if an item is not a candidate of the kernel
inline void check_picks(const char* caller, const Kernel& kernel, std::span<const Index> picks) {
  for (std::size_t k = 0; k < picks.size(); ++k)
    if (picks[k] < 0 || picks[k] >= kernel.columns())
      raise<ValueError>("{}: the selection's item {} is {}; the kernel has {} candidates", caller, k, picks[k],
                        kernel.columns());
}

}  // namespace detail

/// Says for each row of `kernel` which selected item represents it, of equally near ones the one picked first, and for each
/// pick its weight: how many rows it stands for. Trained with these weights a subset speaks for the whole.
///
/// \throws     ValueError if nothing is selected, or an item is not a candidate of the kernel
/// \complexity rows · picks entries of the kernel, most of which are only screened where it is streamed
inline Representation represent(const Kernel& kernel, const Selection& selection) {
  if (selection.indices.empty()) raise<ValueError>("represent: the selection is empty; needs at least one item");
  detail::check_picks("represent", kernel, selection.indices);
  std::optional<detail::ScreenedRows> in_bytes;
  if (selection.indices.size() > detail::looked_at_whole) in_bytes = detail::ScreenedRows::of(cpu, kernel);
  auto nearest = detail::nearest_columns(cpu, kernel, in_bytes, selection.indices);
  Representation out;
  out.similarity = std::move(nearest.similarity);
  out.weight.assign(selection.indices.size(), 0);
  out.representative.reserve(nearest.column.size());
  for (std::size_t k : nearest.column) {
    out.representative.push_back(selection.indices[k]);
    ++out.weight[k];
  }
  return out;
}

/// For each pick the most similar earlier pick: why it added no more than it did.
///
/// \shape      kernel: its rows are its candidates
/// \throws     ShapeError if it is not square; ValueError if an item is not a candidate of the kernel
/// \complexity rows · picks entries of the kernel
inline NearestEarlier nearest_earlier(const Kernel& kernel, const Selection& selection) {
  detail::check_square("nearest_earlier", kernel);
  const auto& picks = selection.indices;
  NearestEarlier out;
  out.item.assign(picks.size(), -1);
  out.similarity.assign(picks.size(), 0.0f);
  detail::check_picks("nearest_earlier", kernel, picks);
  detail::for_each_column(cpu, kernel, picks, [&](std::size_t earlier, std::span<const float> column) {
    for (std::size_t k = earlier + 1; k < picks.size(); ++k) {
      const float s = column[static_cast<std::size_t>(picks[k])];
      if (out.item[k] >= 0 && s <= out.similarity[k]) continue;
      out.item[k] = picks[earlier];
      out.similarity[k] = s;
    }
  });
  return out;
}

}  // namespace pickmix::inline v0
