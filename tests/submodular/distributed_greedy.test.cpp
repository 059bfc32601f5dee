// SPDX-License-Identifier: MIT
// Two rounds of greedy: how items are dealt, what shards offer, and that the better selection is the result.
#include <pickmix/submodular/distributed_greedy.hpp>

#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>

#include <property/greedy_laws.hpp>
#include <support/catch.hpp>
#include <support/chi_square.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numbers>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

namespace submodular_distributed_greedy_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using objectives::Coverage;
using objectives::Modular;

TEST_CASE("Items are dealt to all shards alike, by the seed") {
  std::vector<double> members(7, 0.0), same(7, 0.0);
  for (Index j = 0; j < 7000; ++j) {
    const Index s = detail::shard_of(1, j, 7), other = detail::shard_of(2, j, 7);
    ++members[static_cast<std::size_t>(s)];
    ++same[static_cast<std::size_t>((other - s + 7) % 7)];
  }
  CHECK(support::chi_square_p_value(members) > 1e-4);
  CHECK(support::chi_square_p_value(same) > 1e-4);
}

TEST_CASE("With one shard it is lazy greedy, and certifies the same") {
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    const FacilityLocationObjective real(instances::real(seed, 20, 40)), tied(instances::tied(seed, 6, 40));
    RandomStream random(seed, 1);
    std::vector<double> costs;
    std::vector<Index> group;
    for (int j = 0; j < 40; ++j) {
      costs.push_back(0.1 + random.uniform());
      group.push_back(random.below(3));
    }
    const auto check = [](const auto& f, const auto& budget) {
      auto one = f, two = f;
      CHECK(laws::difference(maximize(one, budget, DistributedGreedy{.shards = 1}),
                             maximize(two, budget, LazyGreedy{})) == "");
      for (Index j = 0; j < f.size(); ++j) CHECK(one.gain(j) == two.gain(j));
    };
    for (Index k : {0, 1, 7, 40, 41}) {
      check(real, Count{k});
      check(tied, Count{k});
      check(real, Quotas{group, {k / 2, 2, 1}});
    }
    check(real, Cost{4.0, costs});
  }
}

TEST_CASE("The result is the better of the second round and the best shard") {
  int shard_won = 0, union_won = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto f = Coverage::random(seed, 24);
    const DistributedGreedy maximizer{.shards = 3, .oversample = 1.0, .seed = seed};
    const auto ledger = Count{3}.open(24);
    std::vector<std::vector<Index>> members(3);
    for (Index j = 0; j < 24; ++j) members[static_cast<std::size_t>(detail::shard_of(seed, j, 3))].push_back(j);
    std::vector<Index> offered;
    double best_shard = 0.0;
    for (const auto& own : members) {
      const auto shard = detail::select_in_shard(cpu, f, ledger, own, 3);
      CHECK(shard.offered == shard.best.indices);
      for (Index j : shard.offered) CHECK(std::count(own.begin(), own.end(), j) == 1);
      offered.insert(offered.end(), shard.offered.begin(), shard.offered.end());
      best_shard = std::max(best_shard, shard.best.value);
    }
    const double second = detail::select_among_offers(cpu, f, ledger, offered).value;
    Coverage copy = f;
    const auto s = maximize(copy, Count{3}, maximizer);
    CHECK(s.value == std::max(second, best_shard));
    CHECK(s.value == f.definition(s.indices));
    shard_won += best_shard > second ? 1 : 0;
    union_won += best_shard < second ? 1 : 0;
  }
  CHECK(shard_won > 0);
  CHECK(union_won > 0);
}

