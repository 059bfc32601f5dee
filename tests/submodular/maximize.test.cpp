// SPDX-License-Identifier: MIT
// maximize(): budgets, endings, observers, errors; alike for both maximisers.
#include <pickmix/submodular/maximize.hpp>

#include <pickmix/core/rng.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/distributed_greedy.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

namespace submodular_maximize_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using objectives::Coverage;
using objectives::Modular;

static_assert(MaximizerOf<NaiveGreedy, Coverage, CountLedger> && MaximizerOf<LazyGreedy, Coverage, CostLedger>);
static_assert(!MaximizerOf<int, Coverage, CountLedger>);

namespace {

const Coverage topics({0b00011, 0b01110, 0b01000, 0b10001, 0b100000});

}  // namespace

TEMPLATE_TEST_CASE("The best item is picked each time, ties going to the smaller index", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  const auto s = maximize(f, Count{4}, TestType{});
  CHECK(s.indices == std::vector<Index>{1, 3, 4, 0});
  CHECK(s.gains == std::vector<double>{3, 2, 1, 0});
}

TEMPLATE_TEST_CASE("Where all gains are the same, items are picked in order", "", NaiveGreedy, LazyGreedy) {
  Modular<true> f{std::vector<double>(20, 1.0)};
  const auto s = maximize(f, Count{20}, TestType{});
  std::vector<Index> all(20);
  std::iota(all.begin(), all.end(), Index{0});
  CHECK(s.indices == all);
}

TEMPLATE_TEST_CASE("The gains of a selection sum to its value", "", NaiveGreedy, LazyGreedy) {
  FacilityLocationObjective f(instances::real(3, 40, 30));
  const auto s = maximize(f, Count{12}, TestType{});
  CHECK(s.gains.size() == 12);
  CHECK(s.value == std::accumulate(s.gains.begin(), s.gains.end(), 0.0));
  CHECK(s.value == evaluate(f, s.indices));
}

TEMPLATE_TEST_CASE("No item is picked twice, and a full budget takes every item", "", NaiveGreedy, LazyGreedy) {
  FacilityLocationObjective f(instances::tied(5, 8, 30));
  const auto s = maximize(f, Count{30}, TestType{});
  CHECK(std::set<Index>(s.indices.begin(), s.indices.end()).size() == 30);
  CHECK(s.reason == StopReason::budget_reached);
}

TEMPLATE_TEST_CASE("A budget of nothing selects nothing", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  const auto s = maximize(f, Count{0}, TestType{});
  CHECK(s.indices.empty());
  CHECK(s.value == 0.0);
  CHECK(s.upper_bound == 0.0);
  CHECK(s.reason == StopReason::budget_reached);
}

TEMPLATE_TEST_CASE("A budget above the pool takes all of it and says so", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  const auto s = maximize(f, Count{6}, TestType{});
  CHECK(s.indices.size() == 5);
  CHECK(s.reason == StopReason::pool_exhausted);
}

TEMPLATE_TEST_CASE("Of an empty ground set nothing is selected", "", NaiveGreedy, LazyGreedy) {
  Coverage f({});
  CHECK(maximize(f, Count{0}, TestType{}).reason == StopReason::budget_reached);
  const auto s = maximize(cpu.threads(3), f, Count{1}, TestType{});
  CHECK(s.indices.empty());
  CHECK(s.upper_bound == 0.0);
  CHECK(s.reason == StopReason::pool_exhausted);
}

TEMPLATE_TEST_CASE("Items that would lower the objective are never selected", "", NaiveGreedy, LazyGreedy) {
  Modular<true> f{{-1.0, 2.0, 0.0, -0.5, 3.0}};
  const auto s = maximize(f, Count{9}, TestType{});
  CHECK(s.indices == std::vector<Index>{4, 1, 2});
  CHECK(s.reason == StopReason::no_positive_gain);
  CHECK(s.upper_bound == 5.0);
}

TEST_CASE("Without diminishing returns negative gains end the selection all the same") {
  Modular<false> f{{-1.0, 2.0, 0.0}};
  const auto s = maximize(f, Count{3}, NaiveGreedy{});
  CHECK(s.indices == std::vector<Index>{1, 2});
  CHECK(s.reason == StopReason::no_positive_gain);
}

TEMPLATE_TEST_CASE("A certificate is not below the value, however sums round", "", NaiveGreedy, LazyGreedy,
                   DistributedGreedy) {
  RandomStream random(1, 2);
  for (int run = 0; run < 100; ++run) {
    Modular<true> f;
    std::vector<Index> group;
    std::vector<double> prices;
    for (int j = 0; j < 20; ++j) {
      f.weights.push_back(random.uniform());
      group.push_back(random.below(3));
      prices.push_back(0.1 + random.uniform());
    }
    const std::vector<Index> limit(3, 4);
    Modular<true> g = f, h = f;
    const auto all = maximize(h, Count{20}, TestType{});
    CHECK(all.upper_bound >= all.value);
    const auto by_group = maximize(f, Quotas{group, limit}, TestType{});
    CHECK(by_group.upper_bound >= by_group.value);
    const auto by_cost = maximize(g, Cost{5.0, prices}, TestType{});
    CHECK(by_cost.upper_bound >= by_cost.value);
  }
}

