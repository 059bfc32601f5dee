// SPDX-License-Identifier: MIT
// A budget of utilities: never more, none twice, most of the objective, and an honest word on what was kept.
#include <pickmix/delift/utility_budget.hpp>

#include <pickmix/submodular/facility_location_objective.hpp>
#include <support/catch.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace delift_utility_budget_test {

using namespace pickmix;
using delift::UtilityBudget, delift::UtilityStrategy;

namespace {

constexpr Index n = 80, topics = 5;
constexpr Count picks{8};
const UtilityBudget<float>::Objective plain = [](const Kernel& kernel) { return FacilityLocationObjective(kernel); };

/// Examples in topics; a context helps its own topic, some contexts more than others, and disturbs the rest a little.
struct World {
  Eigen::MatrixXf utility{n, n};
  PairDescription<float> pairs;
  std::set<std::pair<Index, Index>> asked;
  bool each_once = true;

  World() {
    RandomStream random(3, 9);
    Eigen::MatrixXf place(n, topics);
    Eigen::VectorXf worth(n);
    for (Index j = 0; j < n; ++j) {
      worth(j) = static_cast<float>(random.uniform());
      for (Index t = 0; t < topics; ++t)
        place(j, t) = (j % topics == t ? 1.0f : 0.0f) + 0.2f * static_cast<float>(random.normal());
      place.row(j).normalize();
    }
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < n; ++i)
        utility(i, j) =
            (i % topics == j % topics ? 0.8f * worth(j) : -0.1f) + 0.1f * static_cast<float>(random.normal());
    for (Index i = 0; i < n; ++i) utility(i, i) = 1.2f;
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> embeddings = place;
    const std::vector<float> alone(static_cast<std::size_t>(n), 1.5f);
    pairs = PairDescription<float>::of(cpu, embeddings, embeddings, alone, true);
  }

  auto measure() {
    return [this](std::span<const std::pair<Index, Index>> wanted, std::span<float> out) {
      for (std::size_t k = 0; k < wanted.size(); ++k) {
        if (k > 0 && wanted[k].first < wanted[k - 1].first) each_once = false;  // context after context
        if (!asked.insert(wanted[k]).second) each_once = false;
        out[k] = utility(wanted[k].second, wanted[k].first);
      }
      return true;
    };
  }
  Kernel full() const {
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = utility.cwiseMax(0.0f);
    return Kernel(MatrixView<const float>(rows));
  }
};

std::vector<Index> greedy(const Kernel& kernel) {
  FacilityLocationObjective f(kernel);
  return maximize(f, picks, LazyGreedy{}).indices;
}
double value(const Kernel& kernel, std::span<const Index> set) {
  FacilityLocationObjective f(kernel);
  return evaluate(f, set);
}

}  // namespace

TEST_CASE("Exactly so many pairs are measured, each once, context after context within a round", "[single-threaded]") {
  for (const Index calls : {Index{1}, Index{50}, Index{240}, Index{640}, Index{3000}, n * n, n * n + 5}) {
    World world;
    UtilityBudget budget(cpu, world.pairs, plain, false, 0);
    REQUIRE(budget.spend(calls, picks, world.measure()));
    CHECK(static_cast<Index>(world.asked.size()) == std::min(calls, n * n));
    CHECK(world.each_once);
    const Kernel kernel = budget.kernel();
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < n; ++i)
        if (world.asked.contains({j, i})) REQUIRE(kernel(i, j) == std::max(0.0f, world.utility(i, j)));
  }
}

TEST_CASE("A tenth of the pairs keeps most of the objective, and what is said of it is near") {
  World world;
  UtilityBudget budget(cpu, world.pairs, plain, false, 0);
  REQUIRE(budget.spend(n * n / 10, picks, world.measure()));
  const Kernel kernel = budget.kernel(), full = world.full();
  const auto ours = greedy(kernel);
  const double kept = value(full, ours) / value(full, greedy(full));
  CHECK(kept > 0.93);
  const Estimate said = budget.kept(ours, picks);
  CHECK(std::abs(said.value - kept) <= said.error + 0.02);
  CHECK(said.error > 0.0);
  CHECK(said.error < 0.12);

  Index helpful = 0, above = 0;  // what was not measured counts, but carefully
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i) {
      if (world.asked.contains({j, i})) continue;
      helpful += kernel(i, j) > 0.0f;
      above += kernel(i, j) > full(i, j);
    }
  CHECK(helpful > n);
  CHECK(above < n * n / 5);
}

TEST_CASE("Neighbours ask for the nearest contexts of every target") {
  World world;
  UtilityBudget budget(cpu, world.pairs, plain, false, 0, UtilityStrategy::neighbors);
  const Index calls = n + n * 5;  // itself, 4.5 nearest of each, and some at random
  REQUIRE(budget.spend(calls, picks, world.measure()));
  CHECK(static_cast<Index>(world.asked.size()) == calls);
  CHECK(world.each_once);
  for (Index i = 0; i < n; ++i) {
    std::vector<Index> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return world.pairs.between(i, a) > world.pairs.between(i, b); });
    std::erase(order, i);
    for (std::size_t rank = 0; rank < 4; ++rank) CHECK(world.asked.contains({order[rank], i}));
  }
  const Kernel kernel = budget.kernel();
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i)
      if (!world.asked.contains({j, i})) REQUIRE(kernel(i, j) == 0.0f);
}

