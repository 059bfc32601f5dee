// SPDX-License-Identifier: MIT
// Half precision against its definition, for every half there is.
#include <pickmix/io/half.hpp>

#include <support/bits.hpp>
#include <support/catch.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace io_half_test {

using pickmix::detail::float_to_half;
using pickmix::detail::half_to_float;

namespace {

using Limits = std::numeric_limits<float>;

/// IEEE 754, § 3.4: the value of a finite binary16.
float defined(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return static_cast<float>(half >> 15 ? -magnitude : magnitude);
}

constexpr bool is_finite(std::uint16_t half) { return (half >> 10 & 0x1F) != 0x1F; }

}  // namespace

TEST_CASE("halves of known value are read and written") {
  STATIC_REQUIRE(half_to_float(0x3C00) == 1.0f);
  STATIC_REQUIRE(half_to_float(0xC000) == -2.0f);
  STATIC_REQUIRE(half_to_float(0x7BFF) == 65504.0f);
  STATIC_REQUIRE(half_to_float(0x0001) == 0x1p-24f);
  STATIC_REQUIRE(half_to_float(0x03FF) == 0x1.ff8p-15f);
  STATIC_REQUIRE(half_to_float(0x0400) == 0x1p-14f);
  STATIC_REQUIRE(half_to_float(0x2E66) == 0.0999755859375f);
  STATIC_REQUIRE(float_to_half(0.1f) == 0x2E66);
  STATIC_REQUIRE(float_to_half(-2.0f) == 0xC000);
}

TEST_CASE("every half has its defined value, to the bit") {
  std::vector<std::uint32_t> wrong;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (is_finite(half) && !support::same_bits(half_to_float(half), defined(half))) wrong.push_back(bits);
  }
  CHECK(wrong.empty());
  CHECK(support::same_bits(half_to_float(0x7C00), Limits::infinity()));
  CHECK(support::same_bits(half_to_float(0xFC00), -Limits::infinity()));
}

TEST_CASE("a half that is no number keeps its sign and payload") {
  std::vector<std::uint32_t> wrong;
  for (std::uint32_t payload = 1; payload < 0x400; ++payload)
    for (std::uint32_t sign : {0u, 1u}) {
      const float read = half_to_float(static_cast<std::uint16_t>(sign << 15 | 0x7C00 | payload));
      if (std::bit_cast<std::uint32_t>(read) != (sign << 31 | 0x7F800000 | payload << 13)) wrong.push_back(payload);
    }
  CHECK(wrong.empty());
}

TEST_CASE("every half comes back from the float that it is") {
  std::vector<std::uint32_t> wrong;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits)
    if (float_to_half(half_to_float(static_cast<std::uint16_t>(bits))) != bits) wrong.push_back(bits);
  CHECK(wrong.empty());
}

TEST_CASE("a float between two halves becomes the nearer one, or the even one") {
  std::vector<std::uint32_t> wrong;
  for (std::uint32_t below = 0; below < 0x7BFF; ++below)
    for (std::uint32_t sign : {0x0000u, 0x8000u}) {
      const auto a = static_cast<std::uint16_t>(sign | below), b = static_cast<std::uint16_t>(sign | (below + 1));
      const float middle = (half_to_float(a) + half_to_float(b)) / 2;
      const std::uint16_t even = below % 2 == 0 ? a : b;
      if (float_to_half(middle) != even || float_to_half(std::nextafter(middle, half_to_float(a))) != a ||
          float_to_half(std::nextafter(middle, half_to_float(b))) != b)
        wrong.push_back(below);
    }
  CHECK(wrong.empty());
}

TEST_CASE("a float beyond the halves becomes an infinity, one below them zero") {
  CHECK(float_to_half(std::nextafter(65520.0f, 0.0f)) == 0x7BFF);
  CHECK(float_to_half(65520.0f) == 0x7C00);
  CHECK(float_to_half(-Limits::max()) == 0xFC00);
  CHECK(float_to_half(-Limits::infinity()) == 0xFC00);
  CHECK(float_to_half(0x1p-25f) == 0x0000);
  CHECK(float_to_half(std::nextafter(0x1p-25f, 1.0f)) == 0x0001);
  CHECK(float_to_half(-Limits::denorm_min()) == 0x8000);
}

TEST_CASE("a float that is no number stays none, however small its payload") {
  for (std::uint32_t bit = 0; bit < 23; ++bit) {
    const std::uint16_t half = float_to_half(std::bit_cast<float>(0xFF800000u | 1u << bit));
    CHECK((half & 0xFC00) == 0xFC00);
    CHECK((half & 0x03FF) == (bit < 13 ? 1u : 1u << (bit - 13)));
  }
}

}
