// SPDX-License-Identifier: MIT
// Tests of backend/byte_products.hpp.
#include <pickmix/backend/byte_products.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace pickmix;

namespace {

/// Where feature k of row or column i of a panel stands.
std::size_t place(Index i, Index k) { return static_cast<std::size_t>(k / 4 * 64 + i * 4 + k % 4); }

}  // namespace

TEST_CASE("Sums of products of bytes are exact, the largest ones too") {
  for (InstructionSet set : support::screening_sets())
    for (Index features : {8, 64, 72, 384, 4096})
      for (bool largest : {false, true}) {
        CAPTURE(name_of(set), features, largest);
        const int most = backend::screening_range(set);
        RandomStream random(1, 2);
        const auto number = [&] {
          if (largest) return random.below(2) == 0 ? most : -most;
          return static_cast<int>(random.below(static_cast<std::uint64_t>(2 * most + 1))) - most;
        };
        std::vector<std::int8_t> x(static_cast<std::size_t>(16 * features));
        std::vector<std::uint8_t> y(static_cast<std::size_t>(64 * features));
        for (auto& q : x) q = static_cast<std::int8_t>(largest ? most : number());
        for (auto& q : y) q = static_cast<std::uint8_t>(number() + most + 1);
        for (Index four = 0; four < 16; four += 4) {
          std::vector<std::int32_t> sums(4 * 64, -1);
          backend::byte_products(set, x.data() + 4 * four, y.data(), features, sums.data());
          Index wrong = 0;
          for (Index r = 0; r < 4; ++r)
            for (Index i = 0; i < 64; ++i) {
              std::int32_t sum = 0;
              for (Index k = 0; k < features; ++k)
                sum += x[place(four + r, k)] * y[static_cast<std::size_t>(i / 16 * 16 * features) + place(i % 16, k)];
              if (sums[static_cast<std::size_t>(64 * r + i)] != sum) ++wrong;
            }
          CHECK(wrong == 0);
        }
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
