// SPDX-License-Identifier: MIT
// Tests of backend/pair_products.hpp.
#include <pickmix/backend/pair_products.hpp>

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backend_pair_products_test {

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

TEST_CASE("Sixteen pairs have the bits of a whole tile") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {1, 3, 4, 31, 384}) {
      CAPTURE(name_of(set), features);
      const PackedRows columns = random_rows(6, features), rows = random_rows(7, features);
      std::vector<float> products(static_cast<std::size_t>(edge * edge));
      backend::inner_products(columns, 0, edge, rows, 0, edge, products.data(), edge, set);
      std::vector<std::vector<float>> row(16), column(16);
      const float *of_rows[16], *of_columns[16];
      for (Index p = 0; p < 16; ++p) {
        const auto at = static_cast<std::size_t>(p);
        for (Index k = 0; k < features; ++k) {
          row[at].push_back(rows(p * 11 % edge, k));
          column[at].push_back(columns(p * 23 % edge, k));
        }
        of_rows[p] = row[at].data();
        of_columns[p] = column[at].data();
      }
      float out[16];
      backend::pair_products(of_rows, of_columns, features, out);
      for (Index p = 0; p < 16; ++p)
        CHECK(std::bit_cast<std::uint32_t>(out[p]) ==
              std::bit_cast<std::uint32_t>(products[static_cast<std::size_t>(p * 23 % edge * edge + p * 11 % edge)]));
    }
}

}
