// SPDX-License-Identifier: MIT
// Tests of backend/half_panel_products.hpp.
#include <pickmix/backend/half_panel_products.hpp>

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace pickmix;
using backend::PackedRows;

namespace {

constexpr Index edge = PackedRows::block;

PackedRows random_rows(std::uint64_t seed, Index features) {
  RandomStream random(seed, 3);
  PackedRows out(edge, features);
  for (Index i = 0; i < edge; ++i)
    for (Index k = 0; k < features; ++k) out(i, k) = static_cast<float>(random.normal() + 0.5);
  return out;
}

}  // namespace

TEST_CASE("Eight rows by eight columns have the bits of a whole tile") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {1, 31, 384}) {
      const PackedRows columns = random_rows(6, features), rows = random_rows(7, features);
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
