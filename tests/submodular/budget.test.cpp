// SPDX-License-Identifier: MIT
// Budgets: how many items a wish comes to.
#include <pickmix/submodular/budget.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace submodular_budget_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

static_assert(Budget<Count> && Budget<Fraction> && !Budget<int>);

TEST_CASE("A count is what it says, more than there are included") {
  CHECK(Count{0}.open(10).most() == 0);
  CHECK(Count{3}.open(10).most() == 3);
  CHECK(Count{11}.open(10).most() == 11);
}

TEST_CASE("A negative count is refused by name") {
  const auto message = thrown<ValueError>([] { (void)Count{-1}.open(10).most(); });
  CHECK_THAT(message, ContainsSubstring("Count") && ContainsSubstring("-1"));
}

TEST_CASE("A fraction is rounded down") {
  CHECK(Fraction{0.5}.open(7).most() == 3);
  CHECK(Fraction{0.999}.open(1000).most() == 999);
  CHECK(Fraction{0.9989}.open(1000).most() == 998);
  CHECK(Fraction{1.0}.open(7).most() == 7);
}

TEST_CASE("A fraction that is whole on paper is whole here") {
  CHECK(Fraction{0.29}.open(100).most() == 29);  // 0.29 * 100 is 28.999999999999996
  CHECK(Fraction{0.57}.open(100).most() == 57);
  for (Index k = 1; k <= 1000; ++k) REQUIRE(Fraction{static_cast<double>(k) / 1000.0}.open(1000).most() == k);
  CHECK(Fraction{1.0}.open(2'000'000'000'000).most() == 2'000'000'000'000);
}

TEST_CASE("A tiny fraction is one item") {
  CHECK(Fraction{1e-9}.open(100).most() == 1);
  CHECK(Fraction{std::numeric_limits<double>::denorm_min()}.open(1).most() == 1);
}

TEST_CASE("A fraction outside (0, 1] is refused by name") {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (double share : {0.0, -0.1, 1.0000001, 1.5, infinity, nan}) {
    CAPTURE(share);
    CHECK_THAT(thrown<ValueError>([&] { (void)Fraction{share}.open(10).most(); }),
               ContainsSubstring("Fraction: of_pool is"));
  }
}

namespace {

/// The largest sum of the positive values of a set that the ledger of `budget` affords in some order, by trying all.
template <Budget B>
double best_sum(const B& budget, const std::vector<double>& values) {
  const auto n = static_cast<Index>(values.size());
  double best = 0.0;
  const auto extend = [&](const auto& self, auto ledger, Index from, double sum) -> void {
    best = std::max(best, sum);
    for (Index j = from; j < n; ++j) {
      if (!ledger.affords(j)) continue;
      auto less = ledger;
      less.spend(j);
      self(self, less, j + 1, sum + std::max(values[static_cast<std::size_t>(j)], 0.0));
    }
  };
  extend(extend, budget.open(n), 0, 0.0);
  return best;
}

/// The number of items of the largest set that the ledger of `budget` affords.
template <Budget B>
Index most_items(const B& budget, Index n) {
  return static_cast<Index>(best_sum(budget, std::vector<double>(static_cast<std::size_t>(n), 1.0)));
}

std::vector<double> random_values(std::uint64_t seed, std::size_t n) {
  RandomStream random(seed, 1);
  std::vector<double> out;
  for (std::size_t j = 0; j < n; ++j) out.push_back(static_cast<double>(random.below(21) - 6) / 4.0);
  return out;
}

/// Where `largest` is not `expected`, or names items it does not need, or leaves out one that it needs.
template <Ledger L>
std::string wrong(const L& ledger, const std::vector<double>& values, double expected) {
  const LargestSum largest = ledger.largest(values);
  if (std::abs(largest.sum - expected) > 1e-12) return fmt::format("{}, not {}", largest.sum, expected);
  std::vector<double> only(values.size(), 0.0);
  for (Index j : largest.items) {
    if (!(values[static_cast<std::size_t>(j)] > 0.0)) return fmt::format("{} adds nothing", j);
    if (only[static_cast<std::size_t>(j)] != 0.0) return fmt::format("{} is named twice", j);
    only[static_cast<std::size_t>(j)] = values[static_cast<std::size_t>(j)];
  }
  if (ledger.largest(only).sum != largest.sum) return "other items are needed for it";
  return "";
}

}  // namespace

