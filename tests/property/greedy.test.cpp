// SPDX-License-Identifier: MIT
// The laws of greedy selection, tried on random instances.
#include <pickmix/submodular/facility_location.hpp>

#include <property/greedy_laws.hpp>
#include <property/laws.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace property_greedy_test {

using namespace pickmix;

namespace {

/// Naive greedy by hand; empty if two gains are ever tied for the largest.
std::vector<Index> picks_without_ties(FacilityLocationObjective f, Index budget) {
  std::vector<Index> picks;
  while (static_cast<Index>(picks.size()) < budget) {
    double best = -1.0;
    Index item = 0;
    bool tied = false;
    for (Index j = 0; j < f.size(); ++j) {
      const double gain = f.gain(j);
      tied = gain == best || (tied && gain < best);
      if (gain > best) best = gain, item = j;
    }
    if (tied) return {};
    f.add(item);
    picks.push_back(item);
  }
  return picks;
}

}  // namespace

TEST_CASE("Lazy greedy is naive greedy, bit for bit, on random kernels") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    const auto rows = static_cast<Index>(1 + 7 * seed % 53), columns = static_cast<Index>(1 + 11 * seed % 47);
    const FacilityLocationObjective f(instances::real(seed, rows, columns));
    for (Index budget : {Index{0}, Index{1}, columns / 3, columns}) CHECK(laws::lazy_is_naive(f, budget) == "");
  }
}

TEST_CASE("Lazy greedy is naive greedy, bit for bit, where most gains are tied") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    CHECK(laws::lazy_is_naive(FacilityLocationObjective(instances::tied(seed, 12, 40)), 40) == "");
    CHECK(laws::lazy_is_naive(objectives::Coverage::random(seed, 50), 50) == "");
  }
}

TEST_CASE("Lazy greedy is naive greedy, bit for bit, where every candidate is there three times") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    CHECK(laws::lazy_is_naive(FacilityLocationObjective(instances::duplicated(seed, 19, 13)), 39) == "");
  }
}

TEST_CASE("Lazy greedy is naive greedy where gains are negative") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, 1);
    objectives::Modular<true> f;
    for (int j = 0; j < 15; ++j) f.weights.push_back(static_cast<double>(random.below(5)) - 2.0);
    CHECK(laws::lazy_is_naive(f, 15) == "");
  }
}

TEST_CASE("A smaller budget gives a prefix") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CHECK(laws::prefix_law(FacilityLocationObjective(instances::real(seed, 20, 25)), 25) == "");
    CHECK(laws::prefix_law(FacilityLocationObjective(instances::tied(seed, 10, 25)), 25) == "");
  }
}

TEST_CASE("Candidates in another order give the same picks under their new names") {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto kernel = instances::dyadic(seed, 24, 30);
    const auto expected = picks_without_ties(FacilityLocationObjective(kernel), 6);
    if (expected.empty()) continue;
    ++compared;

    const auto row = laws::shuffled(24, seed, 1), column = laws::shuffled(30, seed, 2);
    FacilityLocationObjective moved(instances::kernel(24, 30, [&](Index i, Index j) {
      return kernel(row[static_cast<std::size_t>(i)], column[static_cast<std::size_t>(j)]);
    }));
    auto picks = maximize(moved, Count{6}, LazyGreedy{}).indices;
    for (Index& j : picks) j = column[static_cast<std::size_t>(j)];
    CHECK(picks == expected);
  }
  CHECK(compared >= 20);
}

TEST_CASE("The value and the certificate stand up to brute force at every budget") {
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    const auto n = static_cast<Index>(1 + seed % 12);
    const auto square = instances::dyadic(seed, n, n), tied = instances::tied(seed, 5, n);
    CHECK(laws::guarantee_holds(FacilityLocationObjective(square), FacilityLocationDefinition{square}) == "");
    CHECK(laws::guarantee_holds(FacilityLocationObjective(tied), FacilityLocationDefinition{tied}) == "");
    const auto coverage = objectives::Coverage::random(seed, n);
    CHECK(laws::guarantee_holds(coverage, [&](std::span<const Index> set) { return coverage.definition(set); }) == "");
  }
}

TEST_CASE("The number of threads changes no bit") {
  const FacilityLocationObjective real(instances::real(1, 70, 230)), tied(instances::tied(2, 20, 230));
  for (Index budget : {1, 60, 230}) {
    CHECK(laws::threads_change_nothing(real, budget, LazyGreedy{}) == "");
    CHECK(laws::threads_change_nothing(tied, budget, LazyGreedy{}) == "");
  }
  CHECK(laws::threads_change_nothing(real, 60, NaiveGreedy{}) == "");
  CHECK(laws::threads_change_nothing(tied, 60, NaiveGreedy{}) == "");
}

}
