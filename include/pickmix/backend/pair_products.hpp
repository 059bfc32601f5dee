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

/// Lane p of out[k] is rows[p][first + k]: 8 rows, 4 features.
[[gnu::target("avx2,fma")]] inline void lanes_of_rows_avx2(const float* const* rows, Index first, __m256* out) {
  __m256 fours[4];  // of row p, and in the upper half of row p + 4
#pragma GCC unroll 4
  for (int p = 0; p < 4; ++p)
    fours[p] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[p] + first)),
                                    _mm_loadu_ps(rows[p + 4] + first), 1);
  const __m256 low01 = _mm256_unpacklo_ps(fours[0], fours[1]), high01 = _mm256_unpackhi_ps(fours[0], fours[1]);
  const __m256 low23 = _mm256_unpacklo_ps(fours[2], fours[3]), high23 = _mm256_unpackhi_ps(fours[2], fours[3]);
  out[0] = _mm256_shuffle_ps(low01, low23, 0x44);
  out[1] = _mm256_shuffle_ps(low01, low23, 0xEE);
  out[2] = _mm256_shuffle_ps(high01, high23, 0x44);
  out[3] = _mm256_shuffle_ps(high01, high23, 0xEE);
}

[[gnu::target("avx2,fma")]] inline void pair_products_avx2(const float* const* rows, const float* const* columns,
                                                           Index features, float* out) {
  __m256 sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  const Index whole = features / 4 * 4;
  for (Index k = 0; k < whole; k += 4)
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      __m256 x[4], y[4];
      lanes_of_rows_avx2(rows + 8 * half, k, x);
      lanes_of_rows_avx2(columns + 8 * half, k, y);
#pragma GCC unroll 4
      for (int f = 0; f < 4; ++f) sum[half] = _mm256_fmadd_ps(x[f], y[f], sum[half]);
    }
  _mm256_storeu_ps(out, sum[0]);
  _mm256_storeu_ps(out + 8, sum[1]);
  for (Index k = whole; k < features; ++k)
    for (int p = 0; p < 16; ++p) {
      const __m128 x = _mm_load_ss(rows[p] + k), y = _mm_load_ss(columns[p] + k);
      out[p] = _mm_cvtss_f32(_mm_fmadd_ss(x, y, _mm_load_ss(out + p)));
    }
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

/// Lane p of out[k] is rows[p][first + k]: 4 rows, 4 features.
inline void lanes_of_rows_neon(const float* const* rows, Index first, float32x4_t* out) {
  const float32x4_t row0 = vld1q_f32(rows[0] + first), row1 = vld1q_f32(rows[1] + first);
  const float32x4_t row2 = vld1q_f32(rows[2] + first), row3 = vld1q_f32(rows[3] + first);
  const float32x4_t even01 = vtrn1q_f32(row0, row1), odd01 = vtrn2q_f32(row0, row1);
  const float32x4_t even23 = vtrn1q_f32(row2, row3), odd23 = vtrn2q_f32(row2, row3);
  out[0] = vcombine_f32(vget_low_f32(even01), vget_low_f32(even23));
  out[1] = vcombine_f32(vget_low_f32(odd01), vget_low_f32(odd23));
  out[2] = vcombine_f32(vget_high_f32(even01), vget_high_f32(even23));
  out[3] = vcombine_f32(vget_high_f32(odd01), vget_high_f32(odd23));
}

inline void pair_products_neon(const float* const* rows, const float* const* columns, Index features, float* out) {
  float32x4_t sum[4];
#pragma GCC unroll 4
  for (int part = 0; part < 4; ++part) sum[part] = vdupq_n_f32(0.0f);
  const Index whole = features / 4 * 4;
  for (Index k = 0; k < whole; k += 4)
#pragma GCC unroll 4
    for (int part = 0; part < 4; ++part) {
      float32x4_t x[4], y[4];
      lanes_of_rows_neon(rows + 4 * part, k, x);
      lanes_of_rows_neon(columns + 4 * part, k, y);
#pragma GCC unroll 4
      for (int f = 0; f < 4; ++f) sum[part] = vfmaq_f32(sum[part], x[f], y[f]);
    }
#pragma GCC unroll 4
  for (int part = 0; part < 4; ++part) vst1q_f32(out + 4 * part, sum[part]);
  for (Index k = whole; k < features; ++k)
    for (int p = 0; p < 16; ++p) {
      const float32x2_t more = vfma_f32(vdup_n_f32(out[p]), vdup_n_f32(rows[p][k]), vdup_n_f32(columns[p][k]));
      out[p] = vget_lane_f32(more, 0);
    }
}

#endif

}  // namespace detail

/// out[p] = the inner product of rows[p] with columns[p], for 16 pairs p: the same bits as `inner_products` gives. Sixteen
/// pairs are as many chains of additions, which hide each other's waiting; a vector's lanes are pairs.
///
/// \param rows, columns  their features one after another
/// \pre   the processor has AVX2 and FMA (ARM: NEON)
inline void pair_products(const float* const* rows, const float* const* columns, Index features, float* out) {
#if defined(__x86_64__) && defined(__GNUC__)
  detail::pair_products_avx2(rows, columns, features, out);
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  detail::pair_products_neon(rows, columns, features, out);
#else
  static_cast<void>(rows), static_cast<void>(columns), static_cast<void>(features), static_cast<void>(out);
#endif
}

}  // namespace pickmix::inline v0::backend
