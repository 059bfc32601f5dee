// SPDX-License-Identifier: MIT
// All inner products of two sets of rows, at the speed of the processor that runs the program.
#pragma once

#include <pickmix/backend/line_vector.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

/// Rows laid out for `inner_products`: panels of 16 rows, within a panel feature after feature, 16 floats each. Rows are
/// added up to a multiple of 192, with zeros; the others are to be set.
///
/// \complexity 4 · features bytes a row
class PackedRows {
 public:
  static constexpr Index panel = 16;
  static constexpr Index block = 192;

  PackedRows(Index rows, Index features)
      : rows_(rows), features_(features), entries_(static_cast<std::size_t>(blocks() * block * features)) {
    std::fill(entries_.begin() + rows / panel * panel * features, entries_.end(), 0.0f);
  }

  Index rows() const { return rows_; }
  Index features() const { return features_; }
  Index blocks() const { return (rows_ + block - 1) / block; }

  float& operator()(Index row, Index feature) { return entries_[place(row, feature)]; }
  float operator()(Index row, Index feature) const { return entries_[place(row, feature)]; }

  /// The panel that begins with `row`, a multiple of 16.
  const float* from(Index row) const { return entries_.data() + row * features_; }

  /// These rows, in this order.
  PackedRows gather(std::span<const Index> rows) const {
    PackedRows out(static_cast<Index>(rows.size()), features_);
    for (Index r = 0; r < out.rows_; ++r)
      for (Index k = 0; k < features_; ++k) out(r, k) = (*this)(rows[static_cast<std::size_t>(r)], k);
    return out;
  }

 private:
  std::size_t place(Index row, Index feature) const {
    return static_cast<std::size_t>((row / panel * features_ + feature) * panel + row % panel);
  }

  Index rows_;
  Index features_;
  LineVector<float> entries_;
};

namespace detail {

/// out(r, c) = Σ_k a(r, k) · b(c, k): features in order, one running sum for each entry. So the bits of an entry depend on
/// its two rows and the instruction set, and not on where the entry stands.
inline void inner_products_portable(const float* a, const float* b, Index features, float* out, Index stride) {
  constexpr Index height = 4, width = 8;
  using Lanes = Eigen::Array<float, width, 1>;
  for (Index column = 0; column < 48; column += width) {
    const float* const first = b + column / 16 * features * 16 + column % 16;
    for (Index row = 0; row < 16; row += height) {
      Lanes sum[height] = {Lanes::Zero(), Lanes::Zero(), Lanes::Zero(), Lanes::Zero()};
      for (Index k = 0; k < features; ++k) {
        const Lanes y = Eigen::Map<const Lanes>(first + k * 16);
        for (Index r = 0; r < height; ++r) sum[r] += a[k * 16 + row + r] * y;
      }
      for (Index r = 0; r < height; ++r) Eigen::Map<Lanes>(out + (row + r) * stride + column) = sum[r];
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__)

/// Whether tiles of this set are made with fused multiply-adds.
inline bool fuses(InstructionSet set) { return set >= InstructionSet::avx2; }

[[gnu::target("fma")]] inline float inner_product_fused(const float* a, const float* b, Index features) {
  __m128 sum = _mm_setzero_ps();
  for (Index k = 0; k < features; ++k) sum = _mm_fmadd_ss(_mm_load_ss(a + k * 16), _mm_load_ss(b + k * 16), sum);
  return _mm_cvtss_f32(sum);
}

[[gnu::target("avx2,fma")]] inline void inner_products_avx2(const float* a, const float* b, Index features, float* out,
                                                            Index stride) {
  constexpr Index height = 4, vectors = 3;
  for (Index half = 0; half < 2; ++half)
    for (Index row = 0; row < 16; row += height) {
      __m256 sum[height][vectors];
#pragma GCC unroll 4
      for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v) sum[r][v] = _mm256_setzero_ps();
      for (Index k = 0; k < features; ++k) {
        __m256 y[vectors];
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v) {
          const Index eighth = half * vectors + v;
          y[v] = _mm256_loadu_ps(b + eighth / 2 * features * 16 + k * 16 + eighth % 2 * 8);
        }
#pragma GCC unroll 4
        for (Index r = 0; r < height; ++r) {
          const __m256 x = _mm256_set1_ps(a[k * 16 + row + r]);
#pragma GCC unroll 3
          for (Index v = 0; v < vectors; ++v) sum[r][v] = _mm256_fmadd_ps(x, y[v], sum[r][v]);
        }
      }
#pragma GCC unroll 4
      for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v)
          _mm256_storeu_ps(out + (row + r) * stride + (half * vectors + v) * 8, sum[r][v]);
    }
}

