// SPDX-License-Identifier: MIT
// Tests of core/permutation.hpp. Every key is fixed, so a test that passes once passes always.
#include "support/catch.hpp"
#include "support/chi_square.hpp"

#include <pickmix/core/permutation.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace core_permutation_test {

using namespace pickmix;

namespace {

std::vector<Index> order_of(const Permutation& permutation) {
  std::vector<Index> order;
  for (Index i = 0; i < permutation.size(); ++i) order.push_back(permutation(i));
  return order;
}

Permutation numbered(Index n, std::uint64_t instance) { return {n, RandomStream(1, 2, instance)}; }

/// Does every row come exactly once?
bool is_bijective(const Permutation& permutation) {
  std::vector<bool> seen(static_cast<std::size_t>(permutation.size()));
  for (Index row : order_of(permutation)) {
    if (row < 0 || row >= permutation.size() || seen[static_cast<std::size_t>(row)]) return false;
    seen[static_cast<std::size_t>(row)] = true;
  }
  return true;
}

/// Correlation of the rows at i and i + 1.
double neighbour_correlation(const Permutation& permutation) {
  const auto order = order_of(permutation);
  const double mean = static_cast<double>(permutation.size() - 1) / 2.0;
  double covariance = 0.0, variance = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double here = static_cast<double>(order[i]) - mean;
    variance += here * here;
    if (i > 0) covariance += here * (static_cast<double>(order[i - 1]) - mean);
  }
  return covariance / variance;
}

}  // namespace

TEST_CASE("the orders are pinned: a change breaks every run that was ever seeded") {
  const Permutation thousand = numbered(1000, 3), many = numbered(1'000'000'000'000, 3);
  Index i = 0;
  for (Index expected : {323, 587, 677, 49, 597, 737, 448, 897}) CHECK(thousand(i++) == expected);
  i = 0;
  for (Index expected : {847365116422, 50193317818, 196728158987}) CHECK(many(i++) == expected);
}

TEST_CASE("a permutation can be used at compile time") {
  STATIC_REQUIRE(Permutation(1000, RandomStream(1, 2, 3))(0) == 323);
}

TEST_CASE("every row comes exactly once, for every size up to 300") {
  for (Index n = 1; n <= 300; ++n)
    for (std::uint64_t instance = 0; instance < 3; ++instance) {
      CAPTURE(n, instance);
      const Permutation permutation = numbered(n, instance);
      REQUIRE(permutation.size() == n);
      REQUIRE(is_bijective(permutation));
    }
}

TEST_CASE("every row comes exactly once, for larger sizes beside and between powers of two") {
  const Index n = GENERATE(1023, 1024, 1025, 50'021, 65'535, 65'536, 65'537);
  CAPTURE(n);
  CHECK(is_bijective(numbered(n, 0)));
}

TEST_CASE("all orders of a small set are equally likely") {
  const Index n = GENERATE(2, 3, 4, 5, 6, 7);
  std::map<std::vector<Index>, double> times;
  std::vector<Index> order = order_of(numbered(n, 0));
  std::sort(order.begin(), order.end());
  do times[order] = 0.0;
  while (std::next_permutation(order.begin(), order.end()));
  const std::uint64_t keys = std::min<std::uint64_t>(300 * times.size(), 36'000);  // at least 7 for each order
  for (std::uint64_t key = 0; key < keys; ++key) ++times.at(order_of(numbered(n, key)));

  std::vector<double> counts;
  for (const auto& [any_order, count] : times) counts.push_back(count);
  const double p_value = support::chi_square_p_value(counts);
  CAPTURE(n, counts.size(), p_value);
  CHECK(p_value > 1e-3);
}

TEST_CASE("every pair of rows is equally likely to come first") {
  const auto n = static_cast<std::size_t>(GENERATE(3, 6, 7, 8, 12, 33));
  std::vector<double> counts(n * n);
  for (std::uint64_t key = 0; key < 40'000 + 10 * n * n; ++key) {
    const Permutation permutation = numbered(static_cast<Index>(n), key);
    ++counts.at(static_cast<std::size_t>(permutation(0)) * n + static_cast<std::size_t>(permutation(1)));
  }
  std::erase(counts, 0.0);
  CAPTURE(n);
  CHECK(counts.size() == n * (n - 1));
  CHECK(support::chi_square_p_value(counts) > 1e-3);
}

TEST_CASE("every row is equally likely to come at a given place") {
  const Index n = GENERATE(2, 3, 7, 10, 16, 100);
  std::vector<double> first(static_cast<std::size_t>(n)), last = first;
  for (std::uint64_t key = 0; key < 100 * static_cast<std::uint64_t>(n); ++key) {
    const Permutation permutation = numbered(n, key);
    ++first.at(static_cast<std::size_t>(permutation(0)));
    ++last.at(static_cast<std::size_t>(permutation(n - 1)));
  }
  CAPTURE(n);
  CHECK(support::chi_square_p_value(first) > 1e-3);
  CHECK(support::chi_square_p_value(last) > 1e-3);
}

TEST_CASE("other keys give other orders") {
  std::set<std::vector<Index>> orders;
  for (std::uint64_t instance = 0; instance < 50; ++instance) {
    orders.insert(order_of(numbered(100, instance)));
    orders.insert(order_of(Permutation(100, RandomStream(instance + 2, 2, 0))));
  }
  CHECK(orders.size() == 100);
}

TEST_CASE("more rows than 32 bits can count stay in range and distinct") {
  constexpr Index n = (Index{1} << 32) + 5;
  const Permutation permutation = numbered(n, 0);
  std::set<Index> rows;
  for (Index i = 0; i < 2000; ++i)
    for (Index at : {i, n / 2 + i, n - 1 - i}) rows.insert(permutation(at));
  CHECK(rows.size() == 6000);
  CHECK(*rows.begin() >= 0);
  CHECK(*rows.rbegin() < n);
  CHECK(*rows.begin() < n / 1000);
  CHECK(*rows.rbegin() > n - n / 1000);
}

TEST_CASE("the largest size works") {
  constexpr Index n = INT64_MAX;
  const Permutation permutation = numbered(n, 0);
  CHECK(permutation(0) >= 0);
  CHECK(permutation(n - 1) >= 0);
  CHECK(permutation(0) != permutation(n - 1));
}

TEST_CASE("rows that come one after the other are not correlated") {
  for (std::uint64_t instance = 0; instance < 10; ++instance)
    CHECK(std::abs(neighbour_correlation(numbered(10'007, instance))) < 0.04);  // four standard deviations
}

}
