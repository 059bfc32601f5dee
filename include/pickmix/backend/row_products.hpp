// SPDX-License-Identifier: MIT
// Inner products of rows where they lie in memory with sixteen packed vectors: for rows that are asked for in any order.
#pragma once

#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

#include <array>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

/// Eight rows, each contiguous, anywhere.
using EightRows = std::array<const float*, 8>;

/// Eight rows by sixteen vectors.
using RowProducts = std::array<float, 8 * 16>;

namespace detail {

inline void row_products_portable(const EightRows& rows, const float* panel, Index features, float* out) {
  using Lanes = Eigen::Array<float, 8, 1>;
  for (std::size_t row = 0; row < 8; row += 4)
    for (Index half = 0; half < 16; half += 8) {
      Lanes sum[4] = {Lanes::Zero(), Lanes::Zero(), Lanes::Zero(), Lanes::Zero()};
      for (Index k = 0; k < features; ++k) {
        const Lanes y = Eigen::Map<const Lanes>(panel + k * 16 + half);
        for (std::size_t r = 0; r < 4; ++r) sum[r] += rows[row + r][k] * y;
      }
      for (std::size_t r = 0; r < 4; ++r) Eigen::Map<Lanes>(out + static_cast<Index>(row + r) * 16 + half) = sum[r];
    }
}

#if defined(__x86_64__) && defined(__GNUC__)

[[gnu::target("avx2,fma")]] inline void row_products_avx2(const EightRows& rows, const float* panel, Index features,
                                                          float* out) {
  for (std::size_t row = 0; row < 8; row += 4) {
    __m256 low[4], high[4];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r) low[r] = high[r] = _mm256_setzero_ps();
    for (Index k = 0; k < features; ++k) {
      const __m256 first = _mm256_loadu_ps(panel + k * 16), second = _mm256_loadu_ps(panel + k * 16 + 8);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < 4; ++r) {
        const __m256 x = _mm256_set1_ps(rows[row + r][k]);
        low[r] = _mm256_fmadd_ps(x, first, low[r]);
        high[r] = _mm256_fmadd_ps(x, second, high[r]);
      }
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r) {
      _mm256_storeu_ps(out + (row + r) * 16, low[r]);
      _mm256_storeu_ps(out + (row + r) * 16 + 8, high[r]);
    }
  }
}

[[gnu::target("avx512f")]] inline void row_products_avx512(const EightRows& rows, const float* panel, Index features,
                                                           float* out) {
  __m512 sum[8];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < 8; ++r) sum[r] = _mm512_setzero_ps();
  for (Index k = 0; k < features; ++k) {
    const __m512 y = _mm512_loadu_ps(panel + k * 16);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < 8; ++r) sum[r] = _mm512_fmadd_ps(_mm512_set1_ps(rows[r][k]), y, sum[r]);
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < 8; ++r) _mm512_storeu_ps(out + r * 16, sum[r]);
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

inline void row_products_neon(const EightRows& rows, const float* panel, Index features, float* out) {
  for (std::size_t row = 0; row < 8; row += 4) {
    float32x4_t sum[4][4];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sum[r][v] = vdupq_n_f32(0.0f);
    for (Index k = 0; k < features; ++k) {
      float32x4_t y[4];
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) y[v] = vld1q_f32(panel + k * 16 + 4 * v);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < 4; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < 4; ++v) sum[r][v] = vfmaq_n_f32(sum[r][v], y[v], rows[row + r][k]);
    }
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) vst1q_f32(out + (row + r) * 16 + 4 * static_cast<std::size_t>(v), sum[r][v]);
  }
}

#endif

}  // namespace detail

/// out[16·r + t] = Σ_k rows[r][k] · panel[16·k + t].
///
/// \complexity  256 · features operations, at about half the processor's peak; for one vector in place of sixteen, at the
///              speed of the memory the rows are in
/// \determinism each sum runs over k in order: its bits depend on its row, its vector and the instruction set alone
inline void row_products(const EightRows& rows, const float* panel, Index features, RowProducts& out,
                         InstructionSet set) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set >= InstructionSet::avx512) return detail::row_products_avx512(rows, panel, features, out.data());
  if (set == InstructionSet::avx2) return detail::row_products_avx2(rows, panel, features, out.data());
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  if (set != InstructionSet::portable) return detail::row_products_neon(rows, panel, features, out.data());
#endif
  detail::row_products_portable(rows, panel, features, out.data());
}

}  // namespace pickmix::inline v0::backend
