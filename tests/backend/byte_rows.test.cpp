// SPDX-License-Identifier: MIT
// Tests of backend/byte_rows.hpp.
#include <pickmix/backend/byte_rows.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace backend_byte_rows_test {

using namespace pickmix;
using backend::ByteRows;
using backend::PackedRows;

namespace {

/// Rows of several kinds: 0 is zero, 1 has one large number, 2 denormal ones, 3 is tiny, others are normal.
PackedRows rows(Index count, Index features) {
  RandomStream random(1, 2);
  PackedRows out(count, features);
  for (Index i = 0; i < count; ++i)
    for (Index k = 0; k < features; ++k) {
      const auto x = static_cast<float>(random.normal());
      out(i, k) = i == 0   ? 0.0f
                  : i == 1 ? (k == features / 2 ? 1e6f : x)
                  : i == 2 ? x * 1e-40f
                  : i == 3 ? x * 1e-29f
                           : x;
    }
  return out;
}

/// q of a row and a feature.
int number(const ByteRows& bytes, Index row, Index feature) {
  const std::uint8_t* const panel = bytes.from(row / 16 * 16);
  const std::uint8_t byte = panel[feature / 4 * 64 + row % 16 * 4 + feature % 4];
  return bytes.offset() == 0 ? static_cast<std::int8_t>(byte) : byte - bytes.offset();
}

}  // namespace

TEST_CASE("What bytes leave out of a row is no longer than is said, nor is the row") {
  for (int most : {63, 127})
    for (Index features : {1, 3, 4, 7, 8, 9, 63, 64, 65, 100}) {
      const Index multiple = most == 63 || features % 2 == 0 ? 8 : 64;
      CAPTURE(most, features, multiple);
      const PackedRows x = rows(40, features);
      const int offset = features % 3 == 0 ? 0 : most + 1;  // signed bytes, or unsigned ones
      ByteRows bytes(x, {most, offset, multiple});
      CHECK(bytes.offset() == offset);
      for (Index panel = 0; panel < 3; ++panel) REQUIRE(bytes.quantize(x, panel));
      CHECK(bytes.features() % multiple == 0);
      CHECK(bytes.features() >= features);
      CHECK(bytes.features() < features + multiple);
      CHECK(reinterpret_cast<std::uintptr_t>(bytes.from(16)) % 64 == 0);
      for (Index i = 0; i < 48; ++i) {
        double left = 0.0, squares = 0.0;
        int sum = 0;
        for (Index k = 0; k < bytes.features(); ++k) {
          const int q = number(bytes, i, k);
          CHECK(std::abs(q) <= most);
          sum += q;
          if (k >= features) {
            CHECK(q == 0);
            continue;
          }
          const double value = static_cast<double>(i < 40 ? x(i, k) : 0.0f);
          squares += value * value;
          const double rest = value - static_cast<double>(bytes.scales()[i]) * q;
          left += rest * rest;
        }
        CHECK(sum == bytes.sums()[i]);
        CHECK(static_cast<double>(bytes.norms()[i]) >= std::sqrt(squares));
        CHECK(static_cast<double>(bytes.errors()[i]) >= std::sqrt(left));
        CHECK(static_cast<double>(bytes.norms()[i]) <= std::sqrt(squares) * 1.0001 + 1e-15);
        CHECK(bytes.scales()[i] > 0.0f);
        if (i > 3 && i < 40)  // rounding loses half a step in each feature at most
          CHECK(static_cast<double>(bytes.errors()[i]) <=
                0.5001 * static_cast<double>(bytes.scales()[i]) * std::sqrt(static_cast<double>(features)));
      }
    }
}

TEST_CASE("Of numbers whose products may overflow nothing is said") {
  PackedRows x = rows(16, 5);
  for (float huge : {1e15f, -3e38f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    x(7, 3) = huge;
    CHECK_FALSE(ByteRows(x, {127, 128, 8}).quantize(x, 0));
  }
  x(7, 3) = 9e14f;
  CHECK(ByteRows(x, {127, 128, 8}).quantize(x, 0));
}

TEST_CASE("However numbers are rounded, none becomes larger than bytes have room for") {
  RandomStream random(3, 1);
  const int before = std::fegetround();
  for (int mode : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO})
    for (int most : {63, 127}) {
      PackedRows x(192, 8);
      for (Index i = 0; i < 192; ++i)  // the largest of the row has both signs
        for (Index k = 0; k < 8; ++k)
          x(i, k) = k < 2 ? 0.0f : std::ldexp(static_cast<float>(random.uniform()), static_cast<int>(i % 140) - 95);
      for (Index i = 0; i < 192; ++i) {
        const auto size = static_cast<float>(1.0 + random.uniform());
        x(i, 0) = std::ldexp(size, static_cast<int>(i % 140) - 94);
        x(i, 1) = -x(i, 0);
      }
      ByteRows bytes(x, {most, most + 1, 8});
      std::fesetround(mode);
      for (Index panel = 0; panel < 12; ++panel) CHECK(bytes.quantize(x, panel));
      std::fesetround(before);
      Index wrong = 0;
      for (Index i = 0; i < 192; ++i) {
        int sum = 0;
        for (Index k = 0; k < 8; ++k) {
          sum += number(bytes, i, k);
          if (std::abs(number(bytes, i, k)) > most) ++wrong;
        }
        if (sum != bytes.sums()[i] || number(bytes, i, 0) < most - 1 || number(bytes, i, 1) > 1 - most) ++wrong;
      }
      CHECK(wrong == 0);
    }
}

}