TEST_CASE("Completion asks at random, and counts on what it predicts") {
  World world;
  UtilityBudget budget(cpu, world.pairs, plain, false, 0, UtilityStrategy::completion);
  REQUIRE(budget.spend(n * n / 4, picks, world.measure()));
  CHECK(static_cast<Index>(world.asked.size()) == n * n / 4);
  CHECK(world.each_once);
  const Kernel kernel = budget.kernel(), full = world.full();
  double predicted = 0.0, zero = 0.0;
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i) {
      if (world.asked.contains({j, i})) {
        CHECK(kernel(i, j) == full(i, j));
        continue;
      }
      predicted += std::pow(static_cast<double>(kernel(i, j) - full(i, j)), 2);
      zero += std::pow(static_cast<double>(full(i, j)), 2);
    }
  CHECK(predicted < 0.3 * zero);
  CHECK(value(full, greedy(kernel)) > 0.9 * value(full, greedy(full)));
}

TEST_CASE("All pairs keep all, and that is said without an error") {
  World world;
  UtilityBudget budget(cpu, world.pairs, plain, false, 0);
  REQUIRE(budget.spend(n * n, picks, world.measure()));
  const Estimate said = budget.kept(greedy(budget.kernel()), picks);
  CHECK(said.value == 1.0);
  CHECK(said.error == 0.0);
}

TEST_CASE("The same seed asks the same pairs at every number of threads, another seed others") {
  const auto asked = [](Cpu executor, std::uint64_t seed) {
    World world;
    UtilityBudget budget(executor, world.pairs, plain, false, seed);
    (void)budget.spend(640, picks, world.measure());
    return world.asked;
  };
  const auto one = asked(cpu, 1);
  CHECK(asked(cpu.threads(3), 1) == one);
  CHECK(asked(cpu, 2) != one);
}

TEST_CASE("In units of the row's largest every target with help asks for 1") {
  World world;
  UtilityBudget budget(cpu, world.pairs, plain, true, 0);
  REQUIRE(budget.spend(640, picks, world.measure()));
  const Kernel kernel = budget.kernel();
  for (Index i = 0; i < n; ++i) {
    float largest = 0.0f;
    for (Index j = 0; j < n; ++j) largest = std::max(largest, kernel(i, j));
    CHECK(largest == 1.0f);
  }
}

TEST_CASE("A row whose measured utilities are tiny does not outweigh the others in units of its largest") {
  for (const auto strategy : {UtilityStrategy::adaptive, UtilityStrategy::completion}) {
    World world;
    for (Index j = 0; j < n; ++j) world.utility(0, j) = 1e-6f * static_cast<float>(j % 3);
    UtilityBudget budget(cpu, world.pairs, plain, true, 0, strategy);
    REQUIRE(budget.spend(640, picks, world.measure()));
    const Kernel kernel = budget.kernel();
    for (Index j = 0; j < n; ++j) REQUIRE(kernel(0, j) <= 1.0f);
  }
}

TEST_CASE("Only contexts that the budget affords are asked for, all of them if calls allow it", "[single-threaded]") {
  const std::vector<Index> candidates{3, 4, 17, 18, 40, 41, 42, 60, 61, 79};
  const Among some{picks, std::span<const Index>(candidates)};
  const auto all = n * std::ssize(candidates);
  for (const auto strategy : {UtilityStrategy::adaptive, UtilityStrategy::neighbors, UtilityStrategy::completion})
    for (const Index calls : {Index{50}, Index{300}, all, all + 7}) {
      World world;
      UtilityBudget budget(cpu, world.pairs, plain, false, 0, strategy);
      REQUIRE(budget.spend(calls, some, world.measure()));
      CHECK(static_cast<Index>(world.asked.size()) == std::min(calls, all));
      CHECK(world.each_once);
      CHECK(std::all_of(world.asked.begin(), world.asked.end(), [&](const auto& pair) {
        return std::find(candidates.begin(), candidates.end(), pair.first) != candidates.end();
      }));
      CHECK((budget.kept(candidates, some).error == 0.0) == (calls >= all));
      if (calls != all) continue;
      World scaled;  // a row's maximum may be in a context that was not asked for
      UtilityBudget by_row_max(cpu, scaled.pairs, plain, true, 0, strategy);
      REQUIRE(by_row_max.spend(calls, some, scaled.measure()));
      CHECK(by_row_max.kept(candidates, some).error > 0.0);
    }
}

TEST_CASE("A measurement that is stopped ends it at once") {
  World world;
  int rounds = 0;
  UtilityBudget budget(cpu, world.pairs, plain, false, 0);
  CHECK_FALSE(budget.spend(640, picks, [&](const auto&, const auto&) { return ++rounds < 3; }));
  CHECK(rounds == 3);
}

TEST_CASE("Utilities that hurt, or are all the same, are no reason to stop") {
  for (const float constant : {-0.5f, 0.0f, 0.5f}) {
    World world;
    world.utility.setConstant(constant);
    UtilityBudget budget(cpu, world.pairs, plain, false, 0);
    REQUIRE(budget.spend(500, picks, world.measure()));
    CHECK(world.asked.size() == 500);
    CHECK(std::isfinite(budget.kept(greedy(budget.kernel()), picks).value));
  }
}

}
