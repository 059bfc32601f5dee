// SPDX-License-Identifier: MIT
// Tests of backend/screen.hpp.
#include <pickmix/backend/screen.hpp>

#include <pickmix/core/rng.hpp>
#include <support/bits.hpp>
#include <support/catch.hpp>
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

ByteRows bytes_of(const PackedRows& rows, InstructionSet set) {
  ByteRows bytes(rows, backend::screening_range(set));
  for (Index panel = 0; panel < edge / 16; ++panel) REQUIRE(bytes.quantize(rows, panel));
  return bytes;
}

}  // namespace

TEST_CASE("Whatever is above a threshold is a candidate, and little that is far below is") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {1, 5, 32, 100, 384, 4096})
      for (double mean : {0.0, 3.0}) {
        CAPTURE(static_cast<int>(set), features, mean);
        const PackedRows columns = random_rows(1, features, mean), rows = random_rows(2, features, mean);
        std::vector<float> products(static_cast<std::size_t>(edge * edge));
        backend::inner_products(columns, 0, edge, rows, 0, edge, products.data(), edge, set);
        const ByteRows column_bytes = bytes_of(columns, set), row_bytes = bytes_of(rows, set);
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
          Screen screen(set, column_bytes, 0, column_limits);
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
}

TEST_CASE("Eight rows by eight columns have the bits of a whole tile") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {1, 31, 384}) {
      const PackedRows columns = random_rows(6, features, 0.5), rows = random_rows(7, features, 0.5);
      std::vector<float> products(static_cast<std::size_t>(edge * edge));
      backend::inner_products(columns, 0, edge, rows, 0, edge, products.data(), edge, set);
      for (Index row : {0, 8, 104, 184}) {
        std::vector<std::vector<float>> column(8), out(8, std::vector<float>(8));
        const float* from[8];
        float* to[8];
        for (std::size_t p = 0; p < 8; ++p) {
          const auto c = static_cast<Index>(p * 23);
          for (Index k = 0; k < features; ++k) column[p].push_back(columns(c, k));
          from[p] = column[p].data();
          to[p] = out[p].data();
        }
        backend::half_panel_products(rows.from(row / 16 * 16) + row % 16, from, features, to);
        for (std::size_t p = 0; p < 8; ++p)
          for (std::size_t r = 0; r < 8; ++r)
            CHECK(std::bit_cast<std::uint32_t>(out[p][r]) ==
                  std::bit_cast<std::uint32_t>(products[p * 23 * edge + static_cast<std::size_t>(row) + r]));
      }
    }
}
