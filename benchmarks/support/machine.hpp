// SPDX-License-Identifier: MIT
// The clock, the memory and the peak of the machine that a benchmark runs on, and the sizes it is told.
#pragma once

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

}  // namespace measured
