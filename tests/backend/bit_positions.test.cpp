// SPDX-License-Identifier: MIT
// Tests of backend/bit_positions.hpp.
#include <pickmix/backend/bit_positions.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace backend_bit_positions_test {

using namespace pickmix;

namespace {

using Positions = std::vector<std::pair<int, int>>;  // column, row

template <Index words>
Positions positions(InstructionSet set, const std::vector<std::uint64_t>& masks, Index columns) {
  const auto room = static_cast<std::size_t>(64 * words * columns + 64);
  std::vector<std::uint8_t> rows(room), of_columns(room);
  const Index count = backend::bit_positions<words>(set, masks.data(), columns, rows.data(), of_columns.data());
  Positions out;
  for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) out.emplace_back(of_columns[p], rows[p]);
  return out;
}

template <Index words>
void check(Index columns, double share, std::uint64_t seed) {
  RandomStream random(seed, 1);
  std::vector<std::uint64_t> masks(static_cast<std::size_t>(words * columns));
  Positions expected;
  for (Index c = 0; c < columns; ++c)
    for (Index i = 0; i < 64 * words; ++i)
      if (random.uniform() < share) {
        masks[static_cast<std::size_t>(c * words + i / 64)] |= std::uint64_t{1} << i % 64;
        expected.emplace_back(static_cast<int>(c), static_cast<int>(i));
      }
  for (InstructionSet set : support::instruction_sets()) {
    CAPTURE(name_of(set), words, columns, share);
    CHECK(positions<words>(set, masks, columns) == expected);
  }
}

}  // namespace

TEST_CASE("Bits are listed column after column, from the first row to the last") {
  for (double share : {0.0, 0.002, 0.05, 0.5, 1.0}) {
    for (Index columns : {0, 1, 7, 192}) check<3>(columns, share, 1);
    check<1>(5, share, 2);
    check<4>(256, share, 3);
  }
}

}
