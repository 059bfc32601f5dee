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

}  // namespace

TEST_CASE("Whatever is above a threshold is a candidate, and little that is far below is") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {1, 5, 32, 100, 384, 4096})
      for (double mean : {0.0, 3.0}) check(set, set, features, mean);
}

TEST_CASE("So it is with products of tiles, emulated where the processor has none") {
  const support::Tiles tiles;
  if (!tiles.there() || !has(InstructionSet::avx2)) return;
  for (Index features : {1, 8, 65, 100, 384, 1000})
    for (double mean : {0.0, 3.0}) check(InstructionSet::amx, largest_instruction_set(), features, mean);
}
