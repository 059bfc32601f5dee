// SPDX-License-Identifier: MIT
// Kernels whose entries are put on another scale.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// s → max(s, 0): what hurts counts as nothing (DELIFT's paper).
struct ClipAtZero {};

/// s → (s − min) / (max − min) over the whole matrix (DELIFT's released code). A constant matrix becomes all ones.
struct MinMax {};

/// The same for each row by itself: every row then asks for its own best candidate as loudly. A constant row becomes ones.
struct RowMinMax {};

/// s → max(s, 0) / max(row's largest, 0): negative similarities count as nothing, and each row's best candidate as 1. A row
/// without a positive entry stays zero.
struct RowMax {};

/// s_ij → w_i s_ij, w_i ≥ 0: rows that matter more. Facility location over it is the weighted sum.
struct RowWeights {
  std::span<const double> weight;
};

namespace detail {

/// A dense copy of `kernel`, column after column, each handed to change(column) once all are there.
template <class Change>
Kernel changed(const Kernel& kernel, const Change& change) {
  const Index rows = kernel.rows(), columns = kernel.columns();
  auto entries = Kernel::allocate<float>("rescale", rows, columns);
  constexpr Index batch = 48;
  std::vector<Index> items;
  for (Index first = 0; first < columns; first += batch) {
    items.clear();
    for (Index j = first; j < std::min(first + batch, columns); ++j) items.push_back(j);
    kernel.read(items, MatrixView<float>(entries.get() + first * rows, static_cast<Index>(items.size()), rows));
  }
  change(MatrixView<float>(entries.get(), columns, rows));
  return Kernel(rows, columns, DenseEntries{std::move(entries), rows}, kernel.instructions());
}

struct Range {
  float low = std::numeric_limits<float>::infinity(), high = -low;

  void include(float s) {
    low = std::min(low, s);
    high = std::max(high, s);
  }
  /// In double: the width of a range of floats can be more than the largest float.
  float place(float s) const {
    if (!(high > low)) return 1.0f;
    return static_cast<float>((static_cast<double>(s) - low) / (static_cast<double>(high) - low));
  }
};

}  // namespace detail

/// The kernel with all entries on another scale, as a dense copy.
///
/// \complexity one pass; 4 · rows · columns bytes
/// \throws     CapacityError if the copy does not fit into memory
inline Kernel rescale(const Kernel& kernel, ClipAtZero) {
  return detail::changed(kernel, [](MatrixView<float> columns) {
    for (Index j = 0; j < columns.rows(); ++j)
      for (float& s : columns.row(j)) s = std::max(s, 0.0f);
  });
}
inline Kernel rescale(const Kernel& kernel, MinMax) {
  return detail::changed(kernel, [](MatrixView<float> columns) {
    detail::Range range;
    for (Index j = 0; j < columns.rows(); ++j)
      for (float s : columns.row(j)) range.include(s);
    for (Index j = 0; j < columns.rows(); ++j)
      for (float& s : columns.row(j)) s = range.place(s);
  });
}
inline Kernel rescale(const Kernel& kernel, RowMinMax) {
  return detail::changed(kernel, [](MatrixView<float> columns) {
    std::vector<detail::Range> ranges(static_cast<std::size_t>(columns.columns()));
    for (Index j = 0; j < columns.rows(); ++j)
      for (std::size_t i = 0; i < ranges.size(); ++i) ranges[i].include(columns.row(j)[i]);
    for (Index j = 0; j < columns.rows(); ++j)
      for (std::size_t i = 0; i < ranges.size(); ++i) columns.row(j)[i] = ranges[i].place(columns.row(j)[i]);
  });
}
inline Kernel rescale(const Kernel& kernel, RowMax) {
  return detail::changed(kernel, [](MatrixView<float> columns) {
    std::vector<float> largest(static_cast<std::size_t>(columns.columns()), 0.0f);
    for (Index j = 0; j < columns.rows(); ++j)
      for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], columns.row(j)[i]);
    for (Index j = 0; j < columns.rows(); ++j)
      for (std::size_t i = 0; i < largest.size(); ++i)
        columns.row(j)[i] = columns.row(j)[i] > 0.0f ? columns.row(j)[i] / largest[i] : 0.0f;
  });
}

/// \throws ShapeError unless there is one weight for each row; ValueError if one is negative or not finite, or an entry
///         overflows
inline Kernel rescale(const Kernel& kernel, RowWeights rows) {
  if (static_cast<Index>(rows.weight.size()) != kernel.rows())
    raise<ShapeError>("RowWeights: weight has {} entries and the kernel {} rows; needs one for each",
                      rows.weight.size(), kernel.rows());
  for (std::size_t i = 0; i < rows.weight.size(); ++i)
    if (!(rows.weight[i] >= 0.0) || !std::isfinite(rows.weight[i]))
      raise<ValueError>("RowWeights: weight[{}] is {}; weights must be finite and at least 0", i, rows.weight[i]);
  return detail::changed(kernel, [&](MatrixView<float> columns) {
    for (Index j = 0; j < columns.rows(); ++j)
      for (std::size_t i = 0; i < rows.weight.size(); ++i) {
        const double product = rows.weight[i] * static_cast<double>(columns.row(j)[i]);
        if (!(std::abs(product) <= static_cast<double>(std::numeric_limits<float>::max())))
          raise<ValueError>("RowWeights: weight[{}] = {} makes entry ({}, {}) larger than a float holds", i,
                            rows.weight[i], i, j);
        columns.row(j)[i] = static_cast<float>(product);
      }
  });
}

}  // namespace pickmix::inline v0
