// SPDX-License-Identifier: MIT
// The bandit of online data mixing.
#include <pickmix/mos/exp3.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_exp3_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

/// The prior does not enter, but for the mask.
Doubles next(const Exp3& rule, const Doubles& p, Index updates, const Doubles& rewards, Doubles& memory) {
  auto out = rule.next({.prior = p, .probabilities = p, .updates = updates}, rewards, memory);
  REQUIRE(out.size() == p.size());
  REQUIRE(memory.size() == p.size());
  CHECK(std::abs(std::accumulate(out.begin(), out.end(), 0.0) - 1.0) < 1e-12);
  return out;
}

void check_near(const Doubles& p, const Doubles& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(p[i] == Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("The sums add up the rewards, each over its probability") {
  Doubles memory;
  // 0.1 · 2 / 0.4 = 0.5; the other was not seen.
  next({}, {0.4, 0.6}, 0, {2.0, 0.0}, memory);
  check_near(memory, {0.5, 0.0});
  // 0.1 · 1 / 0.5 = 0.2 and 0.1 · 3 / 0.5 = 0.6 more.
  next({}, {0.5, 0.5}, 1, {1.0, 3.0}, memory);
  check_near(memory, {0.7, 0.6});
  // With a scale of 1, 1 / 0.25 = 4 more.
  next({.scale = 1.0}, {0.25, 0.75}, 2, {1.0, 0.0}, memory);
  check_near(memory, {4.7, 0.6});
}

TEST_CASE("Rewards are divided by the distribution that was drawn from, where that is another") {
  const Doubles p{0.9, 0.1}, drawn_from{0.5, 0.5};
  Doubles memory;
  (void)Exp3{}.next({.prior = p, .probabilities = p, .drawn_from = drawn_from}, Doubles{1.0, 2.0}, memory);
  check_near(memory, {0.2, 0.4});
}

TEST_CASE("What cannot be drawn gains nothing") {
  const Doubles p{0.5, 0.25, 0.25}, drawn_from{0.0, 0.5, 0.5};
  Doubles memory{0.5, 0.0, 0.0};
  (void)Exp3{}.next({.prior = p, .probabilities = p, .drawn_from = drawn_from}, Doubles{9.0, 1.0, 2.0}, memory);
  check_near(memory, {0.5, 0.2, 0.4});
}

TEST_CASE("Exp3: the next distribution, by hand") {
  // K = 2, t = 8: ε_8 = sqrt(ln 2 / 16) = 0.2081…, ε_7 = sqrt(ln 2 / 14) = 0.2225…, both below 1/2.
  // G = (3, 1) and 0.1 · 0.5 / 0.5 = 0.1 more for the second: the sums are 1.9 apart.
  Doubles memory{3.0, 1.0};
  const double now = std::sqrt(std::log(2.0) / 16.0), before = std::sqrt(std::log(2.0) / 14.0);
  const double first = 1.0 / (1.0 + std::exp(-1.9 * before));
  check_near(next({}, {0.5, 0.5}, 7, {0.0, 0.5}, memory),
             {(1.0 - 2.0 * now) * first + now, (1.0 - 2.0 * now) * (1.0 - first) + now});
}

TEST_CASE("The second update of two datasets, by hand") {
  // t = 2: ε_1 = min(1/2, sqrt(ln 2 / 2) = 0.5887) = 1/2 and ε_2 = sqrt(ln 2 / 4) = 0.41628. G = (ln 4, 0) gives
  // exp(G / 2) = (2, 1): p_1 = (1 − 0.83255) · 2/3 + 0.41628 = 0.52791.
  Doubles memory{std::log(4.0), 0.0};
  const auto p = next({}, {0.5, 0.5}, 1, {0.0, 0.0}, memory);
  CHECK(p[0] == Approx(0.52791).margin(5e-6));
}

TEST_CASE("The first updates give the uniform distribution, while t is at most K ln K") {
  Doubles p{0.1, 0.2, 0.3, 0.4}, memory;  // 4 ln 4 = 5.5
  for (Index update = 0; update < 5; ++update) {
    p = next({}, p, update, {5.0, 0.0, 1.0, 0.0}, memory);
    check_near(p, {0.25, 0.25, 0.25, 0.25});
  }
  p = next({}, p, 5, {5.0, 0.0, 1.0, 0.0}, memory);
  CHECK(p[0] > p[2]);
  CHECK(p[2] > p[1]);
}

TEST_CASE("What pays more when drawn goes up, and the other keeps its floor") {
  RandomStream random(1, 0x65787033, 0);
  Doubles p{0.5, 0.5}, memory;
  for (Index update = 0; update < 5000; ++update) {
    const bool first = random.uniform() < p[0];
    p = next({}, p, update, {first ? 1.0 : 0.0, first ? 0.0 : 0.1}, memory);
  }
  CHECK(p[0] > 0.9);
  CHECK(p[1] >= std::sqrt(std::log(2.0) / 10000.0));
}

TEST_CASE("Where all are seen at every update, the normalised rewards are the balance") {
  // 0.1 · 1 / 0.25 = 0.1 · 3 / 0.75.
  Doubles memory{0.0, 0.0};
  next({}, {0.25, 0.75}, 9, {1.0, 3.0}, memory);
  check_near(memory, {0.4, 0.4});
  next({}, {0.2, 0.8}, 10, {1.0, 3.0}, memory);
  CHECK(memory[0] > memory[1]);
}

TEST_CASE("A masked dataset stays at 0 and does not count among K") {
  Doubles memory, two;
  const auto p = next({}, {0.4, 0.0, 0.6}, 7, {1.0, 1e100, 2.0}, memory);
  const auto without = next({}, {0.4, 0.6}, 7, {1.0, 2.0}, two);
  CHECK(p == Doubles{without[0], 0.0, without[1]});
  CHECK(memory == Doubles{two[0], 0.0, two[1]});
}

TEST_CASE("Exp3: one dataset alone has probability 1") {
  Doubles memory;
  for (Index update = 0; update < 3; ++update) CHECK(next({}, {1.0}, update, {0.7}, memory) == Doubles{1.0});
}

TEST_CASE("The largest rewards and sums give all to the best, but for the floor") {
  const double floor = std::sqrt(std::log(2.0) / 200.0);
  Doubles memory;
  check_near(next({}, {0.5, 0.5}, 99, {1e100, 0.0}, memory), {1.0 - floor, floor});
  memory = {0.0, 1.7e308};
  check_near(next({}, {0.5, 0.5}, 99, {1.0, 0.0}, memory), {floor, 1.0 - floor});
  memory = {-1.7e308, 1.7e308};
  check_near(next({}, {0.5, 0.5}, 99, {1.0, 0.0}, memory), {floor, 1.0 - floor});
}

TEST_CASE("A sum stops where doubles end") {
  const Doubles prior{0.5, 0.5}, p{1.0, 1e-300}, rewards{0.0, 1e100};
  for (int update = 0; update < 3; ++update) {
    Doubles memory{0.0, 1.7e308};
    const auto out = Exp3{.scale = 1e300}.next({.prior = prior, .probabilities = p, .updates = 99}, rewards, memory);
    CHECK(memory == Doubles{0.0, std::numeric_limits<double>::max()});
    CHECK(out[0] + out[1] == Approx(1.0).epsilon(1e-12));
  }
}

TEST_CASE("Exp3: a parameter out of its range, and memory that does not fit, are named; the memory stays") {
  const auto message = [](const Exp3& rule) { return thrown<ValueError>([&] { rule.validate(); }); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message({.scale = -0.5}), ContainsSubstring("Exp3: scale is -0.5; needs to be finite and at least 0"));
  CHECK_THAT(message({.scale = std::numeric_limits<double>::infinity()}), ContainsSubstring("scale is inf"));
  CHECK_THAT(message({.scale = nan}), ContainsSubstring("scale is nan"));
  const Doubles p{0.5, 0.5};
  const auto with = [&](Doubles memory) {
    const auto size = memory.size();
    auto text = thrown<ValueError>([&] { (void)Exp3{}.next({.prior = p, .probabilities = p}, p, memory); });
    CHECK(memory.size() == size);
    return text;
  };
  CHECK_THAT(with({1.0}), ContainsSubstring("Exp3: memory has 1 values; needs 2"));
  CHECK_THAT(with({1.0, 2.0, 3.0}), ContainsSubstring("Exp3: memory has 3 values; needs 2"));
  CHECK_THAT(with({1.0, nan}), ContainsSubstring("Exp3: memory[1] is nan"));
}

}
