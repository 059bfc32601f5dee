// SPDX-License-Identifier: MIT
// Half precision, in bits: to single precision exactly, and back by rounding.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace pickmix::inline v0::detail {

/// The value of an IEEE 754 binary16, which is always a float: subnormals, infinities and NaN payloads included.
constexpr float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  std::uint32_t exponent = half >> 10 & 0x1F, fraction = half & 0x3FFu;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent == 0) {
    if (fraction == 0) return std::bit_cast<float>(sign);
    // A subnormal half is a normal float: move its first 1 to where the implicit 1 is.
    const auto shift = static_cast<std::uint32_t>(std::countl_zero(fraction)) - 21;
    fraction = fraction << shift & 0x3FFu;
    exponent = 1 - shift;  // wraps below zero, and back in the sum below
  }
  return std::bit_cast<float>(sign | (exponent + (127 - 15)) << 23 | fraction << 13);
}

/// The nearest binary16, ties to even. What lies beyond 65504 by half a step or more becomes an infinity; a NaN keeps
/// the upper bits of its payload and stays a NaN.
constexpr std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
  const auto with_sign = [sign](std::uint32_t half) { return static_cast<std::uint16_t>(sign | half); };
  if (magnitude > 0x7F800000u) return with_sign(0x7C00u | std::max(magnitude >> 13 & 0x3FFu, 1u));
  if (magnitude >= 0x477FF000u) return with_sign(0x7C00u);  // 65520, halfway from 65504 to the next step
  if (magnitude < 0x33000000u) return with_sign(0);         // below 2^-25, half of the smallest subnormal

  // The significand with its implicit 1, and how many of its bits a half cannot hold.
  const std::uint32_t exponent = magnitude >> 23;
  const bool subnormal = exponent < 113;
  const std::uint32_t drop = subnormal ? 126 - exponent : 13;
  const std::uint32_t significand = subnormal ? (magnitude & 0x7FFFFFu) | 0x800000u : magnitude - (112u << 23);
  const std::uint32_t rest = significand & ((1u << drop) - 1), halfway = 1u << (drop - 1);
  const std::uint32_t half = significand >> drop;
  return with_sign(half + (rest > halfway || (rest == halfway && (half & 1u)) ? 1 : 0));  // may carry into the exponent
}

}  // namespace pickmix::inline v0::detail
