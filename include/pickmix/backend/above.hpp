// SPDX-License-Identifier: MIT
// Which entries lie above a threshold: what is left of a similarity matrix once most of it cannot matter any more.
#pragma once

#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <bit>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__AARCH64EL__) && defined(__GNUC__)
#include <arm_neon.h>
#endif

namespace pickmix::inline v0::backend {

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

template <bool one_threshold>
[[gnu::target("avx2")]] inline void above_avx2(const float* values, const float* thresholds, Index words,
                                               std::uint64_t* masks) {
  for (Index word = 0; word < words; ++word) {
    std::uint64_t mask = 0;
#pragma GCC unroll 8
    for (int v = 0; v < 8; ++v) {
      const Index at = 64 * word + 8 * v;
      const __m256 threshold = one_threshold ? _mm256_set1_ps(*thresholds) : _mm256_loadu_ps(thresholds + at);
      const __m256 above = _mm256_cmp_ps(_mm256_loadu_ps(values + at), threshold, _CMP_GT_OQ);
      mask |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_ps(above))) << (8 * v);
    }
    masks[word] = mask;
  }
}

#elif defined(__AARCH64EL__) && defined(__GNUC__)

/// Bit i is the last one of the ith of 64 lanes, four by four, each of which is all ones or zero.
inline std::uint64_t bits_of(const uint32x4_t (&lanes)[16]) {
  constexpr std::uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t bytes[4];
#pragma GCC unroll 4
  for (int v = 0; v < 4; ++v) {
    const uint16x8_t low = vcombine_u16(vmovn_u32(lanes[4 * v]), vmovn_u32(lanes[4 * v + 1]));
    const uint16x8_t high = vcombine_u16(vmovn_u32(lanes[4 * v + 2]), vmovn_u32(lanes[4 * v + 3]));
    bytes[v] = vandq_u8(vcombine_u8(vmovn_u16(low), vmovn_u16(high)), vld1q_u8(bits));
  }
  const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(bytes[0], bytes[1]), vpaddq_u8(bytes[2], bytes[3]));
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

template <bool one_threshold>
void above_neon(const float* values, const float* thresholds, Index words, std::uint64_t* masks) {
  for (Index word = 0; word < words; ++word) {
    uint32x4_t above[16];
#pragma GCC unroll 16
    for (int v = 0; v < 16; ++v) {
      const Index at = 64 * word + 4 * v;
      const float32x4_t threshold = one_threshold ? vdupq_n_f32(*thresholds) : vld1q_f32(thresholds + at);
      above[v] = vcgtq_f32(vld1q_f32(values + at), threshold);
    }
    masks[word] = bits_of(above);
  }
}

#endif

template <bool one_threshold>
void above(const float* values, const float* thresholds, Index words, std::uint64_t* masks, InstructionSet set) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (set != InstructionSet::portable) return above_avx2<one_threshold>(values, thresholds, words, masks);
#elif defined(__AARCH64EL__) && defined(__GNUC__)
  if (set != InstructionSet::portable) return above_neon<one_threshold>(values, thresholds, words, masks);
#else
  (void)set;
#endif
  for (Index word = 0; word < words; ++word) {
    masks[word] = 0;
    for (Index i = 0; i < 64; ++i) {
      const bool is_above = values[64 * word + i] > thresholds[one_threshold ? 0 : 64 * word + i];
      masks[word] |= static_cast<std::uint64_t>(is_above) << i;
    }
  }
}

}  // namespace detail

/// Bit i of masks[w] is set where values[64w + i] > thresholds[64w + i].
///
/// \shape values, thresholds: 64 · words entries; masks: words
inline void above_each(const float* values, const float* thresholds, Index words, std::uint64_t* masks,
                       InstructionSet set) {
  detail::above<false>(values, thresholds, words, masks, set);
}

/// Bit i of masks[w] is set where values[64w + i] > threshold.
inline void above_one(const float* values, float threshold, Index words, std::uint64_t* masks, InstructionSet set) {
  detail::above<true>(values, &threshold, words, masks, set);
}

/// Calls take(64w + i) for each bit i that is set in masks[w], in rising order.
template <class Take>
void for_each_bit(const std::uint64_t* masks, Index words, const Take& take) {
  for (Index word = 0; word < words; ++word)
    for (std::uint64_t mask = masks[word]; mask != 0; mask &= mask - 1)
      take(64 * word + static_cast<Index>(std::countr_zero(mask)));
}

}  // namespace pickmix::inline v0::backend