static_assert(Budget<Cost> && Budget<Quotas> && Budget<Among<Count>> && Budget<Among<Cost>> &&
              Budget<Among<Among<Quotas>>>);

TEST_CASE("A count is counted down, and the bound is that of the whole count") {
  auto ledger = Count{2}.open(5);
  const std::vector<double> values{1.0, -3.0, 4.0, 0.0, 2.0};
  CHECK(ledger.price(3) == 1.0);
  for (int spent = 0; spent < 2; ++spent) {
    CHECK(ledger.affords(4));
    ledger.spend(spent);
    CHECK(ledger.most() == 2);
    CHECK(wrong(ledger, values, 6.0) == "");
  }
  CHECK_FALSE(ledger.affords(4));
  CHECK(wrong(Count{9}.open(5), values, 7.0) == "");
  CHECK(wrong(Count{0}.open(5), values, 0.0) == "");
}

TEST_CASE("Of equal values the bound takes those with the smaller index") {
  const std::vector<double> values{1.0, 2.0, 1.0, 1.0};
  CHECK(Count{3}.open(4).largest(values).items == std::vector<Index>{1, 0, 2});
}

TEST_CASE("A cost is counted down to nothing and not below") {
  const std::vector<double> costs{3.0, 0.5, 2.0, 4.5};
  auto ledger = Cost{5.0, costs}.open(4);
  CHECK(ledger.most() == 2);
  CHECK(ledger.price(3) == 4.5);
  for (Index j : {0, 1, 2, 3}) CHECK(ledger.affords(j));
  ledger.spend(0);
  CHECK(ledger.affords(2));
  CHECK_FALSE(ledger.affords(3));
  ledger.spend(2);
  for (Index j : {0, 1, 2, 3}) CHECK_FALSE(ledger.affords(j));
  CHECK(Cost{0.0, costs}.open(4).most() == 0);
  CHECK(Cost{10.0, costs}.open(4).most() == 4);
  CHECK_FALSE(Cost{4.0, costs}.open(4).affords(3));
}

TEST_CASE("A ledger keeps a copy: costs, groups and candidates may change afterwards") {
  std::vector<double> costs{1.0, 2.0};
  std::vector<Index> group{0, 1}, some{1};
  const auto cost = Cost{2.0, costs}.open(2);
  const auto quota = Quotas{group, {1, 0}}.open(2);
  const auto among = Among{Count{1}, some}.open(2);
  costs = {9.0, 9.0};
  group = {1, 0};
  some = {0};
  CHECK(cost.affords(1));
  CHECK(quota.affords(0));
  CHECK_FALSE(quota.affords(1));
  CHECK(among.affords(1));
  CHECK_FALSE(among.affords(0));
}

TEST_CASE("The bound of a cost takes values by their price, the last in part, and nothing that costs too much") {
  const std::vector<double> costs{2.0, 2.0, 4.0, 1.0, 9.0}, values{4.0, 3.0, 8.0, -1.0, 100.0};
  CHECK(wrong(Cost{5.0, costs}.open(5), values, 4.0 + 8.0 * 3.0 / 4.0) == "");
  CHECK(wrong(Cost{8.0, costs}.open(5), values, 15.0) == "");
  CHECK(wrong(Cost{9.0, costs}.open(5), values, 100.0) == "");
  CHECK(wrong(Cost{0.5, costs}.open(5), values, 0.0) == "");
}

