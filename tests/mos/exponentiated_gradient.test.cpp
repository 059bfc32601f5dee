// SPDX-License-Identifier: MIT
// The multiplicative update of DoReMi.
#include <pickmix/mos/exponentiated_gradient.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_exponentiated_gradient_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

/// The prior does not enter, but for the mask.
Doubles next(const ExponentiatedGradient& rule, const Doubles& p, const Doubles& rewards) {
  Doubles memory;
  auto out = rule.next({.prior = p, .probabilities = p}, rewards, memory);
  CHECK(memory.empty());
  REQUIRE(out.size() == p.size());
  CHECK(std::abs(std::accumulate(out.begin(), out.end(), 0.0) - 1.0) < 1e-12);
  return out;
}

void check_near(const Doubles& p, const Doubles& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(p[i] == Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("Exponentiated gradient: the next distribution, by hand") {
  // exp(R) = (2, 1, 4): p exp(R) = (1, 1/4, 1), with sum 9/4.
  const Doubles p{0.5, 0.25, 0.25}, rewards{std::log(2.0), 0.0, std::log(4.0)};
  check_near(next({.smoothing = 0.0}, p, rewards), {4.0 / 9, 1.0 / 9, 4.0 / 9});
  // With c = 0.1: nine tenths of it, and a thirtieth each.
  check_near(next({.smoothing = 0.1}, p, rewards), {0.4 + 0.1 / 3, 0.1 + 0.1 / 3, 0.4 + 0.1 / 3});
  // With η = 2: p exp(2R) = (2, 1/4, 4), with sum 25/4.
  check_near(next({.rate = 2.0, .smoothing = 0.0}, p, rewards), {0.32, 0.04, 0.64});
}

TEST_CASE("The defaults are those of DoReMi's code") {
  const double high = std::exp(1.0) / (std::exp(1.0) + 1.0);
  check_near(next({}, {0.5, 0.5}, {1.0, 0.0}), {0.9999 * high + 0.00005, 0.9999 * (1.0 - high) + 0.00005});
}

TEST_CASE("Equal rewards change nothing but what is spread") {
  check_near(next({.smoothing = 0.0}, {0.2, 0.3, 0.5}, {0.7, 0.7, 0.7}), {0.2, 0.3, 0.5});
  check_near(next({.rate = 0.0, .smoothing = 0.3}, {0.2, 0.3, 0.5}, {1.0, 2.0, 3.0}), {0.24, 0.31, 0.45});
}

TEST_CASE("Updates one after the other add up their rewards") {
  Doubles p{0.5, 0.5};
  for (int update = 0; update < 10; ++update) p = next({.smoothing = 0.0}, p, {0.1, 0.3});
  CHECK(p[1] / p[0] == Approx(std::exp(2.0)).epsilon(1e-12));
}

TEST_CASE("A masked dataset stays at 0, and nothing is spread to it") {
  // exp(R) = (2, ·, 1): (2/3, 0, 1/3); a tenth is spread over two.
  check_near(next({.smoothing = 0.1}, {0.5, 0.0, 0.5}, {std::log(2.0), 0.0, 0.0}), {0.65, 0.0, 0.35});
  CHECK(next({}, {0.5, 0.0, 0.5}, {1.0, 1e100, 2.0})[1] == 0.0);
}

TEST_CASE("A dataset of probability 0 that is not masked comes back by what is spread") {
  const Doubles prior{0.5, 0.5}, p{1.0, 0.0};
  Doubles memory;
  const Doubles rewards{0.0, 1e100};
  check_near(ExponentiatedGradient{.smoothing = 0.2}.next({.prior = prior, .probabilities = p}, rewards, memory),
             {0.9, 0.1});
}

TEST_CASE("Exponentiated gradient: one dataset alone has probability 1") { check_near(next({}, {1.0}, {0.7}), {1.0}); }

TEST_CASE("The largest rewards and rates give all to the best, but for what is spread") {
  check_near(next({}, {0.5, 0.5}, {1e100, 0.0}), {0.99995, 0.00005});
  check_near(next({.rate = 1e300, .smoothing = 0.0}, {1e-300, 1.0 - 1e-300}, {1e100, 1e99}), {1.0, 0.0});
  check_near(next({.smoothing = 0.0}, {0.2, 0.8}, {1e100, 1e100}), {0.2, 0.8});
}

TEST_CASE("Exponentiated gradient: a parameter out of its range, and memory, are named") {
  const auto message = [](const ExponentiatedGradient& rule) { return thrown<ValueError>([&] { rule.validate(); }); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message({.rate = -1.0}), ContainsSubstring("ExponentiatedGradient: rate is -1"));
  CHECK_THAT(message({.rate = std::numeric_limits<double>::infinity()}), ContainsSubstring("rate is inf"));
  CHECK_THAT(message({.rate = nan}), ContainsSubstring("rate is nan"));
  CHECK_THAT(message({.smoothing = 1.5}), ContainsSubstring("ExponentiatedGradient: smoothing is 1.5"));
  CHECK_THAT(message({.smoothing = -0.5}), ContainsSubstring("smoothing is -0.5"));
  CHECK_THAT(message({.smoothing = nan}), ContainsSubstring("smoothing is nan"));
  CHECK_NOTHROW(ExponentiatedGradient{.rate = 0.0, .smoothing = 1.0}.validate());
  const Doubles p{0.5, 0.5};
  Doubles memory{1.0, 2.0};
  CHECK_THAT(
      thrown<ValueError>([&] { (void)ExponentiatedGradient{}.next({.prior = p, .probabilities = p}, p, memory); }),
      ContainsSubstring("ExponentiatedGradient: memory has 2 values; needs 0"));
}

}
