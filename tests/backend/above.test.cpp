// SPDX-License-Identifier: MIT
// Tests of backend/above.hpp.
#include <pickmix/backend/above.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace backend_above_test {

using namespace pickmix;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity(),
                not_a_number = std::numeric_limits<float>::quiet_NaN();

constexpr Index words = 3;  // the checks below look at 64 values; three such words are asked for together

std::uint64_t above_each(const float* values, const float* thresholds, InstructionSet set = largest_instruction_set()) {
  std::array<float, 64 * words> many{}, limits{};
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = values[i % 64], limits[i] = thresholds[i % 64];
  std::array<std::uint64_t, words> masks{};
  backend::above_each(many.data(), limits.data(), words, masks.data(), set);
  CHECK((masks[0] == masks[1] && masks[1] == masks[2]));
  return masks[2];
}
std::uint64_t above_one(const float* values, float threshold, InstructionSet set = largest_instruction_set()) {
  std::uint64_t mask = 0;
  backend::above_one(values, threshold, 1, &mask, set);
  return mask;
}

}  // namespace

TEST_CASE("Set bits are taken in order, through all words") {
  const std::uint64_t masks[] = {0, (std::uint64_t{1} << 63) | 5, 0, 1};
  std::vector<Index> taken;
  backend::for_each_bit(masks, 4, [&](Index i) { taken.push_back(i); });
  CHECK(taken == std::vector<Index>{64, 66, 127, 192});
}

TEST_CASE("Bits are set where values are above their thresholds, not where they are equal") {
  RandomStream random(1, 0);
  for (int trial = 0; trial < 200; ++trial) {
    std::array<float, 65> values{}, thresholds{};  // one more: nothing need be aligned
    std::uint64_t each = 0, one = 0;
    const float threshold = static_cast<float>(random.below(5)) - 2.0f;
    for (std::size_t i = 0; i < 64; ++i) {
      values[i + 1] = static_cast<float>(random.below(5)) - 2.0f;
      thresholds[i + 1] = static_cast<float>(random.below(5)) - 2.0f;
      each |= std::uint64_t{values[i + 1] > thresholds[i + 1]} << i;
      one |= std::uint64_t{values[i + 1] > threshold} << i;
    }
    for (auto set : support::instruction_sets()) {
      CAPTURE(static_cast<int>(set), trial);
      REQUIRE(above_each(&values[1], &thresholds[1], set) == each);
      REQUIRE(above_one(&values[1], threshold, set) == one);
    }
    REQUIRE(above_each(&values[1], &thresholds[1]) == each);
    REQUIRE(above_one(&values[1], threshold) == one);
  }
}

TEST_CASE("Each value has its own bit") {
  std::array<float, 64> values{}, thresholds{};
  for (auto set : support::instruction_sets())
    for (std::size_t i = 0; i < 64; ++i) {
      values.fill(0.0f);
      values[i] = std::numeric_limits<float>::denorm_min();
      CHECK(above_each(values.data(), thresholds.data(), set) == std::uint64_t{1} << i);
      CHECK(above_one(values.data(), 0.0f, set) == std::uint64_t{1} << i);
    }
}

TEST_CASE("Nothing is above infinity, everything that is a number above minus infinity, and no NaN above anything") {
  std::array<float, 64> values{}, thresholds{};
  for (auto set : support::instruction_sets()) {
    values.fill(std::numeric_limits<float>::max());
    thresholds.fill(infinity);
    CHECK(above_each(values.data(), thresholds.data(), set) == 0);
    CHECK(above_one(values.data(), infinity, set) == 0);
    values.fill(-std::numeric_limits<float>::max());
    CHECK(above_one(values.data(), -infinity, set) == UINT64_MAX);
    values.fill(not_a_number);
    CHECK(above_one(values.data(), -infinity, set) == 0);
    values.fill(-0.0f);
    CHECK(above_one(values.data(), 0.0f, set) == 0);
    CHECK(above_one(values.data(), -0.0f, set) == 0);
  }
}

}
