// SPDX-License-Identifier: MIT
// Under a cost budget the best single item is taken where it is worth more than all that greedy picks.
#include <pickmix/submodular/best_single.hpp>

#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <cstddef>
#include <vector>

namespace submodular_best_single_test {

using namespace pickmix;
using objectives::Coverage, objectives::Modular;

namespace {

/// Item 0 is worth 1 and item 1 is worth 10; together they are worth half.
struct Sharing {
  static constexpr bool diminishing_returns = true;

  std::vector<bool> held{false, false};

  Index size() const { return 2; }
  double gain(Index j) const {
    const auto at = static_cast<std::size_t>(j);
    return held[at] ? 0.0 : (j == 0 ? 1.0 : 10.0) - (held[1 - at] ? 10.5 : 0.0);
  }
  void add(Index j) { held[static_cast<std::size_t>(j)] = true; }
  void reset() { held.assign(2, false); }
};

/// Item 1 has the larger gain for its price; with it, item 0, which covers nearly all, cannot be paid for any more.
const Coverage topics({0b111110, 0b000001, 0b000001});
const std::vector<double> costs{10.0, 1.0, 3.0};

}  // namespace

static_assert(detail::BestSingle<Coverage, CostLedger>::needed);
static_assert(detail::BestSingle<Coverage, AmongLedger<CostLedger>>::needed);
static_assert(!detail::BestSingle<Coverage, CountLedger>::needed && !detail::BestSingle<Coverage, QuotaLedger>::needed);
static_assert(!detail::BestSingle<Coverage, AmongLedger<CountLedger>>::needed);

TEMPLATE_TEST_CASE("One expensive item takes the place of what greedy picks, also in the objective", "", NaiveGreedy,
                   LazyGreedy) {
  Coverage f = topics;
  const auto s = maximize(f, Cost{10.0, costs}, TestType{});
  CHECK(s.indices == std::vector<Index>{0});
  CHECK(s.gains == std::vector<double>{5.0});
  CHECK(s.value == 5.0);
  CHECK(s.upper_bound >= 5.0);
  CHECK(f.gain(0) == 0.0);
  CHECK(f.gain(1) == 1.0);
}

TEMPLATE_TEST_CASE("It must be affordable and a candidate", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics, g = topics, h = topics;
  CHECK(maximize(f, Cost{9.0, costs}, TestType{}).indices == std::vector<Index>{1, 2});
  const std::vector<Index> cheap{1, 2}, all{0, 1, 2};
  CHECK(maximize(g, Among{Cost{10.0, costs}, cheap}, TestType{}).indices == std::vector<Index>{1, 2});
  CHECK(maximize(h, Among{Cost{10.0, costs}, all}, TestType{}).indices == std::vector<Index>{0});
}

TEMPLATE_TEST_CASE("Where it is worth no more, greedy's selection stays", "", NaiveGreedy, LazyGreedy) {
  Coverage f({0b11, 0b01, 0b10});
  const std::vector<double> equal{2.5, 1.0, 1.0};
  CHECK(maximize(f, Cost{2.5, equal}, TestType{}).indices == std::vector<Index>{1, 2});
}

TEMPLATE_TEST_CASE("It is compared with what is added, not with what the objective held", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics;
  f.add(0);
  CHECK(maximize(f, Cost{10.0, costs}, TestType{}).indices == std::vector<Index>{1, 2});
}

TEMPLATE_TEST_CASE("Observers are told; a selection that was stopped is left as it is", "", NaiveGreedy, LazyGreedy) {
  Coverage f = topics, g = topics;
  std::vector<SelectionStep> steps;
  (void)maximize(f, Cost{10.0, costs}, TestType{}, [&](const SelectionStep& step) { steps.push_back(step); });
  CHECK(steps.back().picked == 1);
  CHECK(steps.back().index == 0);
  CHECK(steps.back().value == 5.0);
  const auto s = maximize(g, Cost{10.0, costs}, TestType{}, [](const SelectionStep&) { return Flow::stop; });
  CHECK(s.indices == std::vector<Index>{1});
  CHECK(s.reason == StopReason::stopped_by_observer);
}

TEMPLATE_TEST_CASE("A budget that is filled with items that lower the objective stays filled", "", NaiveGreedy,
                   LazyGreedy) {
  const TestType filling{.fill = true};
  Modular<true> f{{-1.0, -2.0, -3.0}}, g = f, h{{2.0, -1.0, -0.5}};
  const std::vector<double> first_is_dear{5.0, 1.0, 1.0}, equal(3, 1.0);
  const auto s = maximize(f, Cost{2.0, first_is_dear}, filling);
  CHECK(s.indices == std::vector<Index>{1, 2});
  CHECK(s.gains == std::vector<double>{-2.0, -3.0});
  CHECK(s.value == -5.0);
  const std::vector<Index> candidates{1, 2};
  CHECK(maximize(g, Among{Cost{2.0, equal}, candidates}, filling).indices == std::vector<Index>{1, 2});
  CHECK(maximize(h, Cost{3.0, equal}, filling).indices == std::vector<Index>{0, 2, 1});  // though 0 alone is worth more
}

TEMPLATE_TEST_CASE("Its reason is that of a full budget, or an observer's", "", NaiveGreedy, LazyGreedy) {
  Sharing f, g;  // after item 0 item 1 would lower the objective
  const std::vector<double> prices{0.05, 1.0};
  const auto s = maximize(f, Cost{1.05, prices}, TestType{});
  CHECK(s.indices == std::vector<Index>{1});
  CHECK(s.reason == StopReason::budget_reached);
  const auto stop_at_it = [](const SelectionStep& step) { return step.index == 1 ? Flow::stop : Flow::proceed; };
  const auto stopped = maximize(g, Cost{1.05, prices}, TestType{}, stop_at_it);
  CHECK(stopped.indices == std::vector<Index>{1});
  CHECK(stopped.reason == StopReason::stopped_by_observer);
}

}
