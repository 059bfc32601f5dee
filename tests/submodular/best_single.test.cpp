// SPDX-License-Identifier: MIT
// Under a cost budget the best single item is taken where it is worth more than all that greedy picks.
#include <pickmix/submodular/best_single.hpp>

#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <vector>

namespace submodular_best_single_test {

using namespace pickmix;
using objectives::Coverage;

namespace {

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

}
