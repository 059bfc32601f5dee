// SPDX-License-Identifier: MIT
// What is proven of each maximiser under each kind of budget, held against every set there is.
#include <pickmix/submodular/brute_force.hpp>
#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/distributed_greedy.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/sieve_streaming.hpp>
#include <pickmix/submodular/stochastic_greedy.hpp>

#include <property/greedy_laws.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>

#include <algorithm>
#include <cstdint>
#include <numbers>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace property_budgets_test {

using namespace pickmix;

namespace {

using Items = std::span<const Index>;

constexpr double greedy_share = 1.0 - 1.0 / std::numbers::e;

/// The largest value of a set that fits, by the definitions of the value and of the budget.
template <class Definition, class Fits>
double optimum(Index items, const Definition& definition, const Fits& fits) {
  double best = 0.0;
  for (std::uint32_t chosen = 0; chosen < std::uint32_t{1} << items; ++chosen) {
    std::vector<Index> set;
    for (Index j = 0; j < items; ++j)
      if (chosen >> j & 1) set.push_back(j);
    if (fits(Items(set))) best = std::max(best, definition(Items(set)));
  }
  return best;
}

/// Of an instance and a budget: what is true of whatever a maximiser selects, and how good it must be.
template <class F, class Definition, class B, class Fits>
struct Trial {
  const F& f;
  const Definition& definition;
  const B& budget;
  const Fits& fits;
  double best = optimum(f.size(), definition, fits);

  template <class M>
  std::string operator()(const M& maximizer, double share) const {
    F copy = f;
    const Selection s = maximize(copy, budget, maximizer);
    if (std::set<Index>(s.indices.begin(), s.indices.end()).size() != s.indices.size()) return "an item is there twice";
    if (!fits(Items(s.indices))) return fmt::format("[{}] is not within the budget", fmt::join(s.indices, ", "));
    if (s.value != definition(Items(s.indices))) return fmt::format("{} is not what the set is worth", s.value);
    if (!(share * best <= s.value && s.value <= best && best <= s.upper_bound))
      return fmt::format("the value is {}, the upper bound {}, the optimum {}", s.value, s.upper_bound, best);
    return "";
  }
};

/// The laws of every maximiser under one budget. `share` is what greedy is proven to reach.
template <class F, class Definition, class B, class Fits>
void check_all(const F& f, const Definition& definition, const B& budget, const Fits& fits, double share) {
  const Trial<F, Definition, B, Fits> trial{f, definition, budget, fits};
  CHECK(trial(BruteForce{}, 1.0) == "");
  CHECK(trial(NaiveGreedy{}, share) == "");
  CHECK(trial(LazyGreedy{}, share) == "");
  CHECK(trial(StochasticGreedy{.epsilon = 0.3}, 0.0) == "");
  CHECK(trial(LazierThanLazyGreedy{.epsilon = 0.3}, 0.0) == "");
  CHECK(trial(DistributedGreedy{.shards = 1}, share) == "");
  for (Index shards : {2, 3, 20})
    for (double oversample : {0.3, 1.0, 2.0})
      CHECK(trial(DistributedGreedy{.shards = shards, .oversample = oversample}, 0.0) == "");

  F lazy = f, naive = f;
  CHECK(laws::difference(maximize(lazy, budget, LazyGreedy{}), maximize(naive, budget, NaiveGreedy{})) == "");
}

/// check(f, definition) for small objectives whose values are exact.
template <class Check>
void for_each_objective(std::uint64_t seeds, const Check& check) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    CAPTURE(seed);
    const auto n = static_cast<Index>(1 + seed % 9);
    const auto coverage = objectives::Coverage::random(seed, n);
    check(seed, coverage, [&](Items set) { return coverage.definition(set); });
    const auto dyadic = instances::dyadic(seed, 6, n);
    check(seed, FacilityLocationObjective(dyadic), FacilityLocationDefinition{dyadic});
    const auto tied = instances::kernel(5, n, [&, t = instances::tied(seed, 5, (n + 1) / 2)](Index i, Index j) {
      return t(i, j / 2);  // nearly every item is there twice
    });
    check(seed, FacilityLocationObjective(tied), FacilityLocationDefinition{tied});
  }
}

auto at_most(Index k) {
  return [k](Items set) { return static_cast<Index>(set.size()) <= k; };
}

/// Costs that are multiples of 1/4, whose sums are exact; some dear, some cheap.
std::vector<double> random_costs(std::uint64_t seed, Index n) {
  RandomStream random(seed, 11);
  std::vector<double> costs;
  for (Index j = 0; j < n; ++j) costs.push_back(static_cast<double>(1 + random.below(j % 3 == 0 ? 16 : 5)) / 4.0);
  return costs;
}

auto cost_at_most(double total, const std::vector<double>& costs) {
  return [total, &costs](Items set) {
    double sum = 0.0;
    for (Index j : set) sum += costs[static_cast<std::size_t>(j)];
    return sum <= total;
  };
}

std::vector<Index> random_groups(std::uint64_t seed, Index n) {
  RandomStream random(seed, 12);
  std::vector<Index> groups;
  for (Index j = 0; j < n; ++j) groups.push_back(random.below(3));
  return groups;
}

auto quotas_kept(const std::vector<Index>& group, const std::vector<Index>& limit) {
  return [&](Items set) {
    std::vector<Index> picked(limit.size(), 0);
    for (Index j : set) ++picked[static_cast<std::size_t>(group[static_cast<std::size_t>(j)])];
    for (std::size_t g = 0; g < limit.size(); ++g)
      if (picked[g] > limit[g]) return false;
    return true;
  };
}

