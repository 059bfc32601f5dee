// SPDX-License-Identifier: MIT
// Naive greedy's own promises; what it shares with the others is in maximize.test.cpp.
#include <pickmix/submodular/naive_greedy.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <vector>

namespace submodular_naive_greedy_test {

using namespace pickmix;

TEST_CASE(
    "Naive greedy computes the gain of every remaining item before each pick, and once more for the certificate") {
  objectives::Modular<true> f{{1.0, 2.0, 3.0, 4.0, 5.0}};
  CHECK(maximize(f, Count{0}, NaiveGreedy{}).evaluations == 0);  // nothing is affordable
  CHECK(maximize(f, Count{2}, NaiveGreedy{}).evaluations == 5 + 4 + 3);
  CHECK(maximize(f, Count{5}, NaiveGreedy{}).evaluations == 5 + 4 + 3 + 2 + 1);
}

TEST_CASE("Naive greedy follows gains that rise") {
  struct Pair {  // two items that are worth something only together
    bool held = false;
    Index size() const { return 3; }
    double gain(Index j) const { return j == 1 ? 1.0 : held ? 9.0 - static_cast<double>(j) : 0.5; }
    void add(Index j) { held = held || j == 1; }
    void reset() { held = false; }
  } f;
  const auto s = maximize(f, Count{2}, NaiveGreedy{});
  CHECK(s.indices == std::vector<Index>{1, 0});
  CHECK(s.gains == std::vector<double>{1.0, 9.0});
}

TEST_CASE("The certificate is the smaller of the bound at the start and the bound at the end") {
  objectives::Coverage f({0b0001, 0b0011, 0b1100, 0b0110});
  const auto s = maximize(f, Count{2}, NaiveGreedy{});
  CHECK(s.value == 4.0);
  CHECK(s.upper_bound == 4.0);  // at the end nothing is left to gain, which says more than 2 + 2 + … at the start

  objectives::Modular<true> modular{{3.0, 2.0, 1.0}};
  CHECK(maximize(modular, Count{2}, NaiveGreedy{}).upper_bound == 5.0);  // 3 + 2 at the start, 5 + 1 at the end
}

}
