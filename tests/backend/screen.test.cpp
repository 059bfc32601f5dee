// SPDX-License-Identifier: MIT
// Tests of backend/screen.hpp.
#include <pickmix/backend/screen.hpp>

#include <pickmix/core/rng.hpp>
#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/emulated_tiles.hpp>
#include <support/instruction_sets.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace backend_screen_test {

using namespace pickmix;
using backend::ByteRows;

using backend::PackedRows;
using backend::Screen;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr Index edge = Screen::edge;

PackedRows random_rows(std::uint64_t seed, Index features, double mean) {
  RandomStream random(seed, 3);
  PackedRows out(edge, features);
  for (Index i = 0; i < edge; ++i)
    for (Index k = 0; k < features; ++k) out(i, k) = static_cast<float>(random.normal() + mean);
  return out;
}

ByteRows bytes_of(const PackedRows& rows, InstructionSet products) {
  ByteRows bytes(rows, backend::ByteLayout::of(products));
  for (Index panel = 0; panel < edge / 16; ++panel) REQUIRE(bytes.quantize(rows, panel));
  return bytes;
}

/// Screens rows against columns; bytes are multiplied with an instruction set of their own.
void check(InstructionSet multiplier, InstructionSet set, Index features, double mean) {
  CAPTURE(name_of(multiplier), name_of(set), features, mean);
  const PackedRows columns = random_rows(1, features, mean), rows = random_rows(2, features, mean);
  std::vector<float> products(static_cast<std::size_t>(edge * edge));
  backend::inner_products(columns, 0, edge, rows, 0, edge, products.data(), edge, set);
  const ByteRows column_bytes = bytes_of(columns, multiplier), row_bytes = bytes_of(rows, multiplier);
  // Thresholds at some product each, so that many pairs are just above and just below.
  std::vector<float> of_rows(static_cast<std::size_t>(edge)), of_columns(of_rows);
  RandomStream random(4, 5);
  for (auto* thresholds : {&of_rows, &of_columns})
    for (float& t : *thresholds) {
      const float at = products[static_cast<std::size_t>(random.below(edge * edge))];
      t = random.below(8) == 0 ? infinity : std::nextafter(at, random.below(2) == 0 ? -infinity : infinity);
    }
  for (const bool both : {true, false}) {
    const std::vector<float> none(static_cast<std::size_t>(edge), infinity);
    const std::vector<float>& column_limits = both ? of_columns : none;
    Screen screen(multiplier, set, column_bytes, 0, column_limits);
    std::vector<std::uint64_t> masks(static_cast<std::size_t>(edge * Screen::words), ~std::uint64_t{0});
    const Index width = both ? edge : 13;
    screen.candidates(row_bytes, 0, of_rows, width, masks);
    Index missed = 0, needless = 0, far = 0;
    for (Index c = 0; c < width; ++c)
      for (Index i = 0; i < edge; ++i) {
        const auto at = static_cast<std::size_t>(c * edge + i);
        const float s = products[at], t = of_rows[static_cast<std::size_t>(i)],
                    u = column_limits[static_cast<std::size_t>(c)];
        const bool candidate = (masks[static_cast<std::size_t>(c * 3 + i / 64)] >> (i % 64) & 1) != 0;
        if ((s > t || s > u) && !candidate) ++missed;
        // Far: further below than four times what the rounding to bytes can do.
        const double slack = 8.0 * static_cast<double>(row_bytes.norms()[i] * column_bytes.errors()[c] +
                                                       row_bytes.errors()[i] * column_bytes.norms()[c]) +
                             1e-3 * static_cast<double>(row_bytes.norms()[i] * column_bytes.norms()[c]);
        if (static_cast<double>(s) + slack < static_cast<double>(std::min(t, u))) {
          ++far;
          if (candidate) ++needless;
        }
      }
    CHECK(missed == 0);
    CHECK(needless == 0);
    CHECK((far > 0 || features < 32));
    if (!both) CHECK(masks[13 * 3] == ~std::uint64_t{0});  // beyond the width
  }
}

