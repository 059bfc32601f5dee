// SPDX-License-Identifier: MIT
// Which inner products may be above their thresholds, found with bytes in the place of floats: nothing that is above is missed.
#pragma once

#include <pickmix/backend/bounds_above.hpp>
#include <pickmix/backend/byte_products.hpp>
#include <pickmix/backend/byte_products_amx.hpp>
#include <pickmix/backend/byte_rows.hpp>
#include <pickmix/backend/inner_products.hpp>
#include <pickmix/backend/line_vector.hpp>
#include <pickmix/backend/products_beside_bounds.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace pickmix::inline v0::backend {

/// Looks for what may be above in 192 columns, 192 rows at a time. A pair (row i, column c) may be where its upper bound is,
///
///     scale_i·scale_c·q_i·q_c + (‖x_i‖ + ‖r_i‖)·‖r_c‖ + ‖r_i‖·‖x_c‖ + γ·‖x_i‖·‖x_c‖,
///
/// by Cauchy and Schwarz, since x = scale·q + r; the last term is the most by which a sum of d products, one after
/// another, errs in single precision, d·2⁻²⁴, twice, so that the rounding of the bound itself is in it too.
class Screen {
 public:
  static constexpr Index edge = PackedRows::block, words = edge / 64;

  /// The columns, for as many rows as there are to come.
  /// \param products    the instructions that multiply bytes; `bytes` has as many features as they want
  /// \param set         the instructions for all else
  /// \param thresholds  of the columns' own, infinity where they have none: a pair may matter by either of its thresholds
  Screen(InstructionSet products, InstructionSet set, const ByteRows& bytes, Index first,
         std::span<const float> thresholds)
      : products_(products),
        set_(set),
        columns_(&bytes),
        first_(first),
        thresholds_(thresholds),
        signed_(static_cast<std::size_t>(edge * bytes.features())) {
    // Less the offset, four bytes at once: their sums with it, with no carry from one into the next.
    const std::uint32_t less = static_cast<std::uint32_t>(-bytes.offset() & 0xFF) * 0x01010101;
    for (Index panel = 0; panel < edge; panel += 16) {
      const std::uint8_t* from = bytes.from(first + panel);
      std::int8_t* const to = signed_.data() + panel * bytes.features();
      for (Index k = 0; k < bytes.features(); k += 4)
        for (Index c = 0; c < 16; ++c, from += 4) {  // as `row_place` has them
          std::uint32_t four;
          std::memcpy(&four, from, 4);
          four = ((four & 0x7F7F7F7F) + (less & 0x7F7F7F7F)) ^ ((four ^ less) & 0x80808080);
          std::memcpy(to + column_place(products, c, k), &four, 4);
        }
    }
    for (Index c = 0; c < edge; ++c) added_[c] = bytes.offset() * bytes.sums()[first + c];
  }

  /// Bit i % 64 of masks[c · 3 + i / 64]: whether (row i, column c) may matter.
  ///
  /// \param width  columns that are looked at; the masks of the others are left as they are
  /// \complexity   192 · width · features multiplications of bytes
  void candidates(const ByteRows& rows, Index first_row, std::span<const float> thresholds, Index width,
                  std::span<std::uint64_t> masks) {
    const float rounding = 0x1p-23f * static_cast<float>(rows.features() + 16);
    for (Index i = 0; i < edge; ++i) {
      const float norm = rows.norms()[first_row + i], error = rows.errors()[first_row + i];
      const float unit = 1.0f / rows.scales()[first_row + i];
      limits_[i] = (thresholds[static_cast<std::size_t>(i)] - denormal) * unit;
      by_error_[i] = (norm + error) * unit;
      by_norm_[i] = (error + rounding * norm) * unit;
    }
    for (Index c = 0; c < width; ++c) column_limits_[c] = thresholds_[static_cast<std::size_t>(c)] - denormal;
    const BoundedColumns columns{added_, columns_->scales() + first_, columns_->errors() + first_,
                                 columns_->norms() + first_, column_limits_};
    const TileState tiles(products_ == InstructionSet::amx);
    const bool beside = products_go_beside_bounds(products_, set_);
    const Index height = byte_columns(products_), panel = 16 * rows.features();
    alignas(64) std::int32_t sums[2][byte_columns(InstructionSet::amx) * 64];
    SumsToCompare now, before;
    before.rows = {by_error_, by_norm_, limits_, rows.scales() + first_row};  // of no columns yet
    int turn = 0;
    for (Index word = 0; word < words; ++word) {
      const Index row = first_row + 64 * word;
      [[maybe_unused]] const std::uint8_t* const next = rows.from(std::min(row + 64, rows.rows() - 64));
      now.rows = {by_error_ + 64 * word, by_norm_ + 64 * word, limits_ + 64 * word, rows.scales() + row};
      now.masks = &masks[static_cast<std::size_t>(word)];
      for (Index c = 0; c < width; c += height) {
        const std::int8_t* const x = signed_.data() + c / 16 * panel + c % 16 * 4;
        now.first = c, now.last = std::min(c + height, width), now.sums = sums[turn];
        // The next rows are fetched part by part: from memory they come slower than tiles are multiplied.
        if (beside) {
          const Index part = panel * 3 / 8;  // what is fetched at once
          products_beside_bounds(x, rows.from(row), rows.features(), sums[turn], before, columns, words,
                                 next + (4 * panel - part) * c / (edge - height));
          before = now;
          turn = 1 - turn;
          continue;
        }
        byte_products(products_, x, rows.from(row), rows.features(), sums[turn]);
        compare(now, columns);
#if defined(__GNUC__)
        for (Index at = 4 * panel * c / edge; at < 4 * panel * (c + height) / edge; at += 64)
          __builtin_prefetch(next + at, 0, 2);
#endif
      }
    }
    if (beside) compare(before, columns);
  }

 private:
  static constexpr float denormal = 1e-33f;  ///< far more than what is lost where products are denormal numbers

  void compare(const SumsToCompare& sums, const BoundedColumns& columns) const {
    bounds_above(set_, sums.rows, columns, sums.first, sums.last, sums.sums, sums.masks, words);
  }

  InstructionSet products_, set_;
  const ByteRows* columns_;
  Index first_;
  std::span<const float> thresholds_;
  LineVector<std::int8_t> signed_;  // the columns' numbers
  std::int32_t added_[edge];        // to the sums of each column
  float column_limits_[edge];
  float limits_[edge], by_error_[edge], by_norm_[edge];  // of the rows, in units of their scales
};

}  // namespace pickmix::inline v0::backend
