// SPDX-License-Identifier: MIT
// Stochastic greedy: what its samples are, what it finds on average, and that stale bounds change none of its picks.
#include <pickmix/submodular/stochastic_greedy.hpp>

#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/naive_greedy.hpp>

#include <property/greedy_laws.hpp>
#include <support/catch.hpp>
#include <support/chi_square.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

namespace submodular_stochastic_greedy_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using objectives::Coverage;
using objectives::Modular;

namespace {

constexpr double everything = 1e-300;  // so small an epsilon that every sample is all there is, for up to 690 picks

Modular<true> rising_weights(Index n) {
  Modular<true> f;
  for (Index j = 0; j < n; ++j) f.weights.push_back(static_cast<double>(j + 1));
  return f;
}

template <class M>
std::vector<Index> picks(Modular<true> f, Index budget, const M& maximizer) {
  return maximize(f, Count{budget}, maximizer).indices;
}

/// Picks, gains, value and reason to stop of both, and that the second computes no more gains.
template <class F, class B>
std::string lazier_is_stochastic(const F& f, const B& budget, double epsilon, std::uint64_t seed) {
  F one = f, other = f;
  const auto all = maximize(one, budget, StochasticGreedy{.epsilon = epsilon, .seed = seed});
  const auto few = maximize(other, budget, LazierThanLazyGreedy{.epsilon = epsilon, .seed = seed});
  if (few.evaluations > all.evaluations) return fmt::format("{} gains instead of {}", few.evaluations, all.evaluations);
  return laws::difference(all, few);
}

}  // namespace

TEMPLATE_TEST_CASE("Where a sample is everything, the picks are those of naive greedy", "", StochasticGreedy,
                   LazierThanLazyGreedy) {
  const auto check = [](const auto& f, const auto& budget) {
    auto sampled = f, whole = f;
    const auto s = maximize(sampled, budget, TestType{.epsilon = everything, .seed = 3});
    auto reference = maximize(whole, budget, NaiveGreedy{});
    CHECK(s.upper_bound == std::numeric_limits<double>::infinity());
    reference.upper_bound = s.upper_bound;
    CHECK(laws::difference(s, reference) == "");
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const FacilityLocationObjective tied(instances::tied(seed, 8, 25)), real(instances::real(seed, 10, 25));
    std::vector<Index> group;
    for (Index j = 0; j < 25; ++j) group.push_back(j * 7 % 3);
    for (Index k : {0, 1, 8, 25, 30}) {
      check(tied, Count{k});
      check(real, Count{k});
      check(Coverage::random(seed, 30), Count{k});
      check(real, Quotas{group, {k / 3, 1, 2}});
    }
    RandomStream random(seed, 1);
    Modular<true> signs;
    for (int j = 0; j < 25; ++j) signs.weights.push_back(static_cast<double>(random.below(7)) - 3.0);
    check(signs, Count{25});
    check(signs, Count{4});
  }
}

TEST_CASE("A sample is m/k ln(1/epsilon) of the m that remain, at least one and at most all") {
  const auto evaluations = [](Index n, Index k, double epsilon) {
    objectives::Counted f(rising_weights(n));
    const auto s = maximize(f, Count{k}, StochasticGreedy{.epsilon = epsilon});
    CHECK(s.evaluations == f.calls());
    return s.evaluations;
  };
  Index expected = 0;
  for (Index m = 100; m > 90; --m)
    expected += static_cast<Index>(std::ceil(static_cast<double>(m) / 10.0 * std::log(1.0 / 0.3)));
  CHECK(expected == 120);
  CHECK(evaluations(100, 10, 0.3) == 120);
  CHECK(evaluations(20, 20, 0.99) == 20);       // one for each pick
  CHECK(evaluations(4, 2, 1e-9) == 4 + 3);      // all that remain
  CHECK(evaluations(6, 1'000'000, 0.99) == 6);  // k is at most what there is
}

