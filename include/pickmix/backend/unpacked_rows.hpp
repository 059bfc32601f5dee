// SPDX-License-Identifier: MIT
// Rows as one writes them down, beside those that are packed for products of all with all.
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/backend/large_array.hpp>
#include <pickmix/core/types.hpp>

#include <cstddef>
#include <memory>

namespace pickmix::inline v0::backend {

/// The rows of PackedRows, each with its features one after another. A product of two of them reads features / 16 lines of
/// the cache a row, where packed rows, 16 of which share a line, take `features`. A row takes an odd
/// number of lines: if it were a multiple of a page, rows read together would drive each other out of the cache.
///
/// \complexity 4 · (features + 32) bytes a row at most
class UnpackedRows {
 public:
  /// For as many rows as `rows` has, with those that fill its last block; none is there yet.
  ///
  /// \pre there is at least one row and one feature
  explicit UnpackedRows(const PackedRows& rows)
      : features_(rows.features()),
        stride_(((features_ + 15) / 16 | 1) * 16),
        entries_(large_array<float>(static_cast<std::size_t>(rows.blocks() * PackedRows::block * stride_))) {}
  UnpackedRows(UnpackedRows&&) = default;

  /// Unpacks the 16 rows of a panel. Different panels may be unpacked at the same time.
  void unpack(const PackedRows& rows, Index panel) {
    constexpr Index height = PackedRows::panel;
    const float* const from = rows.from(panel * height);
    float* const to = entries_.get() + panel * height * stride_;
    for (Index r = 0; r < height; ++r)
      for (Index k = 0; k < features_; ++k) to[r * stride_ + k] = from[k * height + r];
  }

  /// The features of a row.
  const float* row(Index i) const { return entries_.get() + i * stride_; }

 private:
  Index features_, stride_;
  std::shared_ptr<float[]> entries_;
};

}  // namespace pickmix::inline v0::backend
