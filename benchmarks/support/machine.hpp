// SPDX-License-Identifier: MIT
// The clock, the memory and the peak of the machine that a benchmark runs on, and the sizes it is told.
#pragma once

#include <pickmix/backend/byte_products_amx.hpp>
#include <pickmix/core/instruction_set.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace measured {

/// A size from the environment, so that a large machine can be given large work.
inline std::int64_t size_from(const char* variable, std::int64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoll(text);
}

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

/// The largest resident memory of this process so far.
inline double peak_megabytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024.0;
}

#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2,fma")]] inline double multiply_add_rate_once() {
  __m256 sum[12];
  for (auto& s : sum) s = _mm256_set1_ps(1.0f);
  const __m256 x = _mm256_set1_ps(0.999f);
  constexpr int rounds = 4'000'000;
  const double begin = seconds();
  for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int s = 0; s < 12; ++s) sum[s] = _mm256_fmadd_ps(sum[s], x, x);
  }
  const double end = seconds();
  float total = 0.0f;
  for (auto& s : sum) total += _mm256_cvtss_f32(s);
  volatile float keep = total;
  (void)keep;
  return 12.0 * 16.0 * rounds / (end - begin) * 1e-9;
}
#endif

/// Operations per second, in 1e9, of fused multiply-adds in registers on one thread: the best of five. 0 where the
/// processor has none.
inline double multiply_add_rate() {
  double best = 0.0;
#if defined(__x86_64__) && defined(__GNUC__)
  if (pickmix::largest_instruction_set() != pickmix::InstructionSet::portable)
    for (int round = 0; round < 5; ++round) best = std::max(best, multiply_add_rate_once());
#endif
  return best;
}

#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2")]] inline double byte_rate_avx2() {
  __m256i sum[8];
  for (auto& s : sum) s = _mm256_setzero_si256();
  const __m256i x = _mm256_set1_epi8(1);
  constexpr int rounds = 4'000'000;
  const double begin = seconds();
  for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 8
    for (int s = 0; s < 8; ++s) {
      sum[s] = _mm256_add_epi16(sum[s], _mm256_maddubs_epi16(sum[s], x));
    }
  }
  const double end = seconds();
  int total = 0;
  for (auto& s : sum) total += _mm256_extract_epi16(s, 0);
  volatile int keep = total;
  (void)keep;
  return 8.0 * 64.0 * rounds / (end - begin) * 1e-9;
}

[[gnu::target("avx512f,avx512vnni")]] inline double byte_rate_vnni() {
  __m512i sum[12];
  for (auto& s : sum) s = _mm512_setzero_si512();
  const __m512i x = _mm512_set1_epi32(0x01010101);
  constexpr int rounds = 4'000'000;
  const double begin = seconds();
  for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int s = 0; s < 12; ++s) sum[s] = _mm512_dpbusd_epi32(sum[s], x, x);
  }
  const double end = seconds();
  int total = 0;
  for (auto& s : sum) {
    std::int32_t lanes[16];
    _mm512_storeu_si512(lanes, s);
    total += lanes[0];
  }
  volatile int keep = total;
  (void)keep;
  return 12.0 * 128.0 * rounds / (end - begin) * 1e-9;
}

[[gnu::target("amx-tile,amx-int8")]] inline double byte_rate_amx() {
  const pickmix::backend::TileState tiles(true);
  constexpr int rounds = 1'000'000;
  const double begin = seconds();
  for (int i = 0; i < rounds; ++i) {
    _tile_dpbsud(4, 0, 2);
    _tile_dpbsud(5, 0, 3);
    _tile_dpbsud(6, 1, 2);
    _tile_dpbsud(7, 1, 3);
  }
  return 4.0 * 2.0 * 16 * 16 * 64 * rounds / (seconds() - begin) * 1e-9;
}
#endif

/// Operations per second, in 1e9, of products of bytes in registers on one thread, an addition counted with each product: the
/// best of five. What a screened pass with these instructions cannot exceed; 0 where there is none.
inline double byte_rate(pickmix::InstructionSet set) {
  double best = 0.0;
#if defined(__x86_64__) && defined(__GNUC__)
  using enum pickmix::InstructionSet;
  for (int round = 0; round < 5; ++round)
    best = std::max(best, set == amx    ? byte_rate_amx()
                          : set == vnni ? byte_rate_vnni()
                          : set == avx2 ? byte_rate_avx2()
                                        : 0.0);
#else
  (void)set;
#endif
  return best;
}

}  // namespace measured