TEST_CASE("Without diminishing returns there is no certificate") {
  Modular<false> f{{1.0, 2.0}};
  CHECK(maximize(f, Count{1}, NaiveGreedy{}).upper_bound == std::numeric_limits<double>::infinity());
}

TEMPLATE_TEST_CASE("Maximising goes on from what the objective holds", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  f.add(1);
  const auto s = maximize(f, Count{2}, TestType{});
  CHECK(s.indices == std::vector<Index>{3, 4});
  CHECK(s.value == 3.0);
  CHECK(s.upper_bound == 3.0);
}

TEMPLATE_TEST_CASE("What is selected stays in the objective", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  (void)maximize(f, Count{2}, TestType{});
  CHECK(f.gain(1) == 0.0);
  CHECK(f.gain(3) == 0.0);
  CHECK(f.gain(4) == 1.0);
}

TEMPLATE_TEST_CASE("Two selections one after the other are one long selection", "", NaiveGreedy, LazyGreedy) {
  FacilityLocationObjective whole(instances::real(2, 30, 20)), parts = whole;
  const auto all = maximize(whole, Count{6}, TestType{});
  auto first = maximize(parts, Count{3}, TestType{});
  const auto second = maximize(parts, Count{3}, TestType{});
  first.indices.insert(first.indices.end(), second.indices.begin(), second.indices.end());
  CHECK(first.indices == all.indices);
}

TEMPLATE_TEST_CASE("Observers see every step in order", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  std::vector<Index> picked, items;
  std::vector<double> gains, values;
  const auto s = maximize(f, Count{3}, TestType{}, [&](const SelectionStep& step) {
    CHECK(step.budget == 3);
    picked.push_back(step.picked);
    items.push_back(step.index);
    gains.push_back(step.gain);
    values.push_back(step.value);
  });
  CHECK(picked == std::vector<Index>{1, 2, 3});
  CHECK(items == s.indices);
  CHECK(gains == s.gains);
  CHECK(values == std::vector<double>{3, 5, 6});
}

TEMPLATE_TEST_CASE("The budget an observer sees is never more than there are", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  Index budget = 0;
  (void)maximize(f, Count{99}, TestType{}, [&](const SelectionStep& step) { budget = step.budget; });
  CHECK(budget == 5);
}

TEMPLATE_TEST_CASE("An observer stops the selection and the others hear of the last step", "", NaiveGreedy,
                   LazyGreedy) {
  Coverage f = topics;
  Index heard = 0;
  const auto stop = [](const SelectionStep& step) { return step.picked == 2 ? Flow::stop : Flow::proceed; };
  const auto s = maximize(f, Count{5}, TestType{}, stop, [&](const SelectionStep& step) { heard = step.picked; });
  CHECK(s.indices == std::vector<Index>{1, 3});
  CHECK(s.value == 5.0);
  CHECK(s.reason == StopReason::stopped_by_observer);
  CHECK(heard == 2);
}

TEMPLATE_TEST_CASE("A selection that was stopped is certified against the whole budget", "", NaiveGreedy, LazyGreedy) {
  Modular<true> f{{4.0, 3.0, 2.0, 1.0}};
  const auto s = maximize(f, Count{3}, TestType{}, [](const SelectionStep&) { return Flow::stop; });
  CHECK(s.value == 4.0);
  CHECK(s.upper_bound == 9.0);  // three of them could have been had
}

TEMPLATE_TEST_CASE("A stop at the last step is still a stop, also of the whole pool", "", NaiveGreedy, LazyGreedy) {
  Modular<true> f{{2.0, 1.0}};
  const auto stop = [](const SelectionStep& step) { return step.picked == 2 ? Flow::stop : Flow::proceed; };
  CHECK(maximize(f, Count{3}, TestType{}, stop).reason == StopReason::stopped_by_observer);
}

TEMPLATE_TEST_CASE("Maximize: what an observer throws passes through; what was picked stays", "", NaiveGreedy,
                   LazyGreedy) {
  Coverage f = topics;
  const auto fail = [](const SelectionStep& step) {
    if (step.picked == 2) throw std::logic_error("enough");
  };
  CHECK(thrown<std::logic_error>([&] { (void)maximize(f, Count{5}, TestType{}, fail); }) == "enough");
  CHECK(f.gain(1) == 0.0);
  CHECK(f.gain(3) == 0.0);
  CHECK(f.gain(4) == 1.0);
}

