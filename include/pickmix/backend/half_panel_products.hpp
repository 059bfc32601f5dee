// SPDX-License-Identifier: MIT
// A few inner products out of many, with the bits that all of them would have.
#pragma once

#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2,fma")]] inline void half_panel_products_avx2(const float* rows, const float* const* columns,
                                                                 Index features, float* const* out) {
  __m256 sum[8];
#pragma GCC unroll 8
  for (int p = 0; p < 8; ++p) sum[p] = _mm256_setzero_ps();
  for (Index k = 0; k < features; ++k) {
    const __m256 y = _mm256_loadu_ps(rows + 16 * k);
#pragma GCC unroll 8
    for (int p = 0; p < 8; ++p) sum[p] = _mm256_fmadd_ps(_mm256_set1_ps(columns[p][k]), y, sum[p]);
  }
#pragma GCC unroll 8
  for (int p = 0; p < 8; ++p) _mm256_storeu_ps(out[p], sum[p]);
}
#elif defined(__AARCH64EL__) && defined(__GNUC__)
inline void half_panel_products_neon(const float* rows, const float* const* columns, Index features,
                                     float* const* out) {
  float32x4_t sum[8][2];
#pragma GCC unroll 8
  for (int p = 0; p < 8; ++p) sum[p][0] = sum[p][1] = vdupq_n_f32(0.0f);
  for (Index k = 0; k < features; ++k) {
    const float32x4_t y[2] = {vld1q_f32(rows + 16 * k), vld1q_f32(rows + 16 * k + 4)};
#pragma GCC unroll 8
    for (int p = 0; p < 8; ++p)
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) sum[p][v] = vfmaq_n_f32(sum[p][v], y[v], columns[p][k]);
  }
#pragma GCC unroll 8
  for (int p = 0; p < 8; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) vst1q_f32(out[p] + 4 * v, sum[p][v]);
}
#endif

}  // namespace detail

/// out[p][r] = the inner product of row r of 8 rows with column p, for 8 columns p: the same bits as `inner_products` gives.
///
/// \param rows     8 of a panel's rows: its beginning, or 8 floats after it
/// \param columns  their features one after another
/// \pre   screening_range(largest_instruction_set()) > 0
inline void half_panel_products(const float* rows, const float* const* columns, Index features, float* const* out) {
#if defined(__x86_64__) && defined(__GNUC__)
  detail::half_panel_products_avx2(rows, columns, features, out);
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  detail::half_panel_products_neon(rows, columns, features, out);
#else
  static_cast<void>(rows), static_cast<void>(columns), static_cast<void>(features), static_cast<void>(out);
#endif
}

}  // namespace pickmix::inline v0::backend
