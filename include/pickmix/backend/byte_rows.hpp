// SPDX-License-Identifier: MIT
// Rows in a byte a number, and what that leaves out: enough to find the inner products that may be large.
#pragma once

#include <pickmix/backend/byte_products.hpp>
#include <pickmix/backend/inner_products.hpp>
#include <pickmix/backend/line_vector.hpp>
#include <pickmix/core/types.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

namespace pickmix::inline v0::backend {

/// How numbers become bytes.
struct ByteLayout {
  int most;        ///< 127, or less where sums of products would not fit
  int offset;      ///< of the bytes: most + 1, or 0 where bytes are signed
  Index multiple;  ///< of 4: what the number of features becomes a multiple of

  static ByteLayout of(InstructionSet set) { return {screening_range(set), byte_offset(set), byte_features(set)}; }
};

/// x_i = scale_i · q_i + r_i with whole numbers |q| ≤ most, kept as the bytes q + offset as `Screen` wants them: panels of
/// 16 rows as in PackedRows, within a panel in the order of `row_place`. Features are added up to the multiple that the
/// instructions want, with q = 0.
///
/// \complexity 1 byte a feature and 16 a row
class ByteRows {
 public:
  /// \param left_out  so many of the last features are not in the bytes
  ByteRows(const PackedRows& rows, const ByteLayout& layout, Index left_out = 0)
      : most_(layout.most),
        offset_(layout.offset),
        taken_(rows.features() - left_out),
        features_((taken_ + layout.multiple - 1) / layout.multiple * layout.multiple),
        bytes_(static_cast<std::size_t>(rows.blocks() * PackedRows::block * features_)),
        scales_(static_cast<std::size_t>(rows.blocks() * PackedRows::block), 1.0f),
        norms_(scales_.size(), 0.0f),
        errors_(scales_.size(), 0.0f),
        sums_(scales_.size(), 0) {}

  /// Quantises the 16 rows of a panel. Different panels may be quantised at the same time.
  ///
  /// \return false if a number is so large that products of its row may not be finite: then nothing can be said of it
  bool quantize(const PackedRows& rows, Index panel) {
    constexpr Index height = PackedRows::panel;
    const float* const x = rows.from(panel * height);
    std::uint32_t largest[height] = {};  // the bits of the sizes, which are in the order of the sizes; NaN is above all
    for (Index k = 0; k < taken_; ++k) {
      std::uint32_t bits[height];
      std::memcpy(bits, x + k * height, sizeof bits);
#pragma GCC unroll 1
      for (Index r = 0; r < height; ++r) {
        const std::uint32_t size = bits[r] & 0x7FFFFFFF;
        largest[r] = largest[r] < size ? size : largest[r];
      }
    }
    const auto most = static_cast<float>(most_);
    float scale[height], inverse[height];
    for (Index r = 0; r < height; ++r) {
      if (largest[r] >= std::bit_cast<std::uint32_t>(1e15f)) return false;
      const auto size = std::bit_cast<float>(largest[r]);
      const bool counts = size > 1e-30f;  // what does not is left out
      scale[r] =
          counts ? size * (1.00001f / most) : 1.0f;  // so that no rounding, however set, makes q larger than most
      inverse[r] = counts ? 1.0f / scale[r] : 0.0f;
    }
    float squares[height] = {}, left[height] = {};
    std::int32_t sum[height] = {};
    std::uint8_t* const out = bytes_.data() + panel * height * features_;
    for (Index k = 0; k < features_; k += 4) {
      std::uint32_t four[height] = {};  // bytes of each row
      for (Index f = 0; f < 4; ++f) {
        float values[height] = {};
        if (k + f < taken_) std::memcpy(values, x + (k + f) * height, sizeof values);
#pragma GCC unroll 1  // once it is unrolled GCC does not see the vectors any more
        for (Index r = 0; r < height; ++r) {
          // To the nearest whole number: near 1.5 · 2²³ floats have no others.
          const auto whole = static_cast<std::int32_t>((values[r] * inverse[r] + 12582912.0f) - 12582912.0f);
          const float rest = values[r] - scale[r] * static_cast<float>(whole);  // right however it was rounded
          four[r] |= (static_cast<std::uint32_t>(whole + offset_) & 0xFF) << (8 * f);
          sum[r] += whole;
          squares[r] += values[r] * values[r];
          left[r] += rest * rest;
        }
      }
      if constexpr (std::endian::native == std::endian::little)  // as a loop it takes longer than all else
        std::memcpy(out + row_place(0, k), four, sizeof four);
      else
        for (Index r = 0; r < height; ++r)
          for (Index f = 0; f < 4; ++f) out[row_place(r, k + f)] = static_cast<std::uint8_t>(four[r] >> (8 * f));
    }
    // What rounding can take away: of sums of `features` squares, of each rest, and of squares that are too small for a float.
    const double up = 1.0 + 0x1p-23 * static_cast<double>(features_ + 4);
    constexpr double of_rest = 0x1p-23, least = 1e-16;
    for (Index r = 0; r < height; ++r) {
      const auto row = static_cast<std::size_t>(panel * height + r);
      const double norm = std::sqrt(static_cast<double>(squares[r])) * up + least;
      scales_[row] = scale[r];
      norms_[row] = static_cast<float>(norm);
      errors_[row] = static_cast<float>(std::sqrt(static_cast<double>(left[r])) * up + of_rest * norm + least);
      sums_[row] = sum[r];
    }
    return true;
  }

  Index rows() const { return std::ssize(sums_); }  ///< with those that fill the last block
  Index features() const { return features_; }
  int offset() const { return offset_; }  ///< of the bytes

  /// The panel that begins with `row`, a multiple of 16.
  const std::uint8_t* from(Index row) const { return bytes_.data() + row * features_; }

  const float* scales() const { return scales_.data(); }
  const float* norms() const { return norms_.data(); }       ///< ‖x_i‖, or a little more
  const float* errors() const { return errors_.data(); }     ///< ‖r_i‖, or a little more
  const std::int32_t* sums() const { return sums_.data(); }  ///< Σ_k q_ik

 private:
  int most_, offset_;
  Index taken_, features_;
  LineVector<std::uint8_t> bytes_;
  std::vector<float> scales_, norms_, errors_;
  std::vector<std::int32_t> sums_;
};

}  // namespace pickmix::inline v0::backend
