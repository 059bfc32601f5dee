// SPDX-License-Identifier: MIT
// A matrix of pairwise similarities: how well candidate j stands for row i.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace pickmix::inline v0 {

/// Similarities of `rows()` items that are to be represented (rows) to `columns()` candidates (columns). It need be
/// neither square nor symmetric.
///
/// A kernel is a cheap handle: copies share one immutable matrix, stored so that a candidate's column is contiguous.
/// Distinct threads may read it at the same time.
class Kernel {
 public:
  /// A kernel of one's own, copied.
  ///
  /// \shape matrix: rows × candidates, at least 1 × 1
  /// \throws ShapeError if `matrix` is empty; ValueError if an entry is not finite (names it);
  ///         CapacityError if the copy does not fit into memory
  explicit Kernel(MatrixView<const float> matrix) : rows_(matrix.rows()), columns_(matrix.columns()) {
    if (rows_ < 1 || columns_ < 1)
      raise<ShapeError>("Kernel: matrix is {} x {}; needs at least one row and one column", rows_, columns_);
    auto entries = allocate("Kernel", rows_, columns_);
    for (Index i = 0; i < rows_; ++i)
      for (Index j = 0; j < columns_; ++j) {
        if (!std::isfinite(matrix(i, j)))
          raise<ValueError>("Kernel: matrix({}, {}) is {}; every entry must be finite", i, j, matrix(i, j));
        entries[j * rows_ + i] = matrix(i, j);
      }
    entries_ = std::move(entries);
  }

  /// Takes over finished storage.
  ///
  /// \shape entries: rows·columns, column after column, all finite
  Kernel(Index rows, Index columns, std::shared_ptr<const float[]> entries)
      : rows_(rows), columns_(columns), entries_(std::move(entries)) {}

  float operator()(Index i, Index j) const { return entries_[j * rows_ + i]; }

  /// The similarities of all rows to candidate `j`: `rows()` entries.
  const float* column(Index j) const { return entries_.get() + j * rows_; }

  Index rows() const { return rows_; }
  Index columns() const { return columns_; }

  /// Memory for rows × columns entries, not initialised.
  ///
  /// \throws CapacityError instead of std::bad_alloc, and where the size is beyond all addresses; names `caller`
  static std::shared_ptr<float[]> allocate(std::string_view caller, Index rows, Index columns) {
    constexpr Index largest = PTRDIFF_MAX / static_cast<Index>(sizeof(float));
    try {
      if (rows <= largest / columns)
        return std::make_shared_for_overwrite<float[]>(static_cast<std::size_t>(rows * columns));
    } catch (const std::bad_alloc&) {  // said better below
    }
    raise<CapacityError>(
        "{}: {} x {} similarities need {:.1f} GiB of memory, which could not be had; "
        "use fewer rows",
        caller, rows, columns, static_cast<double>(rows) * static_cast<double>(columns) * 0x1p-28);
  }

 private:
  Index rows_;
  Index columns_;
  std::shared_ptr<const float[]> entries_;
};

}  // namespace pickmix::inline v0
