// SPDX-License-Identifier: MIT
// Random numbers that are a function of where they are asked for, not of what was asked for before.
#pragma once

#include <pickmix/core/types.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace pickmix::inline v0 {

/// Philox4x32-10: 128 random bits as a pure function of a 128-bit counter and a 64-bit key.
///
/// \complexity about 10 ns; no state
/// \determinism the published test vectors hold on every platform
/// \cite salmon2011 (Parallel random numbers: as easy as 1, 2, 3; SC 2011, § 4.3)
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// An endless sequence of random numbers, named by a seed, a purpose and an instance.
///
/// Streams of different names are independent, and a stream can be made anywhere at any time: whoever knows the seed
/// and the step knows what is drawn there. No generator has to be carried along, saved or kept in step between ranks.
/// The distributions below are our own, since those of the standard library differ between implementations.
///
/// \determinism bit-identical on every platform, except `normal`, which calls the platform's logarithm and cosine
class RandomStream {
 public:
  /// \param purpose what the numbers are for; a small constant a module chooses for itself
  /// \param instance which of the many streams of that purpose, for example the step
  constexpr RandomStream(std::uint64_t seed, std::uint32_t purpose, std::uint64_t instance = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, purpose, static_cast<std::uint32_t>(instance), static_cast<std::uint32_t>(instance >> 32)} {}

  /// 64 random bits. A stream has 2^33 of these before it repeats.
  constexpr std::uint64_t bits() {
    if (unused_ == 0) {
      block_ = philox4x32(counter_, key_);
      ++counter_[0];
      unused_ = 4;
    }
    const auto at = static_cast<std::size_t>(4 - unused_);
    unused_ -= 2;
    return std::uint64_t{block_[at]} | std::uint64_t{block_[at + 1]} << 32;
  }

  /// Uniform on [0, 1), a multiple of 2^-53.
  constexpr double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  /// Uniform on {0, …, n - 1}, without bias. Requires n ≥ 1.
  constexpr Index below(Index n) {
    const auto last = static_cast<std::uint64_t>(n) - 1;
    std::uint64_t mask = last;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    std::uint64_t draw = bits() & mask;
    while (draw > last) draw = bits() & mask;
    return static_cast<Index>(draw);
  }

  /// Standard normal (Box and Muller 1958, one of the pair).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int unused_ = 0;
};

}  // namespace pickmix::inline v0
