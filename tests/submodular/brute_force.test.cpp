// SPDX-License-Identifier: MIT
// Brute force: it sees every set, in order, and says so when there are too many. Its optimum: tests/property/budgets.
#include <pickmix/submodular/brute_force.hpp>

#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/naive_greedy.hpp>

#include <property/greedy_laws.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

namespace submodular_brute_force_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using objectives::Coverage;
using objectives::Modular;

TEST_CASE("Sets are counted, and the count saturates") {
  CHECK(detail::count_sets(0, 5) == 1);
  CHECK(detail::count_sets(5, 0) == 1);
  CHECK(detail::count_sets(5, 2) == 1 + 5 + 10);
  CHECK(detail::count_sets(24, 24) == std::uint64_t{1} << 24);
  CHECK(detail::count_sets(24, 99) == std::uint64_t{1} << 24);
  CHECK(detail::count_sets(60, 60) == std::uint64_t{1} << 60);
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(detail::count_sets(64, 64) == most);
  CHECK(detail::count_sets(1'000'000'000'000, 1'000'000'000'000) == most);
}

TEST_CASE("Every set within the budget is looked at once") {
  const auto evaluations = [](const auto& f, const auto& budget) {
    objectives::Counted counted(f);
    const auto s = maximize(counted, budget, BruteForce{});
    CHECK(s.evaluations == counted.calls());
    return s.evaluations;
  };
  const auto f = Coverage::random(1, 12);
  for (Index k = 0; k <= 13; ++k) CHECK(evaluations(f, Count{k}) == static_cast<Index>(detail::count_sets(12, k)) - 1);
  const std::vector<double> costs{1.0, 2.0, 3.0};
  CHECK(evaluations(Coverage({1, 2, 4}), Cost{3.0, costs}) == 4);  // {0}, {0, 1}, {1}, {2}
  const std::vector<Index> group{0, 0, 1};
  CHECK(evaluations(Coverage({1, 2, 4}), Quotas{group, {1, 1}}) == 5);  // {0}, {0, 2}, {1}, {1, 2}, {2}
}

TEST_CASE("It finds what greedy does not") {
  Coverage f({0b001111, 0b000111, 0b111000});
  const auto s = maximize(f, Count{2}, BruteForce{});
  CHECK(s.indices == std::vector<Index>{0, 2});
  Coverage trap({0b0110110, 0b0000111, 0b0111000});
  CHECK(maximize(trap, Count{2}, NaiveGreedy{}).value == 5.0);
  trap.reset();
  const auto best = maximize(trap, Count{2}, BruteForce{});
  CHECK(best.indices == std::vector<Index>{1, 2});
  CHECK(best.gains == std::vector<double>{3.0, 3.0});
  CHECK(best.value == 6.0);
  CHECK(best.upper_bound == 6.0);
  CHECK(best.reason == StopReason::budget_reached);
}

TEST_CASE("Of sets of the same value it takes the lexicographically smallest") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto f = Coverage::random(seed, 8);
    for (Index k = 0; k <= 8; ++k) {
      std::vector<Index> smallest;
      double best = 0.0;
      for (std::uint32_t chosen = 0; chosen < 256; ++chosen) {
        std::vector<Index> set;
        for (Index j = 0; j < 8; ++j)
          if (chosen >> j & 1) set.push_back(j);
        if (static_cast<Index>(set.size()) > k) continue;
        const double value = f.definition(set);
        if (value > best || (value == best && set < smallest)) best = value, smallest = set;
      }
      Coverage copy = f;
      CHECK(maximize(copy, Count{k}, BruteForce{}).indices == smallest);
    }
  }
}

TEST_CASE("Nothing is selected after the last item that brings something, and losses only for what they bring") {
  Coverage worthless({0, 0b1, 0, 0b1});
  const auto s = maximize(worthless, Count{3}, BruteForce{});
  CHECK(s.indices == std::vector<Index>{0, 1});  // which comes before {1}
  CHECK(s.reason == StopReason::no_positive_gain);

  struct Pair {  // item 0 is a loss that makes item 1 precious
    bool held = false;
    Index size() const { return 2; }
    double gain(Index j) const { return j == 0 ? -1.0 : held ? 5.0 : 1.0; }
    void add(Index j) { held = held || j == 0; }
    void reset() { held = false; }
  } pair;
  CHECK(maximize(pair, Count{2}, BruteForce{}).indices == std::vector<Index>{0, 1});

  Modular<true> losses{{-1.0, -2.0}};
  const auto none = maximize(losses, Count{2}, BruteForce{});
  CHECK(none.indices.empty());
  CHECK(none.upper_bound == 0.0);
  CHECK(none.reason == StopReason::no_positive_gain);
}