[[gnu::target("avx512f")]] inline void inner_products_avx512(const float* a, const float* b, Index features, float* out,
                                                             Index stride) {
  constexpr Index height = 8, vectors = 3;
  for (Index row = 0; row < 16; row += height) {
    __m512 sum[height][vectors];
#pragma GCC unroll 8
    for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
      for (Index v = 0; v < vectors; ++v) sum[r][v] = _mm512_setzero_ps();
    for (Index k = 0; k < features; ++k) {
      __m512 y[vectors];
#pragma GCC unroll 3
      for (Index v = 0; v < vectors; ++v) y[v] = _mm512_loadu_ps(b + v * features * 16 + k * 16);
#pragma GCC unroll 8
      for (Index r = 0; r < height; ++r) {
        const __m512 x = _mm512_set1_ps(a[k * 16 + row + r]);
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v) sum[r][v] = _mm512_fmadd_ps(x, y[v], sum[r][v]);
      }
    }
#pragma GCC unroll 8
    for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
      for (Index v = 0; v < vectors; ++v) _mm512_storeu_ps(out + (row + r) * stride + v * 16, sum[r][v]);
  }
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

inline bool fuses(InstructionSet set) { return set != InstructionSet::portable; }

inline float inner_product_fused(const float* a, const float* b, Index features) {
  float sum = 0.0f;
  for (Index k = 0; k < features; ++k) sum = std::fma(a[k * 16], b[k * 16], sum);
  return sum;
}

inline void inner_products_neon(const float* a, const float* b, Index features, float* out, Index stride) {
  constexpr Index height = 8, vectors = 3;
  for (Index quarter = 0; quarter < 4; ++quarter)
    for (Index row = 0; row < 16; row += height) {
      float32x4_t sum[height][vectors];
#pragma GCC unroll 8
      for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v) sum[r][v] = vdupq_n_f32(0.0f);
      for (Index k = 0; k < features; ++k) {
        const float32x4_t x[2] = {vld1q_f32(a + k * 16 + row), vld1q_f32(a + k * 16 + row + 4)};
        float32x4_t y[vectors];
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v) {
          const Index twelfth = quarter * vectors + v;
          y[v] = vld1q_f32(b + twelfth / 4 * features * 16 + k * 16 + twelfth % 4 * 4);
        }
#pragma GCC unroll 8
        for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
          for (Index v = 0; v < vectors; ++v) sum[r][v] = vfmaq_n_f32(sum[r][v], y[v], x[r / 4][r % 4]);
      }
#pragma GCC unroll 8
      for (Index r = 0; r < height; ++r)
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; ++v)
          vst1q_f32(out + (row + r) * stride + (quarter * vectors + v) * 4, sum[r][v]);
    }
}

#endif

/// 16 rows of `a` by 48 rows of `b`.
inline void inner_products_16_by_48(InstructionSet set, const float* a, const float* b, Index features, float* out,
                                    Index stride) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set >= InstructionSet::avx512) return inner_products_avx512(a, b, features, out, stride);
  if (fuses(set)) return inner_products_avx2(a, b, features, out, stride);
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  if (fuses(set)) return inner_products_neon(a, b, features, out, stride);
#endif
  inner_products_portable(a, b, features, out, stride);
}

}  // namespace detail

/// The inner products of `height` rows of `a` from `a_row` on with `width` rows of `b` from `b_row` on.
///
/// \shape out: height × width, row-major, `stride` floats from one row to the next; a_row and height are multiples of 16,
///        b_row and width of 48; both sets have the same number of features
/// \complexity  2 · height · width · features operations, near the processor's peak (benchmarks/backend)
/// \determinism the bits of an entry depend on its two rows and the instruction set alone, and are the same when the two
///              rows are exchanged
inline void inner_products(const PackedRows& a, Index a_row, Index height, const PackedRows& b, Index b_row,
                           Index width, float* out, Index stride, InstructionSet set) {
  for (Index column = 0; column < width; column += 48)
    for (Index row = 0; row < height; row += 16)
      detail::inner_products_16_by_48(set, a.from(a_row + row), b.from(b_row + column), a.features(),
                                      out + row * stride + column, stride);
}

/// The inner product of row i of `a` and row j of `b`, to the bit as `inner_products` has it.
///
/// \complexity  2 · features operations, one after the other; many products are made faster together. Portable: as 768
///              products, because whether it is fused is up to the compiler, anew for each loop
inline float inner_product(const PackedRows& a, Index i, const PackedRows& b, Index j, InstructionSet set) {
  constexpr Index panel = PackedRows::panel;
#if (defined(__x86_64__) || defined(__AARCH64EL__)) && defined(__GNUC__)
  if (detail::fuses(set))
    return detail::inner_product_fused(a.from(i - i % panel) + i % panel, b.from(j - j % panel) + j % panel,
                                       a.features());
#endif
  float products[panel * 48];
  inner_products(a, i - i % panel, panel, b, j - j % 48, 48, products, 48, set);
  return products[i % panel * 48 + j % 48];
}

}  // namespace pickmix::inline v0::backend
