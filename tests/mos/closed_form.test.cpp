// SPDX-License-Identifier: MIT
// The straight way to the normalised rewards.
#include <pickmix/mos/closed_form.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_closed_form_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

/// The prior does not enter, but for the mask.
Doubles next(const ClosedForm& rule, const Doubles& p, const Doubles& rewards) {
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

TEST_CASE("Closed form: the next distribution, by hand") {
  // R / ΣR = (1, 3, 4) / 8.
  check_near(next({}, {0.5, 0.25, 0.25}, {1.0, 3.0, 4.0}), {0.125, 0.375, 0.5});
  // A fifth of the way: 0.4 + 0.025, 0.2 + 0.075, 0.2 + 0.1.
  check_near(next({.rate = 0.2}, {0.5, 0.25, 0.25}, {1.0, 3.0, 4.0}), {0.425, 0.275, 0.3});
  check_near(next({.rate = 0.0}, {0.5, 0.25, 0.25}, {1.0, 3.0, 4.0}), {0.5, 0.25, 0.25});
}

TEST_CASE("The distance to the normalised rewards shrinks by the same factor each time") {
  Doubles p{0.9, 0.1};
  for (int update = 0; update < 20; ++update) p = next({.rate = 0.1}, p, {1.0, 3.0});
  CHECK(p[0] == Approx(0.25 + 0.65 * std::pow(0.9, 20)).epsilon(1e-12));
}

TEST_CASE("Rewards of zero leave the distribution as it is") {
  CHECK(next({}, {0.3, 0.7}, {0.0, 0.0}) == Doubles{0.3, 0.7});
}

TEST_CASE("A masked dataset stays at 0, and its reward does not count") {
  check_near(next({}, {0.5, 0.0, 0.5}, {1.0, 1e100, 3.0}), {0.25, 0.0, 0.75});
  CHECK(next({}, {0.5, 0.0, 0.5}, {1.0, 1e100, 3.0})[1] == 0.0);
}

TEST_CASE("A dataset of probability 0 that is not masked comes back with its reward") {
  const Doubles prior{0.5, 0.5}, p{1.0, 0.0}, rewards{1.0, 3.0};
  Doubles memory;
  check_near(ClosedForm{}.next({.prior = prior, .probabilities = p}, rewards, memory), {0.25, 0.75});
}

TEST_CASE("Closed form: one dataset alone has probability 1") {
  CHECK(next({}, {1.0}, {0.7}) == Doubles{1.0});
  CHECK(next({}, {1.0}, {0.0}) == Doubles{1.0});
}

TEST_CASE("The largest and the smallest rewards divide as any others") {
  check_near(next({}, {0.5, 0.5}, {1e100, 1e100}), {0.5, 0.5});
  check_near(next({}, {0.5, 0.5}, {1e100, 0.0}), {1.0, 0.0});
  const double least = std::numeric_limits<double>::denorm_min();
  check_near(next({}, {0.5, 0.5}, {least, 3.0 * least}), {0.25, 0.75});
}

TEST_CASE("Closed form: a parameter out of its range, and memory, are named") {
  const auto message = [](const ClosedForm& rule) { return thrown<ValueError>([&] { rule.validate(); }); };
  CHECK_THAT(message({.rate = 1.5}), ContainsSubstring("ClosedForm: rate is 1.5; needs to be in [0, 1]"));
  CHECK_THAT(message({.rate = -0.5}), ContainsSubstring("ClosedForm: rate is -0.5"));
  CHECK_THAT(message({.rate = std::numeric_limits<double>::quiet_NaN()}), ContainsSubstring("rate is nan"));
  const Doubles p{0.5, 0.5};
  Doubles memory{1.0};
  CHECK_THAT(thrown<ValueError>([&] { (void)ClosedForm{}.next({.prior = p, .probabilities = p}, p, memory); }),
             ContainsSubstring("ClosedForm: memory has 1 values; needs 0"));
}

}
