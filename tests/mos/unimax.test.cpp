// SPDX-License-Identifier: MIT
// UniMax: as even as the epochs allow.
#include <pickmix/mos/unimax.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_unimax_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void check_shares(const std::vector<Index>& sizes, double budget, double epochs, const std::vector<double>& expected) {
  const auto p = unimax(sizes, budget, epochs);
  REQUIRE(p.size() == expected.size());
  for (std::size_t i = 0; i < p.size(); ++i) CHECK(p[i] == Approx(expected[i]).epsilon(1e-12));
  CHECK(std::accumulate(p.begin(), p.end(), 0.0) == Approx(1.0).epsilon(1e-12));
}

}  // namespace

TEST_CASE("The shares, by hand") {
  // B = 1200, E = 2. By size: 100 gets min(1200/3, 200) = 200; 400 gets min(1000/2, 800) = 500; 1000 gets the other 500.
  check_shares({1000, 100, 400}, 1200.0, 2.0, {500.0 / 1200, 200.0 / 1200, 500.0 / 1200});
  // E = 1: 100, then 400 (of 550), then 700 (of 1000).
  check_shares({1000, 100, 400}, 1200.0, 1.0, {700.0 / 1200, 100.0 / 1200, 400.0 / 1200});
  // E = 1/2: 50, 200, 500 of a budget that is not used up.
  check_shares({1000, 100, 400}, 1200.0, 0.5, {500.0 / 750, 50.0 / 750, 200.0 / 750});
}

TEST_CASE("A small budget is shared evenly, a huge one in proportion to size") {
  check_shares({1000, 100, 400}, 30.0, 1.0, {1.0 / 3, 1.0 / 3, 1.0 / 3});
  check_shares({1000, 100, 400}, 1e300, 3.0, {1000.0 / 1500, 100.0 / 1500, 400.0 / 1500});
}

TEST_CASE("Without a limit of epochs the shares are even") {
  check_shares({1, 1000000}, 1e9, infinity, {0.5, 0.5});
  check_shares({1, INT64_MAX}, 1e9, 1e308, {0.5, 0.5});
}

TEST_CASE("Datasets of one size share alike") {
  check_shares({50, 200, 50}, 160.0, 1.0, {5.0 / 16, 6.0 / 16, 5.0 / 16});
}

TEST_CASE("Unimax: one dataset has it all") { check_shares({7}, 100.0, 1.0, {1.0}); }

TEST_CASE("What cannot be shared is named") {
  const auto message = [](std::vector<Index> sizes, double budget, double epochs) {
    return thrown<ValueError>([&] { (void)unimax(sizes, budget, epochs); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(thrown<ShapeError>([] { (void)unimax({}, 1.0, 1.0); }), ContainsSubstring("unimax: sizes is empty"));
  CHECK_THAT(message({3, 0}, 1.0, 1.0), ContainsSubstring("unimax: sizes[1] is 0; needs to be at least 1"));
  CHECK_THAT(message({3}, 0.5, 1.0), ContainsSubstring("unimax: budget is 0.5; needs to be finite and at least 1"));
  CHECK_THAT(message({3}, infinity, 1.0), ContainsSubstring("budget is inf"));
  CHECK_THAT(message({3}, nan, 1.0), ContainsSubstring("budget is nan"));
  CHECK_THAT(message({3}, 1.0, 0.0), ContainsSubstring("unimax: epochs is 0; needs to be above 0"));
  CHECK_THAT(message({3}, 1.0, nan), ContainsSubstring("epochs is nan"));
}

}
