// SPDX-License-Identifier: MIT
// Sums in a fixed order: nothing is left out, and the order is the one that is documented.
#include <pickmix/core/lane_sum.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>

#include <cstddef>
#include <vector>

namespace core_lane_sum_test {

using namespace pickmix;

TEST_CASE("Every term is counted once, at every length") {
  for (Index n = 0; n <= 40; ++n) {
    std::vector<int> asked(static_cast<std::size_t>(n), 0);
    const double sum = lane_sum(n, [&](Index i) {
      ++asked[static_cast<std::size_t>(i)];
      return static_cast<double>(i + 1);
    });
    CAPTURE(n);
    CHECK(sum == static_cast<double>(n * (n + 1) / 2));
    CHECK(asked == std::vector<int>(static_cast<std::size_t>(n), 1));
  }
}

TEST_CASE("Term i goes to sum i mod 8, and the sums are added pairwise") {
  RandomStream random(1, 9);
  std::vector<double> terms(29);
  for (double& term : terms) term = random.uniform();
  double lane[8] = {};
  for (std::size_t i = 0; i < terms.size(); ++i) lane[i % 8] += terms[i];
  const double expected = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  CHECK(lane_sum(29, [&](Index i) { return terms[static_cast<std::size_t>(i)]; }) == expected);
}

TEST_CASE("A sum does not rise where no term rises") {
  RandomStream random(2, 9);
  std::vector<double> terms(100);
  for (double& term : terms) term = random.uniform();
  const auto sum = [&] { return lane_sum(100, [&](Index i) { return terms[static_cast<std::size_t>(i)]; }); };
  double before = sum();
  for (int k = 0; k < 1000; ++k) {
    terms[static_cast<std::size_t>(random.below(100))] *= 1.0 - 0x1p-50 * random.uniform();
    const double now = sum();
    REQUIRE(now <= before);
    before = now;
  }
  CHECK(before < 100.0);
}

}
