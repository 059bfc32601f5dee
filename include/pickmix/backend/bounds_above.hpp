// SPDX-License-Identifier: MIT
// Which rows' upper bounds with a column are above a limit.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/instruction_set.hpp>

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

/// A column, as 64 rows are compared with it.
struct BoundedColumn {
  std::int32_t added;  ///< to the sums, by the offset of the rows' bytes
  float scale, error, norm, limit;
};

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

[[gnu::target("avx2,fma")]] inline std::uint64_t bounds_above_avx2(const BoundedColumn& column,
                                                                   const std::int32_t* sums, const float* by_error,
                                                                   const float* by_norm, const float* limits,
                                                                   const float* scales) {
  const __m256 scale = _mm256_set1_ps(column.scale), error = _mm256_set1_ps(column.error);
  const __m256 norm = _mm256_set1_ps(column.norm), limit = _mm256_set1_ps(column.limit);
  const __m256i added = _mm256_set1_epi32(column.added);
  std::uint64_t mask = 0;
#pragma GCC unroll 8
  for (int v = 0; v < 8; ++v) {
    const __m256i sum = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + 8 * v));
    __m256 bound = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sum, added)), scale);
    bound = _mm256_fmadd_ps(_mm256_loadu_ps(by_error + 8 * v), error, bound);
    bound = _mm256_fmadd_ps(_mm256_loadu_ps(by_norm + 8 * v), norm, bound);
    const __m256 by_row = _mm256_cmp_ps(bound, _mm256_loadu_ps(limits + 8 * v), _CMP_GT_OQ);
    const __m256 by_column = _mm256_cmp_ps(_mm256_mul_ps(bound, _mm256_loadu_ps(scales + 8 * v)), limit, _CMP_GT_OQ);
    mask |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_ps(_mm256_or_ps(by_row, by_column))))
            << (8 * v);
  }
  return mask;
}

/// The same, 16 rows at a time.
[[gnu::target("avx512f")]] inline std::uint64_t bounds_above_avx512(const BoundedColumn& column,
                                                                    const std::int32_t* sums, const float* by_error,
                                                                    const float* by_norm, const float* limits,
                                                                    const float* scales) {
  const __m512 scale = _mm512_set1_ps(column.scale), error = _mm512_set1_ps(column.error);
  const __m512 norm = _mm512_set1_ps(column.norm), limit = _mm512_set1_ps(column.limit);
  const __m512i added = _mm512_set1_epi32(column.added);
  std::uint64_t mask = 0;
#pragma GCC unroll 4
  for (int v = 0; v < 4; ++v) {
    const __m512i sum = _mm512_sub_epi32(_mm512_loadu_si512(sums + 16 * v), added);
    __m512 bound = _mm512_mul_ps(_mm512_maskz_cvtepi32_ps(0xFFFF, sum), scale);  // GCC 12 warns falsely without a mask
    bound = _mm512_fmadd_ps(_mm512_loadu_ps(by_error + 16 * v), error, bound);
    bound = _mm512_fmadd_ps(_mm512_loadu_ps(by_norm + 16 * v), norm, bound);
    const __mmask16 by_row = _mm512_cmp_ps_mask(bound, _mm512_loadu_ps(limits + 16 * v), _CMP_GT_OQ);
    const __mmask16 by_column =
        _mm512_cmp_ps_mask(_mm512_mul_ps(bound, _mm512_loadu_ps(scales + 16 * v)), limit, _CMP_GT_OQ);
    mask |= static_cast<std::uint64_t>(static_cast<unsigned>(by_row | by_column)) << (16 * v);
  }
  return mask;
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

inline std::uint64_t bounds_above_neon(const BoundedColumn& column, const std::int32_t* sums, const float* by_error,
                                       const float* by_norm, const float* limits, const float* scales) {
  const float32x4_t limit = vdupq_n_f32(column.limit);
  uint32x4_t above[16];
#pragma GCC unroll 16
  for (int v = 0; v < 16; ++v) {
    const int32x4_t sum = vsubq_s32(vld1q_s32(sums + 4 * v), vdupq_n_s32(column.added));
    float32x4_t bound = vmulq_n_f32(vcvtq_f32_s32(sum), column.scale);
    bound = vfmaq_n_f32(bound, vld1q_f32(by_error + 4 * v), column.error);
    bound = vfmaq_n_f32(bound, vld1q_f32(by_norm + 4 * v), column.norm);
    const uint32x4_t by_row = vcgtq_f32(bound, vld1q_f32(limits + 4 * v));
    const uint32x4_t by_column = vcgtq_f32(vmulq_f32(bound, vld1q_f32(scales + 4 * v)), limit);
    above[v] = vorrq_u32(by_row, by_column);
  }
  return bits_of(above);
}

#endif

}  // namespace detail

/// Bit i of 64: whether row i's bound,
///
///     b_i = (sums_i - added)·scale + by_error_i·error + by_norm_i·norm,
///
/// is above limits_i, or b_i·scales_i above the column's limit. The same with every instruction set.
///
/// \pre `set` is not portable
inline std::uint64_t bounds_above(InstructionSet set, const BoundedColumn& column, const std::int32_t* sums,
                                  const float* by_error, const float* by_norm, const float* limits,
                                  const float* scales) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set >= InstructionSet::avx512)
    return detail::bounds_above_avx512(column, sums, by_error, by_norm, limits, scales);
  return detail::bounds_above_avx2(column, sums, by_error, by_norm, limits, scales);
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  static_cast<void>(set);
  return detail::bounds_above_neon(column, sums, by_error, by_norm, limits, scales);
#else
  static_cast<void>(set), static_cast<void>(column), static_cast<void>(sums), static_cast<void>(by_error),
      static_cast<void>(by_norm), static_cast<void>(limits), static_cast<void>(scales);
  return ~std::uint64_t{0};
#endif
}

}  // namespace pickmix::inline v0::backend
