// SPDX-License-Identifier: MIT
// Tests of backend/byte_products.hpp.
#include <pickmix/backend/byte_products.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/emulated_tiles.hpp>
#include <support/instruction_sets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backend_byte_products_test {

using namespace pickmix;

namespace {

/// Compares the sums of 32 columns and 64 rows with plain ones.
void check(InstructionSet set, Index features, bool largest) {
  CAPTURE(name_of(set), features, largest);
  const int most = backend::screening_range(set);
  RandomStream random(1, 2);
  const auto number = [&] {
    if (largest) return random.below(2) == 0 ? most : -most;
    return static_cast<int>(random.below(2 * most + 1)) - most;
  };
  const auto value = [&](std::uint8_t byte) {
    return backend::byte_offset(set) == 0 ? static_cast<std::int8_t>(byte) : int{byte};
  };
  const auto size = static_cast<std::size_t>(features);
  std::vector<std::int8_t> columns(32 * size), x(32 * size);
  std::vector<std::uint8_t> rows(64 * size), y(64 * size);
  for (auto& q : columns) q = static_cast<std::int8_t>(largest ? most : number());
  for (auto& q : rows) q = static_cast<std::uint8_t>(number() + backend::byte_offset(set));
  for (Index k = 0; k < features; ++k) {
    for (Index c = 0; c < 32; ++c)
      x[static_cast<std::size_t>(c / 16 * 16 * features + backend::column_place(set, c % 16, k))] =
          columns[static_cast<std::size_t>(c * features + k)];
    for (Index i = 0; i < 64; ++i)
      y[static_cast<std::size_t>(i / 16 * 16 * features + backend::row_place(i % 16, k))] =
          rows[static_cast<std::size_t>(i * features + k)];
  }
  const Index height = backend::byte_columns(set);
  Index wrong = 0;
  for (Index first = 0; first < 32; first += height) {
    std::vector<std::int32_t> sums(static_cast<std::size_t>(height * 64), -1);
    {
      const backend::TileState tiles(set == InstructionSet::amx);
      backend::byte_products(set, x.data() + first / 16 * 16 * features + first % 16 * 4, y.data(), features,
                             sums.data());
    }
    for (Index r = 0; r < height; ++r)
      for (Index i = 0; i < 64; ++i) {
        std::int32_t sum = 0;
        for (Index k = 0; k < features; ++k)
          sum += columns[static_cast<std::size_t>((first + r) * features + k)] *
                 value(rows[static_cast<std::size_t>(i * features + k)]);
        if (sums[static_cast<std::size_t>(64 * r + i)] != sum) ++wrong;
      }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("Sums of products of bytes are exact, the largest ones too") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {8, 64, 72, 384, 4096})
      if (features % backend::byte_features(set) == 0)
        for (bool largest : {false, true}) check(set, features, largest);
}

TEST_CASE("So they are in tiles, emulated where the processor has none") {
  const support::Tiles tiles;
  if (!tiles.there()) return;
  for (Index features : {64, 128, 384, 448, 4096})
    for (bool largest : {false, true}) check(InstructionSet::amx, features, largest);
}

TEST_CASE("Each byte of a panel has a place of its own") {
  for (InstructionSet set : support::all_instruction_sets()) {
    std::vector<int> rows(16 * 192, 0), columns(rows);
    for (Index i = 0; i < 16; ++i)
      for (Index k = 0; k < 192; ++k) {
        ++rows[static_cast<std::size_t>(backend::row_place(i, k))];
        ++columns[static_cast<std::size_t>(backend::column_place(set, i, k))];
      }
    CHECK(std::count(rows.begin(), rows.end(), 1) == 16 * 192);
    CHECK(std::count(columns.begin(), columns.end(), 1) == 16 * 192);
    CHECK(192 % backend::byte_columns(set) == 0);
  }
}

TEST_CASE("Bytes are used only where there are instructions for them") {
  CHECK(backend::screening_range(InstructionSet::portable) == 0);
  for (InstructionSet set : support::all_instruction_sets()) {
    CHECK(backend::screening_range(set) <= 127);
    CHECK(backend::screening_cost(set) > 0.0);
    CHECK(backend::screening_cost(set) < 1.0);
  }
}

}
