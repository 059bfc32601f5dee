// SPDX-License-Identifier: MIT
// Lazy greedy's own promises: that it is naive greedy is tried in tests/property, the rest in maximize.test.cpp.
#include <pickmix/submodular/lazy_greedy.hpp>

#include <pickmix/submodular/facility_location.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>

#include <vector>

using namespace pickmix;

TEST_CASE("An old gain is not believed: it is computed anew before its item is picked") {
  // Item 1 covers nearly all of item 2, whose old gain (5) still beats the present gain of item 3 (3).
  objectives::Coverage f({0b1, 0b111111, 0b011111, 0b111000000});
  const auto s = maximize(f, Count{2}, LazyGreedy{});
  CHECK(s.indices == std::vector<Index>{1, 3});
  CHECK(s.gains == std::vector<double>{6.0, 3.0});
}

TEST_CASE("A tie of an old gain with a new one goes to the smaller index all the same") {
  // After item 2, item 0 keeps its gain of 2 and is tied with item 1, whose gain has fallen to 2.
  objectives::Coverage f({0b11, 0b11100, 0b11110000});
  const auto s = maximize(f, Count{2}, LazyGreedy{});
  CHECK(s.indices == std::vector<Index>{2, 0});
}

TEST_CASE("Where no gain falls, lazy greedy looks again only at what it picks") {
  objectives::Modular<true> f{{5.0, 4.0, 3.0, 2.0, 1.0}};
  CHECK(maximize(f, Count{1}, LazyGreedy{}).evaluations == 5 + 1);      // 4: the certificate
  CHECK(maximize(f, Count{3}, LazyGreedy{}).evaluations == 5 + 2 + 2);  // 4, 3; then 2, 1
}

TEST_CASE("Lazy greedy computes far fewer gains than naive greedy") {
  FacilityLocationObjective f(instances::real(1, 100, 400));
  const auto s = maximize(f, Count{100}, LazyGreedy{});
  CHECK(s.evaluations < 400 * 100 / 4);
}
