// SPDX-License-Identifier: MIT
// Sums of products of bytes: what rows are screened with.
#pragma once

#include <pickmix/backend/byte_products_amx.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

/// The largest number that bytes are screened with by these instructions; 0 where that is not faster than
/// `inner_products`, or there is no code for it. With AVX2 pairs of products are added in 16 bits. On ARM without SDOT
/// sixteen products would take three instructions (SMULL, SMLAL, SADALP) in the place of four: too little to pay for
/// bounds and for what they leave.
inline int screening_range(InstructionSet set) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set >= InstructionSet::vnni) return 127;
  if (set == InstructionSet::avx2) return 63;
#elif defined(__AARCH64EL__) && defined(__GNUC__) && (defined(__ARM_FEATURE_DOTPROD) || !defined(__clang__))
  if (set == InstructionSet::dotprod) return 127;
#endif
  static_cast<void>(set);
  return 0;
}

/// What screening a tile costs, as a part of computing it in floats: measured, that of AVX2 and VNNI on Zen 4, that of AMX on
/// an Intel Xeon that has it. On ARM it is counted: one SDOT in the place of four multiply-adds, and ten instructions for
/// four bounds in the place of 384, at 384 features.
inline double screening_cost(InstructionSet set) {
  if (set == InstructionSet::amx) return 0.06;
  return set == InstructionSet::vnni || set == InstructionSet::dotprod ? 0.28 : 0.42;
}

/// How many columns `byte_products` takes at once, and of what number it wants features to be a multiple.
constexpr Index byte_columns(InstructionSet set) { return set == InstructionSet::amx ? 16 : 4; }
constexpr Index byte_features(InstructionSet set) { return set == InstructionSet::amx ? 64 : 8; }

/// What is added to the numbers of rows to make them bytes. SDOT multiplies signed bytes, all others signed ones, of columns,
/// with unsigned ones.
inline int byte_offset(InstructionSet set) { return set == InstructionSet::dotprod ? 0 : screening_range(set) + 1; }

/// Where feature k of row i stands in a panel of 16 rows: four features after four, 4 bytes a row.
constexpr Index row_place(Index i, Index k) { return k / 4 * 64 + i * 4 + k % 4; }

/// Where feature k of column c stands in a panel of 16 columns: as rows do, but for AMX 64 features after 64.
constexpr Index column_place(InstructionSet set, Index c, Index k) {
  return set == InstructionSet::amx ? k / 64 * 1024 + c * 64 + k % 64 : row_place(c, k);
}

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

/// 4 columns, whose bytes are signed, by 16 rows.
[[gnu::target("avx2")]] inline void byte_products_avx2(const std::int8_t* x, const std::uint8_t* y, Index features,
                                                       std::int32_t* out) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum[4][2];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
  for (Index k = 0; k < features; k += 8) {
    __m256i y0[2], y1[2];
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      y0[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(y + 16 * k + 32 * v));
      y1[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(y + 16 * k + 64 + 32 * v));
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      std::int32_t four[2];
      std::memcpy(&four[0], x + 16 * k + 4 * r, 4);
      std::memcpy(&four[1], x + 16 * k + 64 + 4 * r, 4);
      const __m256i x0 = _mm256_set1_epi32(four[0]), x1 = _mm256_set1_epi32(four[1]);
#pragma GCC unroll 2
      for (int v = 0; v < 2; ++v) {
        const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(y0[v], x0), _mm256_maddubs_epi16(y1[v], x1));
        sum[r][v] = _mm256_add_epi32(sum[r][v], _mm256_madd_epi16(pairs, ones));
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 64 * r + 8 * v), sum[r][v]);
}

/// 4 columns by 64 rows.
[[gnu::target("avx512f,avx512bw,avx512vnni")]] inline void byte_products_vnni(const std::int8_t* x,
                                                                              const std::uint8_t* y, Index features,
                                                                              std::int32_t* out) {
  __m512i sum[4][4];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[r][v] = _mm512_setzero_si512();
  for (Index k = 0; k < features; k += 4) {
    __m512i bytes[4];
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) bytes[v] = _mm512_loadu_si512(y + 16 * features * v + 16 * k);
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      std::int32_t four = 0;
      std::memcpy(&four, x + 16 * k + 4 * r, 4);
      const __m512i other = _mm512_set1_epi32(four);
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], bytes[v], other);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) _mm512_storeu_si512(out + 64 * r + 16 * v, sum[r][v]);
}

#elif defined(__AARCH64EL__) && defined(__GNUC__) && (defined(__ARM_FEATURE_DOTPROD) || !defined(__clang__))

/// 4 columns by 16 rows, whose bytes are signed as well. GCC has the instruction wherever a function asks for it, Clang
/// only where it was told of it.
#if !defined(__clang__)
[[gnu::target("arch=armv8.2-a+dotprod")]]
#endif
inline void
byte_products_dotprod(const std::int8_t* x, const std::uint8_t* y, Index features, std::int32_t* out) {
  int32x4_t sum[4][4];
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[r][v] = vdupq_n_s32(0);
  for (Index k = 0; k < features; k += 4) {
    const int8x16_t columns = vld1q_s8(x + 16 * k);
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      const int8x16_t rows = vreinterpretq_s8_u8(vld1q_u8(y + 16 * k + 16 * v));
      sum[0][v] = vdotq_laneq_s32(sum[0][v], rows, columns, 0);
      sum[1][v] = vdotq_laneq_s32(sum[1][v], rows, columns, 1);
      sum[2][v] = vdotq_laneq_s32(sum[2][v], rows, columns, 2);
      sum[3][v] = vdotq_laneq_s32(sum[3][v], rows, columns, 3);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) vst1q_s32(out + 64 * r + 4 * v, sum[r][v]);
}

#endif

}  // namespace detail

/// out[64 r + i] = the sum of the products of row i's bytes with column r's, for byte_columns(set) columns and 64 rows.
///
/// \param x  the first of these columns, whose bytes are signed, in panels laid out by `column_place`
/// \param y  4 panels of 16 rows, laid out by `row_place`; their bytes are signed where byte_offset(set) is 0
/// \pre   screening_range(set) > 0, and no number is larger; features is a multiple of byte_features(set); for AMX a
///        wanted TileState of this thread lives
inline void byte_products(InstructionSet set, const std::int8_t* x, const std::uint8_t* y, Index features,
                          std::int32_t* out) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set == InstructionSet::amx) return detail::byte_products_amx(x, y, features, out);
  if (set == InstructionSet::vnni) return detail::byte_products_vnni(x, y, features, out);
  for (Index panel = 0; panel < 4; ++panel)
    detail::byte_products_avx2(x, y + panel * 16 * features, features, out + 16 * panel);
#elif defined(__AARCH64EL__) && defined(__GNUC__) && (defined(__ARM_FEATURE_DOTPROD) || !defined(__clang__))
  static_cast<void>(set);
  for (Index panel = 0; panel < 4; ++panel)
    detail::byte_products_dotprod(x, y + panel * 16 * features, features, out + 16 * panel);
#else
  static_cast<void>(set), static_cast<void>(x), static_cast<void>(y), static_cast<void>(features),
      static_cast<void>(out);
#endif
}

}  // namespace pickmix::inline v0::backend
