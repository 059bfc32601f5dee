// SPDX-License-Identifier: MIT
// Tests of backend/bounds_above.hpp.
#include <pickmix/backend/bounds_above.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace pickmix;

TEST_CASE("A bit says whether a bound is above its row's limit or the column's, to the bit") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  RandomStream random(1, 2);
  const auto normal = [&] { return static_cast<float>(random.normal()); };
  Index above = 0, below = 0;
  for (int round = 0; round < 200; ++round) {
    std::int32_t sums[64];
    float by_error[64], by_norm[64], limits[64], scales[64], bounds[64];
    backend::BoundedColumn column{.added = static_cast<std::int32_t>(random.below(1 << 20)) - (1 << 19),
                                  .scale = std::abs(normal()),
                                  .error = std::abs(normal()),
                                  .norm = std::abs(normal()),
                                  .limit = 0.0f};
    for (int i = 0; i < 64; ++i) {
      sums[i] = static_cast<std::int32_t>(random.below(std::uint64_t{1} << 31)) - (1 << 30);
      by_error[i] = std::abs(normal()) * 1e8f;
      by_norm[i] = std::abs(normal()) * 1e8f;
      scales[i] = std::abs(normal());
      float bound = static_cast<float>(sums[i] - column.added) * column.scale;
      bound = std::fma(by_error[i], column.error, bound);
      bounds[i] = std::fma(by_norm[i], column.norm, bound);
      // At the bound, just below it, or far from it.
      limits[i] = random.below(3) == 0   ? bounds[i]
                  : random.below(2) == 0 ? std::nextafter(bounds[i], -infinity)
                                         : infinity;
    }
    const auto of = random.below(64);
    column.limit = round % 4 == 0   ? infinity
                   : round % 4 == 1 ? bounds[of] * scales[of]
                                    : std::nextafter(bounds[of] * scales[of], round % 4 == 2 ? -infinity : infinity);
    std::uint64_t expected = 0;
    for (int i = 0; i < 64; ++i) {
      const bool is = bounds[i] > limits[i] || bounds[i] * scales[i] > column.limit;
      expected |= std::uint64_t{is} << i;
      ++(is ? above : below);
    }
    for (InstructionSet set : support::instruction_sets()) {
      if (set == InstructionSet::portable) continue;
      CAPTURE(name_of(set), round);
      CHECK(backend::bounds_above(set, column, sums, by_error, by_norm, limits, scales) == expected);
    }
  }
  CHECK(above > 1000);
  CHECK(below > 1000);
}
