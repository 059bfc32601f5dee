// SPDX-License-Identifier: MIT
// Masks of bits as a list: which row of which column.
#pragma once

#include <pickmix/backend/above.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace pickmix::inline v0::backend {

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

/// No branch but for columns without a bit: where few bits are set, at random, one for each would be guessed wrong as often.
template <Index words>
[[gnu::target("avx512f,avx512bw,avx512vbmi2,popcnt")]] inline Index bit_positions_amx(const std::uint64_t* masks,
                                                                                      Index columns, std::uint8_t* rows,
                                                                                      std::uint8_t* of_columns) {
  alignas(64) std::uint8_t numbers[64];
  for (int i = 0; i < 64; ++i) numbers[i] = static_cast<std::uint8_t>(i);
  const __m512i first_rows = _mm512_load_si512(numbers);
  Index count = 0;
  for (Index c = 0; c < columns; ++c, masks += words) {
    std::uint64_t any = 0;
#pragma GCC unroll 4
    for (Index word = 0; word < words; ++word) any |= masks[word];
    if (any == 0) continue;
    const __m512i column = _mm512_set1_epi8(static_cast<char>(c));
#pragma GCC unroll 4
    for (Index word = 0; word < words; ++word) {
      const __m512i these = _mm512_add_epi8(first_rows, _mm512_set1_epi8(static_cast<char>(64 * word)));
      _mm512_storeu_si512(rows + count, _mm512_maskz_compress_epi8(masks[word], these));
      _mm512_storeu_si512(of_columns + count, column);
      count += _mm_popcnt_u64(masks[word]);
    }
  }
  return count;
}

#endif

}  // namespace detail

/// Bit i % 64 of masks[c · words + i / 64] is row i of column c: the rows and the columns of all bits that are set,
/// column after column, in each from the first row to the last; how many they are.
///
/// \pre rows and of_columns have room for 64 · words · columns + 64 each; 64 · words and columns are 256 at most
template <Index words>
Index bit_positions(InstructionSet set, const std::uint64_t* masks, Index columns, std::uint8_t* rows,
                    std::uint8_t* of_columns) {
  static_assert(words <= 4);  // a byte says which row
#if defined(__x86_64__) && defined(__GNUC__)
  if (set == InstructionSet::amx) return detail::bit_positions_amx<words>(masks, columns, rows, of_columns);
#else
  static_cast<void>(set);
#endif
  Index count = 0;
  for (Index c = 0; c < columns; ++c)
    for_each_bit(masks + c * words, words, [&](Index i) {
      rows[count] = static_cast<std::uint8_t>(i);
      of_columns[count] = static_cast<std::uint8_t>(c);
      ++count;
    });
  return count;
}

}  // namespace pickmix::inline v0::backend