TEMPLATE_TEST_CASE("A gain that is not finite is refused by name", "", NaiveGreedy, LazyGreedy) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (double bad : {nan, infinity, -infinity})
    for (Index threads : {1, 3}) {
      CAPTURE(bad, threads);
      Modular<true> f{std::vector<double>(40, 1.0)};
      f.weights[17] = bad;
      const auto work = [&] { (void)maximize(cpu.threads(threads), f, Count{2}, TestType{}); };
      CHECK_THAT(thrown<ValueError>(work), ContainsSubstring("gain(17)"));
    }
}

TEMPLATE_TEST_CASE("A gain that turns into NaN on the way is refused", "", NaiveGreedy, LazyGreedy) {
  struct Turning : Modular<true> {
    void add(Index) { weights.assign(weights.size(), std::numeric_limits<double>::quiet_NaN()); }
  };
  Turning f{{{1.0, 2.0, 3.0}}};
  CHECK_THAT(thrown<ValueError>([&] { (void)maximize(f, Count{2}, TestType{}); }), ContainsSubstring("nan"));
}

TEMPLATE_TEST_CASE("A budget out of range is refused before any gain is computed", "", NaiveGreedy, LazyGreedy) {
  objectives::Counted f(topics);
  CHECK_THAT(thrown<ValueError>([&] { (void)maximize(f, Count{-1}, TestType{}); }), ContainsSubstring("Count"));
  CHECK_THAT(thrown<ValueError>([&] { (void)maximize(f, Fraction{2.0}, TestType{}); }), ContainsSubstring("Fraction"));
  CHECK(f.calls() == 0);
}

TEMPLATE_TEST_CASE("Every gain that is computed is counted", "", NaiveGreedy, LazyGreedy) {
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (Index budget : {0, 1, 7, 30, 31}) {
      objectives::Counted f{FacilityLocationObjective(instances::real(seed, 15, 30))};
      const auto s = maximize(cpu.threads(2), f, Count{budget}, TestType{});
      CHECK(s.evaluations == f.calls());
    }
}

TEST_CASE("A maximiser and a budget of one's own are welcome") {
  struct FirstItems {
    Selection operator()(Cpu, Coverage& f, CountLedger& ledger) const {
      Selection s;
      for (Index j = 0; ledger.affords(j); ++j) (void)detail::pick(f, j, f.gain(j), ledger, s);
      return s;
    }
  };
  struct Half {
    CountLedger open(Index n) const { return CountLedger(n / 2); }
  };
  Coverage f = topics;
  CHECK(maximize(f, Half{}, FirstItems{}).indices == std::vector<Index>{0, 1});

  struct Told {
    Selection operator()(Cpu, Coverage& of, CountLedger& ledger, const SelectionObservers& observers) const {
      Selection s;
      for (Index j = 0; ledger.affords(j); ++j)
        if (!detail::pick(of, j, of.gain(j), ledger, s, observers)) break;
      return s;
    }
  };
  f.reset();
  CHECK(maximize(f, Half{}, Told{}, [](const SelectionStep&) { return Flow::stop; }).indices == std::vector<Index>{0});
}

TEMPLATE_TEST_CASE("Of items with a price the largest gain per price is picked, and no more than can be paid", "",
                   NaiveGreedy, LazyGreedy) {
  Modular<true> f{{4.0, 3.0, 5.0, 1.0, 1.0}};
  const std::vector<double> costs{4.0, 1.0, 2.0, 9.0, 1.0};
  const auto s = maximize(f, Cost{4.5, costs}, TestType{});
  CHECK(s.indices == std::vector<Index>{1, 2, 4});
  CHECK(s.gains == std::vector<double>{3.0, 5.0, 1.0});
  CHECK(s.reason == StopReason::budget_reached);
  CHECK(s.upper_bound == 9.5);  // of the four units and a half, one half is spent on item 0
}

TEMPLATE_TEST_CASE("Quotas and candidates limit what is picked", "", NaiveGreedy, LazyGreedy) {
  Modular<true> f{{6.0, 5.0, 4.0, 3.0, 2.0, 1.0}};
  const std::vector<Index> group{0, 0, 0, 1, 1, 1}, some{1, 2, 4, 5};
  CHECK(maximize(f, Quotas{group, {1, 2}}, TestType{}).indices == std::vector<Index>{0, 3, 4});
  CHECK(maximize(f, Among{Quotas{group, {1, 2}}, some}, TestType{}).indices == std::vector<Index>{1, 4, 5});
  CHECK(maximize(f, Among{Count{3}, some}, TestType{}).indices == std::vector<Index>{1, 2, 4});
  CHECK(maximize(f, Among{Count{3}, some}, TestType{}).upper_bound == 11.0);
}

TEMPLATE_TEST_CASE("A maximiser that is told to fill the budget takes what lowers the objective as well", "",
                   NaiveGreedy, LazyGreedy) {
  Modular<true> f{{-1.0, 2.0, -0.5}};
  const auto s = maximize(f, Count{3}, TestType{.fill = true});
  CHECK(s.indices == std::vector<Index>{1, 2, 0});
  CHECK(s.value == 0.5);
  CHECK(s.reason == StopReason::budget_reached);
}

}
