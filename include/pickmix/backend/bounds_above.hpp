// SPDX-License-Identifier: MIT
// Which rows' upper bounds with which columns are above a limit.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

/// 64 rows, as columns are compared with them.
struct BoundedRows {
  const float *by_error, *by_norm, *limits, *scales;
};

/// Columns, as rows are compared with them: an entry for each.
struct BoundedColumns {
  const std::int32_t* added;  ///< to the sums, by the offset of the rows' bytes
  const float *scales, *errors, *norms, *limits;
};

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

[[gnu::target("avx2,fma")]] inline void bounds_above_avx2(const BoundedRows& rows, const BoundedColumns& columns,
                                                          Index first, Index last, const std::int32_t* sums,
                                                          std::uint64_t* masks, Index stride) {
  for (Index c = first; c < last; ++c) {
    const __m256 scale = _mm256_set1_ps(columns.scales[c]), error = _mm256_set1_ps(columns.errors[c]);
    const __m256 norm = _mm256_set1_ps(columns.norms[c]), limit = _mm256_set1_ps(columns.limits[c]);
    const __m256i added = _mm256_set1_epi32(columns.added[c]);
    std::uint64_t mask = 0;
#pragma GCC unroll 8
    for (int v = 0; v < 8; ++v) {
      const __m256i sum = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + 64 * (c - first) + 8 * v));
      __m256 bound = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sum, added)), scale);
      bound = _mm256_fmadd_ps(_mm256_loadu_ps(rows.by_error + 8 * v), error, bound);
      bound = _mm256_fmadd_ps(_mm256_loadu_ps(rows.by_norm + 8 * v), norm, bound);
      const __m256 by_row = _mm256_cmp_ps(bound, _mm256_loadu_ps(rows.limits + 8 * v), _CMP_GT_OQ);
      const __m256 scaled = _mm256_mul_ps(bound, _mm256_loadu_ps(rows.scales + 8 * v));
      const __m256 by_column = _mm256_cmp_ps(scaled, limit, _CMP_GT_OQ);
      const auto bits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_or_ps(by_row, by_column)));
      mask |= static_cast<std::uint64_t>(bits) << (8 * v);
    }
    masks[c * stride] = mask;
  }
}

/// The same, half a column after half a column, so that something else can be done between them. What 64 rows are compared with
/// stays in registers.
class BoundsByHalves {
 public:
  [[gnu::target("avx512f"), gnu::always_inline]] BoundsByHalves(const BoundedRows& rows, const BoundedColumns& columns,
                                                                Index first, Index last, const std::int32_t* sums,
                                                                std::uint64_t* masks, Index stride)
      : columns_(columns), column_(first), last_(last), sums_(sums), masks_(masks + first * stride), stride_(stride) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      by_error_[v] = _mm512_loadu_ps(rows.by_error + 16 * v);
      by_norm_[v] = _mm512_loadu_ps(rows.by_norm + 16 * v);
      limits_[v] = _mm512_loadu_ps(rows.limits + 16 * v);
      scales_[v] = _mm512_loadu_ps(rows.scales + 16 * v);
    }
  }

  bool left() const { return column_ < last_; }

  /// Rows [32 · half, 32 · half + 32) of a column, if one is left. First half 0, then half 1, and so on.
  template <int half>
  [[gnu::target("avx512f"), gnu::always_inline]] void next() {
    if (column_ >= last_) return;
    const Index c = column_;
    const __m512 scale = _mm512_set1_ps(columns_.scales[c]), error = _mm512_set1_ps(columns_.errors[c]);
    const __m512 norm = _mm512_set1_ps(columns_.norms[c]), limit = _mm512_set1_ps(columns_.limits[c]);
    const __m512i added = _mm512_set1_epi32(columns_.added[c]);
#pragma GCC unroll 2
    for (int v = 2 * half; v < 2 * half + 2; ++v) {
      const __m512i sum = _mm512_sub_epi32(_mm512_loadu_si512(sums_ + 16 * v), added);
      __m512 bound = _mm512_maskz_cvtepi32_ps(0xFFFF, sum);  // GCC 12 warns falsely without a mask
      bound = _mm512_mul_ps(bound, scale);
      bound = _mm512_fmadd_ps(by_error_[v], error, bound);
      bound = _mm512_fmadd_ps(by_norm_[v], norm, bound);
      const __mmask16 not_by_row = _mm512_cmp_ps_mask(bound, limits_[v], _CMP_NGT_UQ);
      const __mmask16 by_none =
          _mm512_mask_cmp_ps_mask(not_by_row, _mm512_mul_ps(bound, scales_[v]), limit, _CMP_NGT_UQ);
      by_none_ |= static_cast<std::uint64_t>(static_cast<unsigned>(by_none)) << (16 * v);
    }
    if constexpr (half == 1) {
      *masks_ = ~by_none_;
      by_none_ = 0;
      sums_ += 64;
      masks_ += stride_;
      ++column_;
    }
  }

 private:
  BoundedColumns columns_;
  Index column_, last_;
  const std::int32_t* sums_;
  std::uint64_t* masks_;
  Index stride_;
  std::uint64_t by_none_ = 0;
  __m512 by_error_[4], by_norm_[4], limits_[4], scales_[4];
};

