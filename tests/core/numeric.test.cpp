// SPDX-License-Identifier: MIT
// Tests of core/numeric.hpp.
#include "support/bits.hpp"
#include "support/catch.hpp"

#include <pickmix/core/numeric.hpp>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace core_numeric_test {

using namespace pickmix;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> softmax_of(const std::vector<double>& logits) {
  std::vector<double> out(logits.size(), -1.0);
  softmax(logits, out);
  return out;
}

}  // namespace

TEST_CASE("softmax is the exponentials over their sum") {
  const auto p = softmax_of({0.0, std::log(2.0), std::log(5.0)});
  CHECK(p[0] == Approx(0.125).epsilon(1e-14));
  CHECK(p[1] == Approx(0.25).epsilon(1e-14));
  CHECK(p[2] == Approx(0.625).epsilon(1e-14));
}

TEST_CASE("softmax sums to one for logits of any size") {
  for (double scale : {0.0, 1e-300, 1e-3, 1.0, 50.0, 700.0, 1e4, 1e300}) {
    CAPTURE(scale);
    const auto p = softmax_of({scale, -scale, 0.3 * scale, 0.999 * scale, scale});
    CHECK(std::accumulate(p.begin(), p.end(), 0.0) == Approx(1.0).epsilon(1e-15));
  }
}

TEST_CASE("softmax of huge logits does not overflow, and of very negative ones does not vanish") {
  CHECK(softmax_of({1e308, 1e308}) == std::vector{0.5, 0.5});
  CHECK(softmax_of({-1e308, -1e308}) == std::vector{0.5, 0.5});
  CHECK(softmax_of({1e308, -1e308}) == std::vector{1.0, 0.0});
}

TEST_CASE("softmax gives exactly zero for minus infinity and leaves the others as they were without it") {
  const auto with = softmax_of({-infinity, 0.5, -infinity, -0.25, 3.0});
  const auto without = softmax_of({0.5, -0.25, 3.0});
  CHECK(support::same_bits(with[0], 0.0));
  CHECK(support::same_bits(with[2], 0.0));
  CHECK(std::vector{with[1], with[3], with[4]} == without);
}

TEST_CASE("softmax of one logit is one") { CHECK(softmax_of({-17.0}) == std::vector{1.0}); }

TEST_CASE("softmax works in place") {
  std::vector<double> values{0.1, -2.0, 3.0, 0.0};
  const auto expected = softmax_of(values);
  softmax(values, values);
  CHECK(values == expected);
}

}