TEST_CASE("A shard offers the share of the budget that it is asked for, and goes on where that is more") {
  Modular<true> f;
  for (int j = 0; j < 20; ++j) f.weights.push_back(1.0 + j % 10);
  const auto ledger = Count{4}.open(20);
  const std::vector<Index> members{1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
  const auto offered = [&](Index offers) { return detail::select_in_shard(cpu, f, ledger, members, offers); };
  CHECK(offered(2).offered == std::vector<Index>{9, 19});
  CHECK(offered(2).best.indices == std::vector<Index>{9, 19, 7, 17});
  CHECK(offered(4).offered == std::vector<Index>{9, 19, 7, 17});
  CHECK(offered(6).offered == std::vector<Index>{9, 19, 7, 17, 5, 15});
  CHECK(offered(6).best.indices == std::vector<Index>{9, 19, 7, 17});
  CHECK(offered(99).offered == std::vector<Index>{9, 19, 7, 17, 5, 15, 3, 13, 1, 11});
}

TEST_CASE("Under costs a shard offers what greedy picked and the single item that is worth more") {
  const std::vector<double> costs{1.0, 100.0, 1.0};
  Modular<true> f{{2.0, 100.0, 1.5}};
  const std::vector<Index> members{0, 1, 2};
  const auto shard = detail::select_in_shard(cpu, f, Cost{100.0, costs}.open(3), members, 3);
  CHECK(shard.best.indices == std::vector<Index>{1});
  CHECK(shard.offered == std::vector<Index>{0, 2, 1});
}

TEST_CASE("Where all that matters is offered, nothing is lost by dealing") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const FacilityLocationObjective f(instances::real(seed, 15, 30));
    FacilityLocationObjective whole = f;
    const auto lazy = maximize(whole, Count{5}, LazyGreedy{});
    for (Index shards : {2, 8}) {
      FacilityLocationObjective copy = f;
      const auto s = maximize(copy, Count{5}, DistributedGreedy{.shards = shards, .oversample = 6.0, .seed = seed});
      CHECK(s.value >= lazy.value);
      CHECK((s.value > lazy.value || s.indices == lazy.indices));
    }
  }
}

TEST_CASE("The value is (1 - 1/e)/2 of the optimum on average") {
  for (std::uint64_t instance = 0; instance < 6; ++instance) {
    const auto f = Coverage::random(instance, 12);
    const auto best = laws::optimum(12, [&](std::span<const Index> set) { return f.definition(set); });
    for (Index k : {1, 3, 5})
      for (Index shards : {2, 4, 12}) {
        double sum = 0.0;
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
          Coverage copy = f;
          const auto s = maximize(copy, Count{k}, DistributedGreedy{.shards = shards, .seed = seed});
          CHECK(s.upper_bound >= best[static_cast<std::size_t>(k)]);
          sum += s.value;
        }
        CHECK(sum / 50.0 >= (1.0 - 1.0 / std::numbers::e) / 2.0 * best[static_cast<std::size_t>(k)]);
      }
  }
}

TEST_CASE("The seed decides how items are dealt, and threads decide nothing") {
  const FacilityLocationObjective f(instances::real(4, 40, 300));
  std::set<std::vector<Index>> different;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const DistributedGreedy maximizer{.shards = 9, .oversample = 0.2, .seed = seed};
    CHECK(laws::threads_change_nothing(f, 10, maximizer) == "");
    FacilityLocationObjective copy = f;
    different.insert(maximize(copy, Count{10}, maximizer).indices);
  }
  CHECK(different.size() > 1);
  CHECK(laws::threads_change_nothing(f, 300, DistributedGreedy{}) == "");
}

TEST_CASE("Shards are selected in at the same time on copies, and every gain is counted") {
  objectives::Counted f(Coverage::random(1, 100));
  const auto s = maximize(cpu.threads(3), f, Count{6}, DistributedGreedy{.shards = 5});
  CHECK(s.evaluations == f.calls());
  CHECK(s.evaluations >= 200);  // each item once in its shard, and once for the certificate
}

TEST_CASE("It goes on from what the objective holds, and leaves the selection there") {
  Coverage f({0b0011, 0b1100, 0b11100, 0b1});
  f.add(1);
  const auto s = maximize(f, Count{2}, DistributedGreedy{.shards = 3});
  CHECK(s.indices == std::vector<Index>{0, 2});
  CHECK(s.value == 3.0);
  CHECK(s.upper_bound == 3.0);
  for (Index j = 0; j < 4; ++j) CHECK(f.gain(j) == 0.0);
}

TEST_CASE("Reasons to stop say what happened") {
  Modular<true> ones{std::vector<double>(12, 1.0)};
  const auto reason = [](auto f, const auto& budget, const DistributedGreedy& maximizer) {
    return maximize(f, budget, maximizer).reason;
  };
  CHECK(reason(ones, Count{5}, {.shards = 2}) == StopReason::budget_reached);
  CHECK(reason(ones, Count{12}, {.shards = 4}) == StopReason::budget_reached);
  CHECK(reason(ones, Count{13}, {.shards = 4}) == StopReason::pool_exhausted);
  CHECK(reason(ones, Count{10}, {.shards = 2, .oversample = 0.1}) == StopReason::pool_exhausted);
  CHECK(reason(Modular<true>{{-1.0, 1.0, -2.0}}, Count{3}, {.shards = 2}) == StopReason::no_positive_gain);
}