TEST_CASE("No set within a budget is worth more than the bound says, and no set has more items than most() says") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    constexpr std::size_t n = 7;
    RandomStream random(seed, 2);
    const auto values = random_values(seed, n);
    std::vector<double> costs;
    std::vector<Index> group, some;
    for (std::size_t j = 0; j < n; ++j) {
      costs.push_back(static_cast<double>(1 + random.below(8)) / 2.0);
      group.push_back(random.below(3));
      if (random.below(3) > 0) some.push_back(static_cast<Index>(j));
    }
    const auto total = static_cast<double>(random.below(12)) / 2.0;
    const Quotas quotas{group, {random.below(3), random.below(4), random.below(3)}};
    const Count count{random.below(8)};
    const Cost cost{total, costs};
    const auto exact = [&](const auto& budget) {
      CHECK(wrong(budget.open(n), values, best_sum(budget, values)) == "");
    };
    exact(count);
    exact(quotas);
    exact(Among{count, some});
    exact(Among{quotas, some});
    CHECK(cost.open(n).largest(values).sum >= best_sum(cost, values) - 1e-12);
    CHECK(Among{cost, some}.open(n).largest(values).sum >= best_sum(Among{cost, some}, values) - 1e-12);

    CHECK(cost.open(n).most() == most_items(cost, n));
    CHECK(quotas.open(n).most() == most_items(quotas, n));
    CHECK(Among{count, some}.open(n).most() == most_items(Among{count, some}, n));
    CHECK(Among{quotas, some}.open(n).most() >= most_items(Among{quotas, some}, n));
    CHECK(Among{cost, some}.open(n).most() >= most_items(Among{cost, some}, n));
  }
}

TEST_CASE("Costs that add up to the total but for rounding: no order spends more items than most() says") {
  const auto most_in_any_order = [](double total, std::vector<double> costs) {
    std::sort(costs.begin(), costs.end());
    Index most = 0;
    do {
      auto ledger = Cost{total, costs}.open(std::ssize(costs));
      Index items = 0;
      for (Index j = 0; j < std::ssize(costs); ++j)
        if (ledger.affords(j)) ledger.spend(j), ++items;
      most = std::max(most, items);
    } while (std::next_permutation(costs.begin(), costs.end()));
    return most;
  };
  const std::vector<double> tenths{0.1, 0.2, 0.3};  // 0.1 + 0.2 + 0.3 > 0.6, and 0.6 - 0.1 - 0.2 affords 0.3
  CHECK(most_in_any_order(0.6, tenths) == 3);
  CHECK(Cost{0.6, tenths}.open(3).most() == 3);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    RandomStream random(seed, 3);
    std::vector<double> costs;
    double sum = 0.0;
    for (int j = 0; j < 5; ++j) costs.push_back(static_cast<double>(1 + random.below(99)) / 100.0);
    for (std::size_t j = 0; j < 4; ++j) sum += 100.0 * costs[j];
    const double total = std::round(sum) / 100.0;
    CHECK(Cost{total, costs}.open(5).most() >= most_in_any_order(total, costs));
  }
  const std::vector<double> whole{0x1p50, 0x1p50, 0x1p51 + 1.0};  // these are not rounded
  CHECK(Cost{0x1p52, whole}.open(3).most() == 2);
  CHECK(Cost{0x1p52 + 1.0, whole}.open(3).most() == 3);
}

TEST_CASE("What has been spent changes no bound") {
  const std::vector<double> values{1.0, 2.0, 3.0, 4.0}, costs{1.0, 1.0, 2.0, 2.0};
  const std::vector<Index> group{0, 0, 1, 1}, some{1, 2, 3};
  const auto same = [&](const auto& budget) {
    auto ledger = budget.open(4);
    const auto before = ledger.largest(values);
    const Index most = ledger.most();
    ledger.spend(2);
    CHECK(ledger.largest(values).sum == before.sum);
    CHECK(ledger.largest(values).items == before.items);
    CHECK(ledger.most() == most);
  };
  same(Count{2});
  same(Cost{3.0, costs});
  same(Quotas{group, {1, 1}});
  same(Among{Cost{3.0, costs}, some});
}

