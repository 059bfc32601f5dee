// SPDX-License-Identifier: MIT
// Tests of backend/bounds_above.hpp.
#include <pickmix/backend/bounds_above.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

namespace backend_bounds_above_test {

using namespace pickmix;

TEST_CASE("A bit says whether a bound is above its row's limit or the column's, to the bit") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr Index width = 5, first = 1, last = 4, stride = 3;
  RandomStream random(1, 2);
  const auto normal = [&] { return static_cast<float>(random.normal()); };
  const auto number = [&](int bits) {
    return static_cast<std::int32_t>(random.below(Index{1} << bits)) - (1 << (bits - 1));
  };
  Index above = 0, below = 0;
  for (int round = 0; round < 200; ++round) {
    std::int32_t added[width], sums[(last - first) * 64];
    float scale[width], error[width], norm[width], limit[width];
    float by_error[64], by_norm[64], limits[64], scales[64];
    for (Index c = 0; c < width; ++c)
      added[c] = number(20), scale[c] = std::abs(normal()), error[c] = std::abs(normal()), norm[c] = std::abs(normal());
    for (Index i = 0; i < 64; ++i)
      by_error[i] = std::abs(normal()) * 1e8f, by_norm[i] = std::abs(normal()) * 1e8f, scales[i] = std::abs(normal());
    for (auto& sum : sums) sum = number(31);
    const auto bound = [&](Index i, Index c) {
      const float product = static_cast<float>(sums[(c - first) * 64 + i] - added[c]) * scale[c];
      return std::fma(by_norm[i], norm[c], std::fma(by_error[i], error[c], product));
    };
    for (Index i = 0; i < 64; ++i) {  // at the bound of one of the columns, just below it, or far from all
      const Index c = first + static_cast<Index>(random.below(last - first));
      limits[i] = random.below(3) == 0   ? bound(i, c)
                  : random.below(2) == 0 ? std::nextafter(bound(i, c), -infinity)
                                         : infinity;
    }
    for (Index c = first; c < last; ++c) {
      const auto of = static_cast<Index>(random.below(64));
      const float at = bound(of, c) * scales[of];
      const auto kind = random.below(4);
      limit[c] = kind == 0 ? infinity : kind == 1 ? at : std::nextafter(at, kind == 2 ? -infinity : infinity);
    }
    limit[0] = limit[last] = infinity;
    std::uint64_t expected[width * stride];
    for (auto& mask : expected) mask = 12345;
    for (Index c = first; c < last; ++c) {
      expected[c * stride] = 0;
      for (Index i = 0; i < 64; ++i) {
        const bool is = bound(i, c) > limits[i] || bound(i, c) * scales[i] > limit[c];
        expected[c * stride] |= std::uint64_t{is} << i;
        ++(is ? above : below);
      }
    }
    for (InstructionSet set : support::instruction_sets()) {
      if (set == InstructionSet::portable) continue;
      CAPTURE(name_of(set), round);
      std::uint64_t masks[width * stride];
      for (auto& mask : masks) mask = 12345;
      backend::bounds_above(set, {by_error, by_norm, limits, scales}, {added, scale, error, norm, limit}, first, last,
                            sums, masks, stride);
      CHECK(std::equal(std::begin(masks), std::end(masks), expected));
    }
  }
  CHECK(above > 1000);
  CHECK(below > 1000);
}

}