TEST_CASE("Every item is equally likely to be in a sample, at every pick") {
  std::vector<double> first(6, 0.0), second(6, 0.0);
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    const auto s = picks(rising_weights(6), 6, StochasticGreedy{.epsilon = 0.99, .seed = seed});  // samples of one
    ++first[static_cast<std::size_t>(s[0])];
    ++second[static_cast<std::size_t>(s[1])];
  }
  CHECK(support::chi_square_p_value(first) > 1e-4);
  CHECK(support::chi_square_p_value(second) > 1e-4);
}

TEST_CASE("Of a sample, the best is taken") {
  // Two of four: the pair is {0, 1} once in six, {0, 2} or {1, 2} twice, and 3 is in it three times.
  std::vector<double> best(4, 0.0);
  for (std::uint64_t seed = 0; seed < 6000; ++seed)
    ++best[static_cast<std::size_t>(picks(rising_weights(4), 2, StochasticGreedy{.epsilon = 0.5, .seed = seed})[0])];
  CHECK(best[0] == 0.0);
  CHECK(support::chi_square_p_value({best[1], best[2] / 2, best[2] / 2, best[3] / 3, best[3] / 3, best[3] / 3}) > 1e-4);
}

TEMPLATE_TEST_CASE("A tie goes to the smaller index, whatever the order of the sample", "", StochasticGreedy,
                   LazierThanLazyGreedy) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto s = picks({std::vector<double>(20, 1.0)}, 20, TestType{.epsilon = everything, .seed = seed});
    CHECK(std::is_sorted(s.begin(), s.end()));
  }
}

TEST_CASE("Stale bounds change no pick and no bit") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const auto coverage = Coverage::random(seed, 40);
    const FacilityLocationObjective tied(instances::tied(seed, 9, 40)), real(instances::real(seed, 20, 40)),
        duplicated(instances::duplicated(seed, 11, 13));
    RandomStream random(seed, 1);
    Modular<true> signs;
    std::vector<double> costs;
    std::vector<Index> group;
    for (int j = 0; j < 40; ++j) {
      signs.weights.push_back(static_cast<double>(random.below(7)) - 4.0);
      costs.push_back(0.1 + random.uniform());
      group.push_back(random.below(3));
    }
    for (double epsilon : {everything, 0.01, 0.1, 0.5, 0.95}) {
      CAPTURE(seed, epsilon);
      for (Index k : {0, 1, 5, 20, 39, 41}) {
        CHECK(lazier_is_stochastic(coverage, Count{k}, epsilon, seed) == "");
        CHECK(lazier_is_stochastic(tied, Count{k}, epsilon, seed) == "");
        CHECK(lazier_is_stochastic(real, Count{k}, epsilon, seed) == "");
        CHECK(lazier_is_stochastic(duplicated, Count{k}, epsilon, seed) == "");
        CHECK(lazier_is_stochastic(signs, Count{k}, epsilon, seed) == "");
        CHECK(lazier_is_stochastic(real, Quotas{group, {k, 2, 3}}, epsilon, seed) == "");
        CHECK(lazier_is_stochastic(signs, Quotas{group, {k, 2, 3}}, epsilon, seed) == "");
      }
      CHECK(lazier_is_stochastic(real, Cost{5.0, costs}, epsilon, seed) == "");
      CHECK(lazier_is_stochastic(signs, Cost{5.0, costs}, epsilon, seed) == "");
    }
  }
}

TEST_CASE("Stale bounds spare most gains where samples overlap") {
  FacilityLocationObjective f(instances::real(1, 60, 300)), g = f;
  const auto all = maximize(f, Count{60}, StochasticGreedy{.epsilon = 1e-6});
  const auto few = maximize(g, Count{60}, LazierThanLazyGreedy{.epsilon = 1e-6});
  CHECK(few.evaluations < all.evaluations / 2);
}