TEST_CASE("Costs that add up to the total but for rounding are within the budget where greedy affords them") {
  const std::vector<double> costs{0.1, 0.2, 0.3};  // 0.1 + 0.2 + 0.3 > 0.6
  Modular<true> f{{10.0, 10.0, 10.0}};
  CHECK(maximize(f, Cost{0.6, costs}, NaiveGreedy{}).value == 30.0);
  const auto s = maximize(f, Cost{0.6, costs}, BruteForce{});
  CHECK(s.indices == std::vector<Index>{0, 1, 2});
  CHECK(s.upper_bound == 30.0);
}

TEST_CASE("It goes on from what the objective holds, and leaves the optimum there") {
  Coverage f({0b0011, 0b1100, 0b10100});
  f.add(1);
  const auto s = maximize(f, Count{1}, BruteForce{});
  CHECK(s.indices == std::vector<Index>{0});
  CHECK(s.value == 2.0);
  CHECK(f.gain(0) == 0.0);
  CHECK(f.gain(1) == 0.0);
  CHECK(f.gain(2) == 1.0);
}

TEST_CASE("Too many sets are refused by name, and what cannot be afforded does not count") {
  Modular<true> f{std::vector<double>(25, 1.0)};
  const auto message = thrown<ValueError>([&] { (void)maximize(f, Count{25}, BruteForce{}); });
  CHECK_THAT(message, ContainsSubstring("BruteForce") && ContainsSubstring("n is 25") &&
                          ContainsSubstring("allows 25") && ContainsSubstring("2^24"));
  CHECK(maximize(f, Count{3}, BruteForce{}).value == 3.0);
  const std::vector<Index> few{3, 4};
  CHECK(maximize(f, Among{Count{25}, few}, BruteForce{}).indices == few);
}

TEST_CASE("Small and empty ground sets and budgets of brute force") {
  Coverage none({}), one({0b11});
  CHECK(maximize(none, Count{0}, BruteForce{}).reason == StopReason::budget_reached);
  CHECK(maximize(none, Count{2}, BruteForce{}).reason == StopReason::pool_exhausted);
  CHECK(maximize(one, Count{0}, BruteForce{}).indices.empty());
  CHECK(maximize(one, Count{7}, BruteForce{}).reason == StopReason::pool_exhausted);
}

TEST_CASE("Observers are told of the optimum in rising order, and may stop it") {
  Modular<true> f{{1.0, 3.0, 0.0, 2.0}};
  std::vector<Index> seen;
  const auto s = maximize(f, Count{3}, BruteForce{}, [&](const SelectionStep& step) {
    seen.push_back(step.index);
    return step.picked == 2 ? Flow::stop : Flow::proceed;
  });
  CHECK(seen == std::vector<Index>{0, 1});
  CHECK(s.indices == seen);
  CHECK(s.value == 4.0);
  CHECK(s.upper_bound == 6.0);
  CHECK(s.reason == StopReason::stopped_by_observer);
}

TEST_CASE("Brute force refuses a gain that is not finite; what a gain or an observer throws passes through") {
  Modular<true> f{{1.0, 3.0, std::numeric_limits<double>::quiet_NaN()}};
  CHECK_THAT(thrown<ValueError>([&] { (void)maximize(f, Count{1}, BruteForce{}); }), ContainsSubstring("gain(2)"));
  struct Throwing : Modular<true> {
    double gain(Index j) const { return j == 1 ? throw std::logic_error("no gain") : 1.0; }
  } g{{{1.0, 1.0}}};
  CHECK(thrown<std::logic_error>([&] { (void)maximize(g, Count{1}, BruteForce{}); }) == "no gain");
  Modular<true> h{{1.0}};
  const auto fail = [](const SelectionStep&) { throw std::logic_error("enough"); };
  CHECK(thrown<std::logic_error>([&] { (void)maximize(h, Count{1}, BruteForce{}, fail); }) == "enough");
}

}