[[gnu::target("avx512f")]] inline void bounds_above_avx512(const BoundedRows& rows, const BoundedColumns& columns,
                                                           Index first, Index last, const std::int32_t* sums,
                                                           std::uint64_t* masks, Index stride) {
  BoundsByHalves bounds(rows, columns, first, last, sums, masks, stride);
  while (bounds.left()) {
    bounds.next<0>();
    bounds.next<1>();
  }
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

inline void bounds_above_neon(const BoundedRows& rows, const BoundedColumns& columns, Index first, Index last,
                              const std::int32_t* sums, std::uint64_t* masks, Index stride) {
  for (Index c = first; c < last; ++c) {
    const float32x4_t limit = vdupq_n_f32(columns.limits[c]);
    uint32x4_t above[16];
#pragma GCC unroll 16
    for (int v = 0; v < 16; ++v) {
      const int32x4_t sum = vsubq_s32(vld1q_s32(sums + 64 * (c - first) + 4 * v), vdupq_n_s32(columns.added[c]));
      float32x4_t bound = vmulq_n_f32(vcvtq_f32_s32(sum), columns.scales[c]);
      bound = vfmaq_n_f32(bound, vld1q_f32(rows.by_error + 4 * v), columns.errors[c]);
      bound = vfmaq_n_f32(bound, vld1q_f32(rows.by_norm + 4 * v), columns.norms[c]);
      const uint32x4_t by_row = vcgtq_f32(bound, vld1q_f32(rows.limits + 4 * v));
      const uint32x4_t by_column = vcgtq_f32(vmulq_f32(bound, vld1q_f32(rows.scales + 4 * v)), limit);
      above[v] = vorrq_u32(by_row, by_column);
    }
    masks[c * stride] = bits_of(above);
  }
}

#endif

}  // namespace detail

/// Bit i of masks[c · stride], for columns c in [first, last): whether row i's bound,
///
///     b_i = (sums[64 · (c - first) + i] - added_c)·scale_c + by_error_i·error_c + by_norm_i·norm_c,
///
/// is above limits_i, or b_i·scales_i above the column's limit. The same with every instruction set.
///
/// \pre `set` is not portable
inline void bounds_above(InstructionSet set, const BoundedRows& rows, const BoundedColumns& columns, Index first,
                         Index last, const std::int32_t* sums, std::uint64_t* masks, Index stride) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set >= InstructionSet::avx512)
    return detail::bounds_above_avx512(rows, columns, first, last, sums, masks, stride);
  detail::bounds_above_avx2(rows, columns, first, last, sums, masks, stride);
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  static_cast<void>(set);
  detail::bounds_above_neon(rows, columns, first, last, sums, masks, stride);
#else
  static_cast<void>(set), static_cast<void>(rows), static_cast<void>(columns), static_cast<void>(sums);
  for (Index c = first; c < last; ++c) masks[c * stride] = ~std::uint64_t{0};
#endif
}

}  // namespace pickmix::inline v0::backend