TEST_CASE("A quota is counted down for each group by itself") {
  const std::vector<Index> group{0, 1, 0, 1, 2};
  auto ledger = Quotas{group, {1, 2, 0}}.open(5);
  CHECK(ledger.most() == 3);
  CHECK(Quotas{group, {9, 1, 9}}.open(5).most() == 4);
  CHECK_FALSE(ledger.affords(4));
  ledger.spend(0);
  CHECK_FALSE(ledger.affords(2));
  CHECK(ledger.affords(1));
  ledger.spend(1);
  CHECK(ledger.affords(3));
  CHECK(ledger.price(1) == 1.0);
}

TEST_CASE("Among some candidates, only those are affordable, named once or more") {
  const std::vector<Index> some{3, 1, 3, 1}, none;
  auto ledger = Among{Count{5}, some}.open(5);
  CHECK(ledger.most() == 2);
  for (Index j = 0; j < 5; ++j) CHECK(ledger.affords(j) == (j == 1 || j == 3));
  CHECK(Among{Count{5}, none}.open(5).most() == 0);
  const std::vector<double> values{9.0, 1.0, 9.0, 2.0, 9.0}, costs{1.0, 1.5, 1.0, 2.5, 1.0};
  CHECK(wrong(ledger, values, 3.0) == "");
  CHECK(Among{Cost{3.0, costs}, some}.open(5).price(3) == 2.5);
  auto nested = Among{Among{Count{1}, some}, std::span(some).first(1)}.open(5);
  CHECK(nested.affords(3));
  CHECK_FALSE(nested.affords(1));
  nested.spend(3);
  CHECK_FALSE(nested.affords(3));
}

TEST_CASE("Costs that make no sense are refused by name") {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> two{1.0, 2.0};
  CHECK_THAT(thrown<ShapeError>([&] {
               (void)Cost{1.0, two}.open(3);
             }),
             ContainsSubstring("Cost: of has 2 costs and there are 3 items"));
  for (double bad : {0.0, -0.0, -1.0, infinity, nan, 1e-101, 1e101}) {
    const std::vector<double> costs{1.0, bad};
    CHECK_THAT(thrown<ValueError>([&] { (void)Cost{1.0, costs}.open(2); }), ContainsSubstring("Cost: of[1] is "));
  }
  for (double bad : {-1e-9, -infinity, infinity, nan})
    CHECK_THAT(thrown<ValueError>([&] { (void)Cost{bad, two}.open(2); }), ContainsSubstring("Cost: total is "));
}

TEST_CASE("Quotas and candidates that make no sense are refused by name") {
  const std::vector<Index> group{0, 2, 1}, negative{0, -1, 1}, beyond{0, 3}, below{-1};
  CHECK_THAT(thrown<ShapeError>([&] {
               (void)Quotas{group, {1, 1, 1}}.open(4);
             }),
             ContainsSubstring("Quotas: group has 3 entries and there are 4 items"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)Quotas{group, {1, 1}}.open(3);
             }),
             ContainsSubstring("Quotas: group[1] is 2; there are 2 limits"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)Quotas{negative, {1, 1}}.open(3);
             }),
             ContainsSubstring("Quotas: group[1] is -1"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)Quotas{group, {1, 1, -4}}.open(3);
             }),
             ContainsSubstring("Quotas: limit[2] is -4"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)Among{Count{1}, beyond}.open(3);
             }),
             ContainsSubstring("Among: candidates[1] is 3; needs to be in [0, 3)"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)Among{Count{1}, below}.open(3);
             }),
             ContainsSubstring("Among: candidates[0] is -1"));
  CHECK_THAT(thrown<ValueError>([&] { (void)Among{Count{-1}, group}.open(3); }), ContainsSubstring("Count"));
}

}
