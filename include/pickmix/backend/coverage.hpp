// SPDX-License-Identifier: MIT
// The hot loop of facility location: how much a candidate's column rises above what is covered already.
#pragma once

#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

/// Σ_i of non-negative floats in double, sixteen sums side by side: row i goes into sum i mod 16, rows in order.
///
/// A term that is exactly zero changes no sum, so the rows that have one may be left out: a column gives the same bits
/// whether it is stored dense, sparse or tile by tile. And since rounding is monotone, the total can only fall when a term
/// falls, to the last bit.
struct LaneSums {
  static constexpr Index lanes = 16;
  std::array<double, lanes> sum{};

  void add(Index row, float term) { sum[static_cast<std::size_t>(row) % lanes] += static_cast<double>(term); }
  double total() const {
    std::array<double, lanes> halves = sum;
    for (std::size_t width = lanes / 2; width > 0; width /= 2)
      for (std::size_t lane = 0; lane < width; ++lane) halves[lane] += halves[lane + width];
    return halves[0];
  }
};

/// The rows that columns are compared with: what covers them already, at least 0, and the most that counts.
template <class Entry>
struct CoveredRows {
  const Entry* coverage;
  const Entry* cap = nullptr;  ///< null: no cap
};
using Covered = CoveredRows<float>;
using HalfCovered = CoveredRows<std::int16_t>;

/// max(min(similarity, cap_row) − coverage_row, 0).
inline float rise(float similarity, const Covered& covered, Index row) {
  const float counted = covered.cap == nullptr ? similarity : std::min(similarity, covered.cap[row]);
  return std::max(counted - covered.coverage[row], 0.0f);
}

/// Asks for the lines of the cache that the first of these entries lie in, before they are read: a processor that comes to a
/// list it has not seen for long finds out line by line.
template <class Entry>
void ask_for([[maybe_unused]] std::span<const Entry> entries) {
#if defined(__GNUC__)
  constexpr std::size_t line = 64 / sizeof(Entry), most = 16 * line;
  for (std::size_t e = 0; e < std::min(entries.size(), most); e += line) __builtin_prefetch(entries.data() + e);
#endif
}

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

template <std::size_t count, bool capped>
[[gnu::target("avx2")]] inline void add_rises_avx2(const float* const* columns, const Covered& covered, Index rows,
                                                   LaneSums* sums) {
  __m256d sum[count][4];
#pragma GCC unroll 8
  for (std::size_t c = 0; c < count; ++c)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[c][v] = _mm256_loadu_pd(sums[c].sum.data() + 4 * v);
  for (Index i = 0; i < rows; i += 16) {
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m256 coverage = _mm256_loadu_ps(covered.coverage + i + 8 * half);
#pragma GCC unroll 8
      for (std::size_t c = 0; c < count; ++c) {
        __m256 counted = _mm256_loadu_ps(columns[c] + i + 8 * half);
        if constexpr (capped) counted = _mm256_min_ps(counted, _mm256_loadu_ps(covered.cap + i + 8 * half));
        const __m256 rise = _mm256_max_ps(_mm256_sub_ps(counted, coverage), _mm256_setzero_ps());
        sum[c][2 * half] = _mm256_add_pd(sum[c][2 * half], _mm256_cvtps_pd(_mm256_castps256_ps128(rise)));
        sum[c][2 * half + 1] = _mm256_add_pd(sum[c][2 * half + 1], _mm256_cvtps_pd(_mm256_extractf128_ps(rise, 1)));
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t c = 0; c < count; ++c)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) _mm256_storeu_pd(sums[c].sum.data() + 4 * v, sum[c][v]);
}