/// About two thirds of the items.
std::vector<Index> random_candidates(std::uint64_t seed, Index n) {
  RandomStream random(seed, 13);
  std::vector<Index> candidates;
  for (Index j = 0; j < n; ++j)
    if (random.below(3) != 0) candidates.push_back(j);
  return candidates;
}

template <class Fits>
auto among(const std::vector<Index>& candidates, Fits fits) {
  return [&candidates, fits](Items set) {
    return fits(set) && std::all_of(set.begin(), set.end(), [&](Index j) {
             return std::find(candidates.begin(), candidates.end(), j) != candidates.end();
           });
  };
}

}  // namespace

TEST_CASE("A number of items: greedy reaches 1 - 1/e of the optimum, a sieve 1/2 - epsilon, and certificates hold") {
  for_each_objective(18, [](std::uint64_t seed, const auto& f, const auto& definition) {
    for (Index k = 0; k <= f.size() + 1; ++k) {
      CAPTURE(k);
      check_all(f, definition, Count{k}, at_most(k), greedy_share);
      const auto candidates = random_candidates(seed, f.size());
      check_all(f, definition, Among{Count{k}, candidates}, among(candidates, at_most(k)), greedy_share);
      for (double epsilon : {0.05, 0.1, 0.4}) {
        const auto check_sieve = [&](const auto& budget, const auto& fits) {
          CHECK(Trial<std::decay_t<decltype(f)>, std::decay_t<decltype(definition)>, std::decay_t<decltype(budget)>,
                      std::decay_t<decltype(fits)>>{f, definition, budget, fits}(SieveStreaming{epsilon},
                                                                                 0.5 - epsilon) == "");
        };
        check_sieve(Count{k}, at_most(k));
        check_sieve(Among{Count{k}, candidates}, among(candidates, at_most(k)));
      }
    }
  });
}

TEST_CASE("A share of the items is a number of items") {
  for_each_objective(9, [](std::uint64_t, const auto& f, const auto& definition) {
    for (double share : {0.2, 0.5, 1.0}) {
      const auto k = std::max<Index>(1, static_cast<Index>(share * static_cast<double>(f.size())));
      check_all(f, definition, Fraction{share}, at_most(k), greedy_share);
    }
  });
}

TEST_CASE("A cost: greedy and the best single item reach (1 - 1/e)/2 of the optimum, and certificates hold") {
  for_each_objective(36, [](std::uint64_t seed, const auto& f, const auto& definition) {
    const auto costs = random_costs(seed, f.size());
    const auto candidates = random_candidates(seed, f.size());
    for (double total : {0.0, 0.5, 1.0, 2.25, 4.0, 100.0}) {
      CAPTURE(total);
      const Cost budget{total, costs};
      check_all(f, definition, budget, cost_at_most(total, costs), greedy_share / 2.0);
      check_all(f, definition, Among{budget, candidates}, among(candidates, cost_at_most(total, costs)),
                greedy_share / 2.0);
      check_all(f, definition, Among{Among{budget, candidates}, candidates},
                among(candidates, cost_at_most(total, costs)), greedy_share / 2.0);
    }
  });
}

TEST_CASE("One dear item that is worth more than many cheap ones is found also among some of the items") {
  // Per cost, item 0 is the best; item 1 then no longer fits.
  const std::vector<double> costs{1.0, 100.0};
  const std::vector<Index> both{0, 1};
  const auto select = [&](const auto& budget, const auto& maximizer) {
    objectives::Modular<true> f{{2.0, 100.0}};
    return maximize(f, budget, maximizer).indices;
  };
  const Cost budget{100.0, costs};
  const std::vector<Index> dear{1};
  CHECK(select(budget, LazyGreedy{}) == dear);
  CHECK(select(Among{budget, both}, LazyGreedy{}) == dear);
  CHECK(select(Among{Among{budget, both}, both}, LazyGreedy{}) == dear);
  CHECK(select(Among{Among{budget, both}, both}, NaiveGreedy{}) == dear);
  CHECK(select(Among{budget, both}, DistributedGreedy{.shards = 1}) == dear);
}

TEST_CASE("Quotas: greedy reaches half of the optimum, and certificates hold") {
  for_each_objective(36, [](std::uint64_t seed, const auto& f, const auto& definition) {
    const auto groups = random_groups(seed, f.size());
    const auto candidates = random_candidates(seed, f.size());
    for (const std::vector<Index>& limit : {std::vector<Index>{0, 0, 0}, {1, 1, 1}, {0, 1, 3}, {2, 0, 1}, {9, 9, 9}}) {
      const Quotas budget{groups, limit};
      check_all(f, definition, budget, quotas_kept(groups, limit), 0.5);
      check_all(f, definition, Among{budget, candidates}, among(candidates, quotas_kept(groups, limit)), 0.5);
    }
  });
}

TEMPLATE_TEST_CASE("Where the budget is filled with items that lower the objective, the certificate still holds", "",
                   NaiveGreedy, LazyGreedy) {
  objectives::Modular<true> f{{5.0, -1.0, -2.0}};
  const auto s = maximize(f, Count{2}, TestType{.fill = true});
  CHECK(s.value == 4.0);
  CHECK(s.upper_bound == 5.0);  // item 0 alone

  objectives::Modular<true> falls{{-3.0, -1.0, -2.0}};
  CHECK(maximize(falls, Count{2}, TestType{.fill = true}).upper_bound == 0.0);  // nothing at all
}

}