TEST_CASE("Where the data break the promise of diminishing returns, lazier than lazy greedy is stochastic greedy") {
  struct Broken : Modular<true> {  // item 0 is worth more once another is held
    bool held = false;
    bool diminishing_returns_hold() const { return false; }
    double gain(Index j) const { return j == 0 && held ? 50.0 : weights[static_cast<std::size_t>(j)]; }
    void add(Index) { held = true; }
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    CHECK(lazier_is_stochastic(Broken{{{1.0, 7.0, 6.0, 5.0, 4.0}}}, Count{3}, 0.05, seed) == "");
  Broken f{{{1.0, 7.0, 6.0, 5.0, 4.0}}};
  CHECK(maximize(f, Count{2}, LazierThanLazyGreedy{.epsilon = everything}).indices == std::vector<Index>{1, 0});
}

TEMPLATE_TEST_CASE("A sample of losses does not end the selection: the next is drawn from the others", "",
                   StochasticGreedy, LazierThanLazyGreedy) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Modular<true> f{std::vector<double>(30, -1.0)};
    f.weights[7] = 0.0;
    f.weights[23] = 2.0;
    objectives::Counted counted(f);
    const auto s = maximize(counted, Count{30}, TestType{.epsilon = 0.9, .seed = seed});
    CHECK(std::set<Index>(s.indices.begin(), s.indices.end()) == std::set<Index>{7, 23});
    CHECK(s.reason == StopReason::no_positive_gain);
    CHECK(counted.calls() == 30);  // a loss stays a loss: no item of these samples of one is looked at twice
    CHECK(s.evaluations == 30);
  }
}

TEST_CASE("A loss that is set aside comes back where gains can rise") {
  struct Pair {  // item 0 is worth something only together with item 1
    bool held = false;
    Index size() const { return 2; }
    double gain(Index j) const { return j == 1 ? 1.0 : held ? 5.0 : -1.0; }
    void add(Index j) { held = held || j == 1; }
    void reset() { held = false; }
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Pair f;
    const auto s = maximize(f, Count{2}, StochasticGreedy{.epsilon = 0.9, .seed = seed});
    CHECK(s.indices == std::vector<Index>{1, 0});
    CHECK(s.reason == StopReason::budget_reached);
  }
}

TEST_CASE("Losses that the budget has no room for are not why it ended") {
  Modular<true> f{{-1.0, 1.0, -1.0}};
  CHECK(maximize(f, Count{1}, StochasticGreedy{.epsilon = everything}).reason == StopReason::budget_reached);
  CHECK(maximize(f, Count{2}, StochasticGreedy{.epsilon = everything}).reason == StopReason::no_positive_gain);
  for (std::uint64_t seed = 0; seed < 20; ++seed)  // samples of one: a loss is often set aside before the pick
    CHECK(maximize(f, Count{1}, StochasticGreedy{.epsilon = 0.9, .seed = seed}).reason == StopReason::budget_reached);
}

TEST_CASE("The value is 1 - 1/e - epsilon of the optimum on average") {
  for (double epsilon : {0.02, 0.1, 0.3})
    for (std::uint64_t instance = 0; instance < 4; ++instance) {
      const auto f = Coverage::random(instance, 12);
      const auto best = laws::optimum(12, [&](std::span<const Index> set) { return f.definition(set); });
      for (Index k : {1, 3, 5}) {
        double sum = 0.0;
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
          Coverage copy = f;
          sum += maximize(copy, Count{k}, StochasticGreedy{.epsilon = epsilon, .seed = seed}).value;
        }
        CHECK(sum / 300.0 >= (1.0 - 1.0 / std::numbers::e - epsilon) * best[static_cast<std::size_t>(k)]);
      }
    }
}

TEMPLATE_TEST_CASE("The seed decides, and nothing else", "", StochasticGreedy, LazierThanLazyGreedy) {
  const FacilityLocationObjective f(instances::real(4, 30, 200));
  std::set<std::vector<Index>> different;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto select = [&] {
      FacilityLocationObjective copy = f;
      return maximize(copy, Count{10}, TestType{.epsilon = 0.2, .seed = seed}).indices;
    };
    different.insert(select());
    CHECK(different.contains(select()));
  }
  CHECK(different.size() == 10);
  for (Index budget : {1, 20, 200}) CHECK(laws::threads_change_nothing(f, budget, TestType{.epsilon = 0.01}) == "");
}

