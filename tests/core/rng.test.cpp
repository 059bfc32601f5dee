// SPDX-License-Identifier: MIT
// Tests of core/rng.hpp. Every stream is fixed, so a test that passes once passes always.
#include "support/catch.hpp"
#include "support/chi_square.hpp"

#include <pickmix/core/rng.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace core_rng_test {

using namespace pickmix;

namespace {

using Words = std::array<std::uint32_t, 4>;

constexpr Index two_to_62 = Index{1} << 62;

}  // namespace

TEST_CASE("Philox4x32-10 gives the known answers that its authors publish") {
  constexpr std::uint32_t ones = 0xffffffff;
  STATIC_REQUIRE(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  STATIC_REQUIRE(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
                 Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  STATIC_REQUIRE(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
                 Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the numbers of a stream are pinned: a change breaks every run that was ever seeded") {
  RandomStream random(0x0123456789abcdef, 7, 0xfedcba9876543210);
  const std::uint64_t pinned[] = {0x15096acda02ed7e4, 0x8f6ca42d3e2918bb, 0xdc9af72b47adc21a, 0x53c096a32ed0a0d7,
                                  0xb40fed18b65e0a9b};
  for (std::uint64_t expected : pinned) CHECK(random.bits() == expected);
}

TEST_CASE("the distributions are pinned") {
  RandomStream fractions(1, 2, 3), digits(1, 2, 3), octets(1, 2, 3), normals(1, 2, 3);
  for (double expected : {0.11864146882433335, 0.47169708266606325, 0.2128456469994784})
    CHECK(fractions.uniform() == expected);
  for (Index expected : {1, 2, 0, 7, 7, 4, 6, 3, 5, 9, 7, 9}) CHECK(digits.below(10) == expected);
  for (Index expected : {1, 2, 0, 7, 7, 7}) CHECK(octets.below(8) == expected);
  for (double expected : {-0.4946490310429497, -0.6356179869282093, 0.44545975662124704})
    CHECK(normals.normal() == Approx(expected).epsilon(1e-13));
}

TEST_CASE("a stream can be used at compile time") {
  constexpr auto draw = [] {
    RandomStream random(1, 2, 3);
    return random.uniform() + static_cast<double>(random.below(2));
  };
  STATIC_REQUIRE(draw() == 0.11864146882433335);
}

TEST_CASE("a stream is the same wherever it is made, and a copy continues where the original stands") {
  RandomStream a(5, 6, 7), b(5, 6, 7);
  CHECK(a.bits() == b.bits());
  RandomStream copy = a;
  CHECK(copy.bits() == a.bits());
  CHECK(copy.bits() == a.bits());
}

TEST_CASE("streams of another seed, purpose or instance have other numbers, in every bit of the name") {
  std::set<std::uint64_t> seen;
  std::size_t drawn = 0;
  const auto draw = [&](RandomStream random) {
    for (int i = 0; i < 4; ++i, ++drawn) seen.insert(random.bits());
  };
  draw(RandomStream(0, 0, 0));
  for (int bit = 0; bit < 64; ++bit) {
    draw(RandomStream(std::uint64_t{1} << bit, 0, 0));
    draw(RandomStream(0, 0, std::uint64_t{1} << bit));
    if (bit < 32) draw(RandomStream(0, std::uint32_t{1} << bit, 0));
  }
  CHECK(seen.size() == drawn);
}

TEST_CASE("a long stream does not repeat a number") {
  RandomStream random(3, 0);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 20'000; ++i) seen.insert(random.bits());
  CHECK(seen.size() == 20'000);
}

TEST_CASE("every bit is as often 1 as 0") {
  RandomStream random(4, 0);
  std::array<int, 64> ones{};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t bits = random.bits();
    for (std::size_t b = 0; b < 64; ++b) ones[b] += static_cast<int>(bits >> b & 1);
  }
  for (int count : ones) CHECK(std::abs(count - 5000) < 5 * 50);  // five standard deviations
}

TEST_CASE("below takes every value equally often") {
  const Index n = GENERATE(2, 3, 5, 8, 10, 64, 65, 100, 1000);
  CAPTURE(n);
  RandomStream random(1, 0, static_cast<std::uint64_t>(n));
  std::vector<double> counts(static_cast<std::size_t>(n));
  for (Index i = 0; i < 200 * n; ++i) ++counts.at(static_cast<std::size_t>(random.below(n)));
  CHECK(support::chi_square_p_value(counts) > 1e-3);
}

TEST_CASE("below has no bias where the range nearly fills, or just exceeds, a power of two") {
  constexpr Index cells = 16;
  const Index cell = GENERATE(two_to_62 / 16 - 1, two_to_62 / 16, two_to_62 / 16 + 1, two_to_62 / 64 * 3);
  CAPTURE(cell);
  RandomStream random(1, 1, static_cast<std::uint64_t>(cell));
  std::vector<double> counts(cells);
  for (int i = 0; i < 10'000; ++i) ++counts.at(static_cast<std::size_t>(random.below(cells * cell) / cell));
  CHECK(support::chi_square_p_value(counts) > 1e-3);
}

TEST_CASE("below reaches every bit of a large range") {
  RandomStream random(1, 2);
  Index ones = 0, zeros = 0;
  for (int i = 0; i < 200; ++i) {
    const Index draw = random.below(two_to_62 + 1);
    ones |= draw;
    zeros |= ~draw;
  }
  CHECK((ones & zeros & (two_to_62 - 1)) == two_to_62 - 1);
}

TEST_CASE("below one is zero") {
  RandomStream random(1, 0);
  for (int i = 0; i < 10; ++i) CHECK(random.below(1) == 0);
}

TEST_CASE("uniform is a multiple of 2^-53 in [0, 1), evenly spread") {
  RandomStream random(2, 0);
  constexpr int draws = 100'000;
  double sum = 0.0, squares = 0.0;
  std::vector<double> counts(100);
  bool in_range = true, on_grid = true;
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform();
    in_range &= 0.0 <= u && u < 1.0;
    on_grid &= u * 0x1p53 == std::floor(u * 0x1p53);
    sum += u;
    squares += u * u;
    ++counts.at(static_cast<std::size_t>(100 * u));
  }
  const double mean = sum / draws;
  CHECK(in_range);
  CHECK(on_grid);
  CHECK(mean == Approx(0.5).margin(0.004));
  CHECK(squares / draws - mean * mean == Approx(1.0 / 12.0).margin(0.001));
  CHECK(support::chi_square_p_value(counts) > 1e-3);
}

TEST_CASE("normal has the moments of the standard normal distribution") {
  RandomStream random(3, 0);
  constexpr int draws = 200'000;
  std::array<double, 5> moment{};
  int within_one = 0;
  for (int i = 0; i < draws; ++i) {
    const double x = random.normal();
    double power = 1.0;
    for (double& m : moment) m += power / draws, power *= x;
    within_one += std::abs(x) < 1.0;
  }
  CHECK(moment[1] == Approx(0.0).margin(0.01));
  CHECK(moment[2] == Approx(1.0).margin(0.015));
  CHECK(moment[3] == Approx(0.0).margin(0.04));
  CHECK(moment[4] == Approx(3.0).margin(0.1));
  CHECK(within_one / double{draws} == Approx(0.6827).margin(0.005));
}

}
