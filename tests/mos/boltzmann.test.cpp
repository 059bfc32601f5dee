// SPDX-License-Identifier: MIT
// The bandit of DynamixSFT.
#include <pickmix/mos/boltzmann.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_boltzmann_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

/// The present distribution does not enter, but for the mask.
Doubles next(const Boltzmann& rule, const Doubles& prior, const Doubles& rewards, Doubles& memory) {
  auto out = rule.next({.prior = prior, .probabilities = prior}, rewards, memory);
  REQUIRE(out.size() == prior.size());
  REQUIRE(memory.size() == prior.size());
  CHECK(std::abs(std::accumulate(out.begin(), out.end(), 0.0) - 1.0) < 1e-12);
  return out;
}

void check_near(const Doubles& p, const Doubles& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(p[i] == Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("The values average the rewards, brought to between 0 and 1") {
  Doubles memory;
  // (2, 6, 3) − 2 over 4: (0, 1, 1/4); a twentieth of it.
  next({}, {0.2, 0.3, 0.5}, {2.0, 6.0, 3.0}, memory);
  check_near(memory, {0.0, 0.05, 0.0125});
  // (0.3, 0.1, 0.2) give (1, 0, 1/2): 0.05, 0.95 · 0.05, 0.95 · 0.0125 + 0.025.
  next({}, {0.2, 0.3, 0.5}, {0.3, 0.1, 0.2}, memory);
  check_near(memory, {0.05, 0.0475, 0.036875});
}

TEST_CASE("Boltzmann: the next distribution, by hand") {
  // α = 0: Q = r = (0, 1, 1/2). With β = ln 4, exp(βQ) = (1, 4, 2): q exp(βQ) = (0.5, 1, 0.5), which is (1, 2, 1) / 4.
  Doubles memory;
  check_near(next({.beta = std::log(4.0), .gamma = 0.0, .alpha = 0.0}, {0.5, 0.25, 0.25}, {1.0, 3.0, 2.0}, memory),
             {0.25, 0.5, 0.25});
  // With γ = 0.3: seven tenths of it, and a tenth each.
  check_near(next({.beta = std::log(4.0), .gamma = 0.3, .alpha = 0.0}, {0.5, 0.25, 0.25}, {1.0, 3.0, 2.0}, memory),
             {0.275, 0.45, 0.275});
}

TEST_CASE("The defaults are those of the paper") {
  // Q = (0.05, 0), β Q = (0.2, 0).
  Doubles memory;
  const double first = 1.0 / (1.0 + std::exp(-0.2));
  check_near(next({}, {0.5, 0.5}, {1.0, 0.0}, memory), {0.7 * first + 0.15, 0.7 * (1.0 - first) + 0.15});
}

TEST_CASE("Equal rewards count as 0") {
  Doubles memory{0.4, 0.8};
  next({}, {0.5, 0.5}, {3.0, 3.0}, memory);
  check_near(memory, {0.38, 0.76});
}

TEST_CASE("Where the distribution is does not enter; the prior does, for ever") {
  const Doubles prior{0.8, 0.2}, here{0.1, 0.9}, there{0.6, 0.4}, rewards{0.0, 1.0};
  Doubles one, other;
  CHECK(Boltzmann{}.next({.prior = prior, .probabilities = here}, rewards, one) ==
        Boltzmann{}.next({.prior = prior, .probabilities = there}, rewards, other));
  // Q goes to (0, 1): 0.8 against 0.2 e^4.
  Doubles p;
  for (int update = 0; update < 1000; ++update) p = next({}, prior, rewards, one);
  CHECK(p[1] == Approx(0.7 / (1.0 + 4.0 * std::exp(-4.0)) + 0.15).epsilon(1e-12));
}

TEST_CASE("A masked dataset stays at 0, and takes no part in the range or the spread") {
  Doubles memory, two;
  const auto p = next({}, {0.4, 0.0, 0.6}, {1.0, 0.0, 2.0}, memory);
  const auto without = next({}, {0.4, 0.6}, {1.0, 2.0}, two);
  CHECK(p == Doubles{without[0], 0.0, without[1]});
  CHECK(memory == Doubles{two[0], 0.0, two[1]});
}

TEST_CASE("A dataset outside the prior that has a probability keeps its part of what is spread") {
  const Doubles prior{1.0, 0.0}, p{0.5, 0.5}, rewards{0.0, 1.0};
  Doubles memory;
  check_near(Boltzmann{}.next({.prior = prior, .probabilities = p}, rewards, memory), {0.85, 0.15});
}

TEST_CASE("Boltzmann: one dataset alone has probability 1") {
  Doubles memory;
  check_near(next({}, {1.0}, {0.7}, memory), {1.0});
  CHECK(memory == Doubles{0.0});
}

TEST_CASE("The largest rewards, values and beta give no NaN") {
  Doubles memory;
  next({}, {0.5, 0.5}, {1e100, 0.0}, memory);
  check_near(memory, {0.05, 0.0});
  check_near(next({.beta = 1e300, .gamma = 0.2}, {0.5, 0.5}, {1.0, 0.0}, memory), {0.9, 0.1});
  memory = {-1.7e308, 1.7e308};
  check_near(next({}, {0.5, 0.5}, {1.0, 0.0}, memory), {0.15, 0.85});
  memory = {-1.7e308, 1.7e308};
  check_near(next({.beta = 0.0}, {0.5, 0.5}, {1.0, 0.0}, memory), {0.5, 0.5});
}

TEST_CASE("Boltzmann: a parameter out of its range, and memory that does not fit, are named; the memory stays") {
  const auto message = [](const Boltzmann& rule) { return thrown<ValueError>([&] { rule.validate(); }); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message({.beta = -1.0}), ContainsSubstring("Boltzmann: beta is -1; needs to be finite and at least 0"));
  CHECK_THAT(message({.beta = std::numeric_limits<double>::infinity()}), ContainsSubstring("beta is inf"));
  CHECK_THAT(message({.beta = nan}), ContainsSubstring("beta is nan"));
  CHECK_THAT(message({.gamma = 1.5}), ContainsSubstring("Boltzmann: gamma is 1.5; needs to be in [0, 1]"));
  CHECK_THAT(message({.gamma = nan}), ContainsSubstring("gamma is nan"));
  CHECK_THAT(message({.alpha = -0.5}), ContainsSubstring("Boltzmann: alpha is -0.5; needs to be in [0, 1]"));
  CHECK_THAT(message({.alpha = nan}), ContainsSubstring("alpha is nan"));
  const Doubles p{0.5, 0.5};
  const auto with = [&](Doubles memory) {
    const Doubles before = memory;
    auto text = thrown<ValueError>([&] { (void)Boltzmann{}.next({.prior = p, .probabilities = p}, p, memory); });
    CHECK(memory.size() == before.size());
    return text;
  };
  CHECK_THAT(with({1.0}), ContainsSubstring("Boltzmann: memory has 1 values; needs 2"));
  CHECK_THAT(with({1.0, 2.0, 3.0}), ContainsSubstring("Boltzmann: memory has 3 values; needs 2"));
  CHECK_THAT(with({nan, 1.0}), ContainsSubstring("Boltzmann: memory[0] is nan"));
}

}