TEMPLATE_TEST_CASE("Costs decide by gain per price, and what is too dear is left out", "", StochasticGreedy,
                   LazierThanLazyGreedy) {
  const std::vector<double> costs{4.0, 1.0, 2.0, 1.0, 9.0};
  Modular<true> f{{8.0, 3.0, 5.0, 2.5, 100.0}};
  const auto s = maximize(f, Cost{5.0, costs}, TestType{.epsilon = everything});
  CHECK(s.indices == std::vector<Index>{1, 2, 3});  // 3, 2.5, 2.5 per price; then 0 costs 4 and 1 is left
  CHECK(s.reason == StopReason::budget_reached);
  CHECK(maximize(f, Cost{0.5, costs}, TestType{}).indices.empty());
  CHECK(maximize(f, Cost{0.5, costs}, TestType{}).reason == StopReason::budget_reached);
}

TEMPLATE_TEST_CASE("Small and empty ground sets and budgets", "", StochasticGreedy, LazierThanLazyGreedy) {
  Coverage none({}), one({0b11}), worthless({0, 0, 0});
  CHECK(maximize(none, Count{0}, TestType{}).reason == StopReason::budget_reached);
  CHECK(maximize(none, Count{2}, TestType{}).reason == StopReason::pool_exhausted);
  CHECK(maximize(one, Count{0}, TestType{}).evaluations == 0);
  CHECK(maximize(one, Count{1}, TestType{}).value == 2.0);
  one.reset();
  CHECK(maximize(one, Count{5}, TestType{}).reason == StopReason::pool_exhausted);
  CHECK(maximize(worthless, Count{2}, TestType{}).indices.size() == 2);  // what adds nothing fills the budget
}

TEMPLATE_TEST_CASE("An epsilon outside (0, 1) is refused by name", "", StochasticGreedy, LazierThanLazyGreedy) {
  Coverage f({1, 2});
  for (double epsilon : {0.0, 1.0, -0.5, 2.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(thrown<ValueError>([&] { (void)maximize(f, Count{1}, TestType{.epsilon = epsilon}); }),
               ContainsSubstring("Greedy: epsilon is"));
}

TEMPLATE_TEST_CASE("Observers see the picks, stop them, and may throw", "", StochasticGreedy, LazierThanLazyGreedy) {
  Coverage f = Coverage::random(1, 20);
  std::vector<Index> seen;
  const auto s = maximize(f, Count{9}, TestType{}, [&](const SelectionStep& step) {
    seen.push_back(step.index);
    return step.picked == 4 ? Flow::stop : Flow::proceed;
  });
  CHECK(s.indices == seen);
  CHECK(seen.size() == 4);
  CHECK(s.reason == StopReason::stopped_by_observer);
  const auto fail = [](const SelectionStep&) { throw std::logic_error("enough"); };
  CHECK(thrown<std::logic_error>([&] { (void)maximize(f, Count{2}, TestType{}, fail); }) == "enough");
}

TEMPLATE_TEST_CASE("A gain that is not finite is refused, one that throws passes through", "", StochasticGreedy,
                   LazierThanLazyGreedy) {
  struct Throwing : Modular<true> {
    double gain(Index j) const { return j == 17 ? throw std::logic_error("no gain") : 1.0; }
  };
  for (Index threads : {1, 3}) {
    Modular<true> f{std::vector<double>(40, 1.0)};
    f.weights[17] = std::numeric_limits<double>::quiet_NaN();
    Throwing g{{std::vector<double>(40, 1.0)}};
    const TestType all{.epsilon = everything};
    CHECK_THAT(thrown<ValueError>([&] { (void)maximize(cpu.threads(threads), f, Count{2}, all); }),
               ContainsSubstring("gain(17)"));
    CHECK(thrown<std::logic_error>([&] { (void)maximize(cpu.threads(threads), g, Count{2}, all); }) == "no gain");
  }
}

}