template <std::size_t count, bool capped>
[[gnu::target("avx2")]] inline void add_half_rises_avx2(const std::int16_t* const* columns, const HalfCovered& covered,
                                                        Index rows, std::int64_t* sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (Index begin = 0; begin < rows; begin += Index{1} << 18) {  // a lane of 32 bits holds that many rows
    const Index end = std::min(rows, begin + (Index{1} << 18));
    __m256i sum[count];
#pragma GCC unroll 8
    for (std::size_t c = 0; c < count; ++c) sum[c] = _mm256_setzero_si256();
    for (Index i = begin; i < end; i += 16) {
      const __m256i coverage = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(covered.coverage + i));
#pragma GCC unroll 8
      for (std::size_t c = 0; c < count; ++c) {
        __m256i counted = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns[c] + i));
        if constexpr (capped)
          counted = _mm256_min_epi16(counted, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(covered.cap + i)));
        const __m256i rise = _mm256_max_epi16(_mm256_subs_epi16(counted, coverage), _mm256_setzero_si256());
        sum[c] = _mm256_add_epi32(sum[c], _mm256_madd_epi16(rise, ones));
      }
    }
    for (std::size_t c = 0; c < count; ++c) {
      alignas(32) std::int32_t lanes[8];
      _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sum[c]);
      for (std::int32_t lane : lanes) sums[c] += lane;
    }
  }
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

/// Of several columns four sums each at a time, which fit into the registers, over rows that stay in the nearest cache.
template <std::size_t count, bool capped>
void add_rises_neon(const float* const* columns, const Covered& covered, Index rows, LaneSums* sums) {
  constexpr Index lanes = count == 1 ? 16 : 4, together = 256;
  for (Index begin = 0; begin < rows; begin += together) {
    const Index end = std::min(rows, begin + together);
    for (Index first = 0; first < 16; first += lanes) {
      float64x2_t sum[count][lanes / 2];
#pragma GCC unroll 8
      for (std::size_t c = 0; c < count; ++c)
#pragma GCC unroll 8
        for (Index v = 0; v < lanes / 2; ++v) sum[c][v] = vld1q_f64(sums[c].sum.data() + first + 2 * v);
      for (Index i = begin + first; i < end; i += 16) {
#pragma GCC unroll 4
        for (Index four = 0; four < lanes; four += 4) {
          const float32x4_t coverage = vld1q_f32(covered.coverage + i + four);
#pragma GCC unroll 8
          for (std::size_t c = 0; c < count; ++c) {
            float32x4_t counted = vld1q_f32(columns[c] + i + four);
            if constexpr (capped) counted = vminq_f32(counted, vld1q_f32(covered.cap + i + four));
            const float32x4_t rise = vmaxq_f32(vsubq_f32(counted, coverage), vdupq_n_f32(0.0f));
            sum[c][four / 2] = vaddq_f64(sum[c][four / 2], vcvt_f64_f32(vget_low_f32(rise)));
            sum[c][four / 2 + 1] = vaddq_f64(sum[c][four / 2 + 1], vcvt_high_f64_f32(rise));
          }
        }
      }
#pragma GCC unroll 8
      for (std::size_t c = 0; c < count; ++c)
#pragma GCC unroll 8
        for (Index v = 0; v < lanes / 2; ++v) vst1q_f64(sums[c].sum.data() + first + 2 * v, sum[c][v]);
    }
  }
}

template <std::size_t count, bool capped>
void add_half_rises_neon(const std::int16_t* const* columns, const HalfCovered& covered, Index rows,
                         std::int64_t* sums) {
  for (Index begin = 0; begin < rows; begin += Index{1} << 18) {  // a lane of 32 bits holds that many rows
    const Index end = std::min(rows, begin + (Index{1} << 18));
    int32x4_t sum[count];
#pragma GCC unroll 8
    for (std::size_t c = 0; c < count; ++c) sum[c] = vdupq_n_s32(0);
    for (Index i = begin; i < end; i += 8) {
      const int16x8_t coverage = vld1q_s16(covered.coverage + i);
#pragma GCC unroll 8
      for (std::size_t c = 0; c < count; ++c) {
        int16x8_t counted = vld1q_s16(columns[c] + i);
        if constexpr (capped) counted = vminq_s16(counted, vld1q_s16(covered.cap + i));
        sum[c] = vpadalq_s16(sum[c], vmaxq_s16(vqsubq_s16(counted, coverage), vdupq_n_s16(0)));
      }
    }
#pragma GCC unroll 8
    for (std::size_t c = 0; c < count; ++c) sums[c] += vaddlvq_s32(sum[c]);
  }
}