TEST_CASE("Small and empty ground sets and budgets in shards") {
  Coverage none({}), one({0b11}), worthless({0, 0, 0});
  CHECK(maximize(none, Count{0}, DistributedGreedy{}).reason == StopReason::budget_reached);
  const auto empty = maximize(cpu.threads(3), none, Count{2}, DistributedGreedy{});
  CHECK(empty.reason == StopReason::pool_exhausted);
  CHECK(empty.upper_bound == 0.0);
  CHECK(maximize(one, Count{0}, DistributedGreedy{}).upper_bound == 0.0);
  CHECK(maximize(one, Count{1}, DistributedGreedy{}).value == 2.0);
  CHECK(maximize(worthless, Count{2}, DistributedGreedy{.shards = 2}).indices.size() == 2);
  const std::vector<double> costs{3.0, 3.0, 3.0};
  CHECK(maximize(worthless, Cost{1.0, costs}, DistributedGreedy{}).indices.empty());
}

TEST_CASE("Where the data break the promise of diminishing returns, there is no certificate") {
  struct Broken : Modular<true> {
    bool diminishing_returns_hold() const { return false; }
  } f{{{1.0, 2.0, 3.0}}};
  const auto s = maximize(f, Count{2}, DistributedGreedy{.shards = 2});
  CHECK(s.indices == std::vector<Index>{2, 1});
  CHECK(s.upper_bound == std::numeric_limits<double>::infinity());
}

TEST_CASE("Observers are told of the shards, then of the steps") {
  Modular<true> f{{1.0, 4.0, 2.0, 3.0}};
  std::vector<Index> done, picked;
  const auto on_shard = [&](const Progress& event) {
    CHECK(picked.empty());
    CHECK(event.total == 3);
    done.push_back(event.done);
  };
  const auto on_step = [&](const SelectionStep& step) {
    picked.push_back(step.index);
    return step.picked == 2 ? Flow::stop : Flow::proceed;
  };
  const auto s = maximize(f, Count{3}, DistributedGreedy{.shards = 3}, on_shard, on_step);
  CHECK(done == std::vector<Index>{1, 2, 3});
  CHECK(picked == std::vector<Index>{1, 3});
  CHECK(s.indices == picked);
  CHECK(s.upper_bound == 10.0);  // 7, and at most 2 and 1 more
  CHECK(s.reason == StopReason::stopped_by_observer);

  const auto stop = [](const Progress&) { return Flow::stop; };
  const auto stopped = maximize(f, Count{3}, DistributedGreedy{.shards = 3}, stop);
  CHECK(stopped.indices.empty());
  CHECK(stopped.reason == StopReason::stopped_by_observer);
  CHECK(stopped.upper_bound == std::numeric_limits<double>::infinity());
  const auto fail = [](const SelectionStep&) { throw std::logic_error("enough"); };
  CHECK(thrown<std::logic_error>([&] { (void)maximize(f, Count{3}, DistributedGreedy{}, fail); }) == "enough");
}

TEST_CASE("What cannot be done in shards is refused by name") {
  Coverage f({1, 2});
  const auto message = [&](const DistributedGreedy& maximizer) {
    return thrown<ValueError>([&] { (void)maximize(f, Count{1}, maximizer); });
  };
  CHECK_THAT(message({.shards = 0}), ContainsSubstring("DistributedGreedy: shards is 0"));
  CHECK_THAT(message({.shards = Index{1} << 62}), ContainsSubstring("needs to be in [1, 1048576]"));
  for (double oversample :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(message({.oversample = oversample}), ContainsSubstring("DistributedGreedy: oversample is"));
}

TEST_CASE("A gain that is not finite or throws comes out of its shard, and leaves the objective as it was") {
  struct Throwing : Modular<true> {
    double gain(Index j) const { return j == 17 ? throw std::logic_error("no gain") : 1.0; }
  };
  for (Index threads : {1, 3}) {
    Modular<true> f{std::vector<double>(40, 1.0)};
    f.weights[17] = std::numeric_limits<double>::quiet_NaN();
    Throwing g{{std::vector<double>(40, 1.0)}};
    CHECK_THAT(thrown<ValueError>([&] { (void)maximize(cpu.threads(threads), f, Count{2}, DistributedGreedy{}); }),
               ContainsSubstring("gain(17)"));
    CHECK(thrown<std::logic_error>([&] { (void)maximize(cpu.threads(threads), g, Count{2}, DistributedGreedy{}); }) ==
          "no gain");
  }
}

}
