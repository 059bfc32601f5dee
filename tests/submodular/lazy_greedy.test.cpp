// SPDX-License-Identifier: MIT
// Lazy greedy's own promises: that it is naive greedy is tried in tests/property, the rest in maximize.test.cpp.
#include <pickmix/submodular/lazy_greedy.hpp>

#include <pickmix/submodular/facility_location.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace submodular_lazy_greedy_test {

using namespace pickmix;

namespace {

/// All items are the same one. Counts how often gains are asked for.
struct Alike {
  static constexpr bool diminishing_returns = true;
  static constexpr Index n = 3000;
  bool held = false;
  int* asked;

  Index size() const { return n; }
  double gain(Index) const { return held ? 0.5 : 1.0; }
  void gains(Cpu, std::span<const Index> items, std::span<double> out) const {
    ++*asked;
    for (std::size_t k = 0; k < items.size(); ++k) out[k] = gain(items[k]);
  }
  Index batch() const { return 1; }
  void add(Index) { held = true; }
  void reset() { held = false; }
};

}  // namespace

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

TEST_CASE("The certificate of a few picks among many equal items takes few rounds") {
  int asked = 0;
  Alike f{.asked = &asked};
  const auto s = maximize(f, Count{1}, LazyGreedy{});
  CHECK(s.value == 1.0);
  CHECK(s.upper_bound == 1.0);
  CHECK(asked < 30);
}

}