/// How many pairs (row i, column i) are no candidates though each is above its row's threshold, by one step of a float.
Index missed_in_step(InstructionSet set, const PackedRows& rows, const PackedRows& columns) {
  std::vector<float> products(static_cast<std::size_t>(edge * edge)), thresholds(static_cast<std::size_t>(edge)),
      none(thresholds.size(), infinity);
  backend::inner_products(columns, 0, edge, rows, 0, edge, products.data(), edge, set);
  for (Index i = 0; i < edge; ++i)
    thresholds[static_cast<std::size_t>(i)] =
        std::nextafter(products[static_cast<std::size_t>(i * edge + i)], -infinity);
  const ByteRows row_bytes = bytes_of(rows, set), column_bytes = bytes_of(columns, set);
  Screen screen(set, set, column_bytes, 0, none);
  std::vector<std::uint64_t> masks(static_cast<std::size_t>(edge * Screen::words));
  screen.candidates(row_bytes, 0, thresholds, edge, masks);
  Index missed = 0;
  for (Index i = 0; i < edge; ++i) missed += (masks[static_cast<std::size_t>(i * 3 + i / 64)] >> (i % 64) & 1) == 0;
  return missed;
}

}  // namespace

TEST_CASE("A bound is enough where what bytes leave out is parallel to the other row") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {33, 64, 127, 384, 1000}) {
      CAPTURE(name_of(set), features);
      RandomStream random(8, 1);
      const int most = backend::ByteLayout::of(set).most;
      PackedRows left_out(edge, features), whole(edge, features);  // all but one of the first's bytes are 0
      for (Index i = 0; i < edge; ++i) {
        const float size = std::ldexp(1.0f, static_cast<int>(random.below(20)) - 10);
        for (Index k = 0; k < features; ++k) {
          const int q = k == 0 ? 0 : k == 1 ? most : static_cast<int>(random.below(2 * most + 1)) - most;
          whole(i, k) = size * static_cast<float>(q);
          left_out(i, k) =
              k == 0 ? static_cast<float>(most) : 0.499f * static_cast<float>(q) / static_cast<float>(most);
        }
      }
      CHECK(missed_in_step(set, left_out, whole) == 0);
      CHECK(missed_in_step(set, whole, left_out) == 0);
    }
}

TEST_CASE("A bound is enough where a product is rounded up at each step of its sum") {
  constexpr Index features = 8192;
  RandomStream random(9, 1);
  PackedRows rows(edge, features);
  for (Index i = 0; i < edge; ++i) {
    double x = 0.0, left = 0.0;
    while (!(left > 0.5 && left < 0.6)) {  // of a step of the sum's last half, which becomes a whole one
      x = static_cast<double>(static_cast<float>(0.5 + random.uniform()));
      const double step = std::ldexp(1.0, std::ilogb(static_cast<double>(features) * x * x) - 23);
      left = std::fmod(x * x, step) / step;
    }
    for (Index k = 0; k < features; ++k) rows(i, k) = static_cast<float>(x);
  }
  for (InstructionSet set : support::screening_sets()) {
    CAPTURE(name_of(set));
    CHECK(missed_in_step(set, rows, rows) == 0);
  }
}

TEST_CASE("Whatever is above a threshold is a candidate, and little that is far below is", "[single-threaded]") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {1, 5, 32, 100, 384, 4096})
      for (double mean : {0.0, 3.0}) check(set, set, features, mean);
}

TEST_CASE("So it is with products of tiles, emulated where the processor has none", "[single-threaded]") {
  const support::Tiles tiles;
  if (!tiles.there() || !has(InstructionSet::avx2)) return;
  for (Index features : {1, 8, 65, 100, 384, 1000})
    for (double mean : {0.0, 3.0}) check(InstructionSet::amx, largest_instruction_set(), features, mean);
}

}