#endif

/// Columns that are looked at together share the loads of the coverage, and their loads from memory overlap in time: eight
/// of them come in twice as fast as one by one, though their sums no longer fit into the registers.
template <std::size_t count>
void add_rises(InstructionSet set, const float* const* columns, const Covered& covered, Index rows, LaneSums* sums) {
  Index done = 0;
#if defined(__x86_64__) && defined(__GNUC__)
  if (set != InstructionSet::portable) {
    done = rows / LaneSums::lanes * LaneSums::lanes;
    covered.cap == nullptr ? add_rises_avx2<count, false>(columns, covered, done, sums)
                           : add_rises_avx2<count, true>(columns, covered, done, sums);
  }
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  if (set != InstructionSet::portable) {
    done = rows / LaneSums::lanes * LaneSums::lanes;
    covered.cap == nullptr ? add_rises_neon<count, false>(columns, covered, done, sums)
                           : add_rises_neon<count, true>(columns, covered, done, sums);
  }
#else
  (void)set;
#endif
  for (std::size_t c = 0; c < count; ++c)
    for (Index i = done; i < rows; ++i) sums[c].add(i, rise(columns[c][i], covered, i));
}

}  // namespace detail

/// sums[c] += max(min(columns[c][i], cap_i) − coverage_i, 0) over the rows i, which begin with a row number divisible by
/// 16.
///
/// \shape columns, sums: the same number; each column, coverage and cap: `rows` entries
/// \complexity `rows` operations and 4 · `rows` bytes a column
/// \determinism the same bits on every processor
inline void add_rises(std::span<const float* const> columns, const Covered& covered, Index rows,
                      std::span<LaneSums> sums, InstructionSet set) {
  std::size_t c = 0;
  for (; c + 8 <= columns.size(); c += 8) detail::add_rises<8>(set, &columns[c], covered, rows, &sums[c]);
  for (; c < columns.size(); ++c) detail::add_rises<1>(set, &columns[c], covered, rows, &sums[c]);
}

/// The same for entries of 16 bits, in their unit; exact.
inline void add_rises(std::span<const std::int16_t* const> columns, const HalfCovered& covered, Index rows,
                      std::span<std::int64_t> sums, InstructionSet set) {
  Index done = 0;
  std::size_t c = 0;
#if defined(__x86_64__) && defined(__GNUC__)
  if (set != InstructionSet::portable) {
    done = rows / 16 * 16;
    for (; c + 8 <= columns.size(); c += 8)
      covered.cap == nullptr ? detail::add_half_rises_avx2<8, false>(&columns[c], covered, done, &sums[c])
                             : detail::add_half_rises_avx2<8, true>(&columns[c], covered, done, &sums[c]);
    for (; c < columns.size(); ++c)
      covered.cap == nullptr ? detail::add_half_rises_avx2<1, false>(&columns[c], covered, done, &sums[c])
                             : detail::add_half_rises_avx2<1, true>(&columns[c], covered, done, &sums[c]);
  }
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  if (set != InstructionSet::portable) {
    done = rows / 8 * 8;
    for (; c + 8 <= columns.size(); c += 8)
      covered.cap == nullptr ? detail::add_half_rises_neon<8, false>(&columns[c], covered, done, &sums[c])
                             : detail::add_half_rises_neon<8, true>(&columns[c], covered, done, &sums[c]);
    for (; c < columns.size(); ++c)
      covered.cap == nullptr ? detail::add_half_rises_neon<1, false>(&columns[c], covered, done, &sums[c])
                             : detail::add_half_rises_neon<1, true>(&columns[c], covered, done, &sums[c]);
  }
#else
  (void)set;
#endif
  for (c = 0; c < columns.size(); ++c)
    for (Index i = done; i < rows; ++i) {
      const int counted = covered.cap == nullptr ? columns[c][i] : std::min(columns[c][i], covered.cap[i]);
      sums[c] += std::max(counted - covered.coverage[i], 0);
    }
}

}  // namespace pickmix::inline v0::backend
