// SPDX-License-Identifier: MIT
// A start on a sample: what follows it is exact greedy, and the certificate is true.
#include <pickmix/submodular/sampled_start.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <property/greedy_laws.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace submodular_sampled_start_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;

namespace {

/// A sample of 50 rows, and five picks on it.
constexpr SampledStart fifty{.exact_up_to = 50, .sample = 50, .picks = 5};

Kernel streamed(const Matrix& pool, std::uint64_t memory_limit = UINT64_MAX) {
  return similarity(pool.view(), {.storage = Storage::streamed, .memory_limit = memory_limit});
}

/// Picks cannot be told from their copies by their gains.
Matrix copies(std::uint64_t seed, Index distinct, Index n) {
  const Matrix one = instances::normal(seed, distinct, 4);
  return instances::matrix(n, 4, [&](Index i, Index j) { return one.view()(i % distinct, j); });
}

/// The same picks and gains if exact greedy, on a dense kernel, goes on from the first `start` picks of `s`.
template <Budget B>
std::string continues_exactly(const Kernel& kernel, const FacilityLocationTerms& terms, const B& budget,
                              const Selection& s, std::size_t start) {
  FacilityLocationObjective f(
      Kernel(instances::matrix(kernel.rows(), kernel.columns(), [&](Index i, Index j) { return kernel(i, j); }).view()),
      terms);
  auto ledger = budget.open(f.size());
  std::set<Index> picked;
  double value = 0.0;
  for (std::size_t k = 0; k < s.indices.size(); ++k) {
    const Index j = s.indices[k];
    if (!picked.insert(j).second) return fmt::format("{} is picked twice", j);
    if (j < 0 || j >= f.size() || !ledger.affords(j)) return fmt::format("pick {}, {}, is beyond the budget", k, j);
    if (s.gains[k] != f.gain(j)) return fmt::format("pick {} gains {}; {} was said", k, f.gain(j), s.gains[k]);
    if (k >= start) {
      Index best = -1;
      for (Index i = 0; i < f.size(); ++i)
        if (!picked.contains(i) || i == j)
          if (ledger.affords(i) && (best < 0 || f.gain(i) / ledger.price(i) > f.gain(best) / ledger.price(best)))
            best = i;
      if (best != j) return fmt::format("pick {} is {}; greedy picks {}", k, j, best);
    }
    f.add(j);
    ledger.spend(j);
    value += s.gains[k];
  }
  if (std::abs(value - s.value) > 1e-9 * value) return "the value is not the sum of the gains";
  for (Index j = 0; j < f.size() && s.reason == StopReason::budget_reached; ++j)
    if (!picked.contains(j) && ledger.affords(j)) return fmt::format("{} could still be picked", j);
  return "";
}

/// The largest value of a set within the budget, by looking at every set of up to three items.
template <Budget B>
double optimum(const Kernel& kernel, const FacilityLocationTerms& terms, const B& budget) {
  const FacilityLocationDefinition definition{
      Kernel(instances::matrix(kernel.rows(), kernel.columns(), [&](Index i, Index j) { return kernel(i, j); }).view()),
      terms};
  double best = 0.0;
  const auto n = kernel.columns();
  std::vector<Index> set;
  const auto extend = [&](const auto& self, auto ledger, Index from) -> void {
    best = std::max(best, definition(set));
    if (set.size() == 3) return;
    for (Index j = from; j < n; ++j) {
      if (!ledger.affords(j)) continue;
      auto less = ledger;
      less.spend(j);
      set.push_back(j);
      self(self, less, j + 1);
      set.pop_back();
    }
  };
  extend(extend, budget.open(n), 0);
  return best;
}

std::vector<double> costs(Index n) {
  RandomStream random(1, 2);
  std::vector<double> out;
  for (Index j = 0; j < n; ++j) out.push_back(1.0 + 9.0 * random.uniform());
  return out;
}

std::vector<Index> thirds(Index n) {
  std::vector<Index> out;
  for (Index j = 0; j < n; ++j) out.push_back(j % 3);
  return out;
}

}  // namespace

TEST_CASE("After the start, picks and gains are those of exact greedy, with all terms") {
  const Matrix pool = instances::normal(1, 203, 5);
  const Kernel kernel = streamed(pool);
  for (const auto& terms : storages::terms(203, 203))
    for (std::uint64_t seed : {0u, 1u, 2u}) {
      CAPTURE(seed, terms.floor.size(), terms.cap.size(), terms.bonus.size());
      FacilityLocationObjective f(kernel, terms);
      SampledStart maximizer = fifty;
      maximizer.seed = seed;
      const auto s = maximize(f, Count{25}, maximizer);
      CHECK(s.indices.size() == 25);
      CHECK(s.reason == StopReason::budget_reached);
      CHECK(continues_exactly(kernel, terms, Count{25}, s, 5) == "");
      FacilityLocationObjective exact(kernel, terms);
      const auto greedy = maximize(exact, Count{25}, LazyGreedy{});
      CHECK(s.value <= s.upper_bound);
      CHECK(greedy.value <= s.upper_bound * (1 + 1e-12));
      CHECK(s.value <= greedy.upper_bound * (1 + 1e-12));
      CHECK(s.value > 0.9 * greedy.value);
    }
}

TEST_CASE("The first picks are those of greedy on the sample, which a seed draws") {
  const Kernel kernel = streamed(instances::normal(2, 120, 5));
  std::set<std::vector<Index>> starts;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    FacilityLocationObjective f(kernel);
    SampledStart maximizer = fifty;
    maximizer.seed = seed;
    const auto s = maximize(f, Count{5}, maximizer);
    const Permutation order(120, RandomStream(seed, 0x73616D70));
    std::vector<Index> sample;
    for (Index k = 0; k < 50; ++k) sample.push_back(order(k));
    std::sort(sample.begin(), sample.end());
    FacilityLocationObjective small(FacilityLocationObjective(kernel).among(cpu, sample));
    auto expected = maximize(small, Count{5}, LazyGreedy{}).indices;
    for (Index& j : expected) j = sample[static_cast<std::size_t>(j)];
    CHECK(s.indices == expected);
    starts.insert(s.indices);
  }
  CHECK(starts.size() > 1);
}

TEST_CASE("A pool no larger than the limit, and every kernel that is not streamed, is selected from exactly") {
  const Matrix pool = instances::normal(3, 80, 4);
  FacilityLocationObjective f(streamed(pool));
  const auto exact = maximize(f, Count{9}, LazyGreedy{});
  const auto with = [&](const Kernel& kernel, const SampledStart& maximizer) {
    FacilityLocationObjective g(kernel);
    return laws::difference(maximize(g, Count{9}, maximizer), exact);
  };
  CHECK(with(streamed(pool), {.exact_up_to = 80, .sample = 20}) == "");
  CHECK(with(streamed(pool), {.exact_up_to = 20, .sample = 80}) == "");
  CHECK(with(similarity(pool.view()), {.exact_up_to = 20, .sample = 20}) == "");
  CHECK(with(*similarity(cpu, pool.view(), pool.view(), {.storage = Storage::streamed}),
             {.exact_up_to = 20, .sample = 20}) == "");
  CHECK(with(streamed(pool), {.exact_up_to = 79, .sample = 20, .picks = 9, .seed = 3}) != "");
}

TEST_CASE("No budget is ever exceeded, and picks go on exactly within each") {
  const Matrix pool = instances::normal(4, 150, 4);
  const Kernel kernel = streamed(pool);
  const auto cost = costs(150);
  const auto group = thirds(150);
  std::vector<Index> some;
  for (Index j = 0; j < 150; j += 4) some.push_back(j);
  const auto check = [&](const auto& budget, Index most) {
    for (std::uint64_t seed = 0; seed < 5; ++seed)
      for (Index picks : {1, 3, 5, 100}) {
        CAPTURE(seed, picks);
        FacilityLocationObjective f(kernel);
        SampledStart maximizer = fifty;
        maximizer.seed = seed;
        maximizer.picks = picks;
        const auto s = maximize(f, budget, maximizer);
        CHECK(static_cast<Index>(s.indices.size()) <= most);
        CHECK(continues_exactly(kernel, {}, budget, s, static_cast<std::size_t>(picks)) == "");
      }
  };
  check(Count{12}, 12);
  check(Count{0}, 0);
  check(Fraction{0.1}, 15);
  check(Quotas{group, {4, 0, 7}}, 11);
  check(Among{Count{9}, some}, 9);
  check(Among{Quotas{group, {4, 0, 7}}, some}, 11);
  check(Cost{60.0, cost}, 60);
  check(Among{Cost{40.0, cost}, some}, 40);
}

TEST_CASE("Under a cost budget, an item too expensive behind the first picks is taken if it is worth more",
          "[single-threaded]") {
  constexpr Index n = 300, hub = 123;  // the hub serves all, but the others are a little better a coin, one by one
  const Matrix pool = instances::matrix(n, n, [](Index i, Index j) { return i == hub ? 10.0f : i == j ? 1.0f : 0.0f; });
  std::vector<double> cost(static_cast<std::size_t>(n), 0.001);
  cost[static_cast<std::size_t>(hub)] = 50.0;
  FacilityLocationObjective f(similarity(pool.view(), {.metric = Dot{}, .storage = Storage::streamed}));
  Index steps = 0;
  const auto selection = maximize(f, Cost{50.0, cost}, SampledStart{.exact_up_to = 50, .sample = 50, .picks = 20},
                                  [&](const SelectionStep&) { ++steps; });
  CHECK(selection.indices == std::vector<Index>{hub});
  CHECK(selection.gains == std::vector<double>{selection.value});
  CHECK(selection.value == Approx(10.0 * (n - 1) + 100.0 * n));
  CHECK(selection.value <= selection.upper_bound);
  CHECK(steps == n);  // the others first, then the hub in their place
  f.reset();
  CHECK(maximize(f, Cost{50.0, cost}, LazyGreedy{}).indices == selection.indices);
}

TEST_CASE("The whole pool can be selected, each item once") {
  const Kernel kernel = streamed(instances::normal(5, 90, 4));
  for (Index budget : {90, 91}) {
    FacilityLocationObjective f(kernel);
    const auto s = maximize(f, Count{budget}, fifty);
    CHECK(s.indices.size() == 90);
    CHECK(std::set<Index>(s.indices.begin(), s.indices.end()).size() == 90);
    CHECK(s.reason == (budget == 90 ? StopReason::budget_reached : StopReason::pool_exhausted));
  }
}

TEST_CASE("Where nothing is left to gain, items of the start are not picked again") {
  const Kernel kernel = streamed(copies(6, 10, 100));
  FacilityLocationObjective f(kernel);
  const auto s = maximize(f, Count{60}, fifty);
  CHECK(s.indices.size() == 60);
  CHECK(std::set<Index>(s.indices.begin(), s.indices.end()).size() == 60);
  CHECK(continues_exactly(kernel, {}, Count{60}, s, 5) == "");
}

TEST_CASE("No set within the budget is worth more than the certificate says", "[single-threaded]") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const Matrix pool = instances::normal(10 + seed, 24, 3);
    const Kernel kernel = streamed(pool);
    auto cost = costs(24);
    cost[5] = 12.0;
    const auto group = thirds(24);
    const std::vector<Index> some{1, 5, 7, 9, 10, 11, 16, 20, 23};
    for (const auto& terms : storages::terms(24, 24))
      for (Index picks : {1, 2, 3}) {
        const SampledStart maximizer{.exact_up_to = 12, .sample = 12, .picks = picks, .seed = seed};
        const auto slack = [&](const auto& budget) {
          FacilityLocationObjective f(kernel, terms);
          const auto s = maximize(f, budget, maximizer);
          CHECK(s.value <= s.upper_bound * (1 + 1e-12));
          return s.upper_bound * (1 + 1e-6) - optimum(kernel, terms, budget);
        };
        CAPTURE(seed, picks, terms.floor.size(), terms.cap.size(), terms.bonus.size());
        CHECK(slack(Count{3}) >= 0.0);
        CHECK(slack(Quotas{group, {1, 1, 1}}) >= 0.0);
        CHECK(slack(Quotas{group, {2, 0, 1}}) >= 0.0);
        CHECK(slack(Among{Count{3}, some}) >= 0.0);
        CHECK(slack(Cost{12.0, cost}) >= 0.0);
        CHECK(slack(Among{Cost{9.0, cost}, some}) >= 0.0);
      }
  }
}

TEST_CASE("The number of threads changes no bit") {
  const Kernel kernel = streamed(instances::normal(7, 410, 4));
  for (const auto& terms : storages::terms(410, 410))
    CHECK(laws::threads_change_nothing(FacilityLocationObjective(kernel, terms), 40, fifty) == "");
}

TEST_CASE("Observers see every step in order, with the whole budget") {
  FacilityLocationObjective f(streamed(instances::normal(8, 200, 4)));
  std::vector<Index> items, picked;
  double value = 0.0;
  Index told = 0;
  const auto watch = [&](const SelectionStep& step) {
    items.push_back(step.index);
    picked.push_back(step.picked);
    value += step.gain;
    CHECK(step.budget == 12);
    CHECK(step.value == Approx(value));
  };
  const auto s = maximize(f, Count{12}, fifty, watch, [&](const Progress& event) {
    CHECK(event.task == "similarities that still matter");
    CHECK(items.size() == 5);
    told = event.done;
  });
  CHECK(items == s.indices);
  CHECK(told == 2);
  for (Index k = 0; k < 12; ++k) CHECK(picked[static_cast<std::size_t>(k)] == k + 1);
}

TEST_CASE("An observer stops the selection: at the start, during the pass, after it") {
  const Kernel kernel = streamed(instances::normal(9, 200, 4));
  FacilityLocationObjective whole(kernel);
  const auto all = maximize(whole, Count{12}, fifty);
  const auto check = [&](std::size_t expected, auto observer) {
    for (Index threads : {1, 3}) {
      FacilityLocationObjective f(kernel);
      const auto s = maximize(cpu.threads(threads), f, Count{12}, fifty, observer);
      CAPTURE(expected, threads);
      CHECK(s.reason == StopReason::stopped_by_observer);
      REQUIRE(s.indices.size() == expected);
      CHECK(std::equal(s.indices.begin(), s.indices.end(), all.indices.begin()));
      CHECK(s.gains ==
            std::vector<double>(all.gains.begin(), all.gains.begin() + static_cast<std::ptrdiff_t>(expected)));
      CHECK(s.value == Approx(std::accumulate(s.gains.begin(), s.gains.end(), 0.0)));
      CHECK(s.upper_bound >= all.value);
      FacilityLocationObjective same(kernel);
      for (Index j : s.indices) same.add(j);
      for (Index j : {0, 50, 199}) CHECK(f.gain(j) == same.gain(j));
    }
  };
  const auto at = [](Index last) {
    return [last](const SelectionStep& step) { return step.picked == last ? Flow::stop : Flow::proceed; };
  };
  for (std::size_t last : {1u, 3u, 5u, 6u, 9u, 12u}) check(last, at(static_cast<Index>(last)));
  check(5, [](const Progress&) { return Flow::stop; });
}

TEST_CASE("Sampled start: what an observer throws passes through; what was picked stays") {
  const Kernel kernel = streamed(instances::normal(10, 200, 4));
  for (Index last : {2, 5, 8}) {
    FacilityLocationObjective f(kernel), same(kernel);
    std::vector<Index> seen;
    const auto fail = [&](const SelectionStep& step) {
      seen.push_back(step.index);
      if (step.picked == last) throw std::logic_error("enough");
    };
    CHECK_THROWS_AS(maximize(f, Count{12}, fifty, fail), std::logic_error);
    for (Index j : seen) same.add(j);
    for (Index j : {0, 50, 199}) CHECK(f.gain(j) == same.gain(j));
  }
}

TEST_CASE("Left to itself, the start is a twentieth of the budget or less, and more where memory is short") {
  const Matrix pool = instances::normal(11, 1000, 4);
  const auto start = [&](Index budget, std::uint64_t memory_limit, Index near_above = 1000) {
    FacilityLocationObjective f(streamed(pool, memory_limit));
    Index picked = 0, at_pass = -1;
    (void)maximize(
        f, Count{budget},
        SampledStart{.exact_up_to = 200, .sample = 200, .near_above = near_above, .wanted_recall = 0.01},
        [&](const SelectionStep& step) { picked = step.picked; }, [&](const Progress&) { at_pass = picked; });
    return at_pass;
  };
  CHECK(start(100, UINT64_MAX) == 20);
  CHECK(start(600, UINT64_MAX) == 30);
  CHECK(start(1000, UINT64_MAX) == 44);                  // the root of twice the rows
  CHECK(start(600, 20 * 1000 * 1000 / 50) == 75);        // half as many again as random picks would be
  CHECK(start(600, 20 * 1000 * 1000 / 100, 999) == 45);  // near pairs are fewer
}

TEST_CASE("Where too few picks leave more than memory may hold, nothing is kept, and nothing changes") {
  const Matrix pool = instances::normal(11, 200, 4);
  for (Index budget : {3, 12}) {
    FacilityLocationObjective f(streamed(pool)), g(streamed(pool, 20 * 200 * 200 / 7));
    int passes = 0;
    const auto expected = maximize(f, Count{budget}, fifty);
    const auto s = maximize(g, Count{budget}, fifty, [&](const Progress&) { ++passes; });
    CHECK(laws::difference(s, expected) == "");
    CHECK(passes == 0);
  }
}

TEST_CASE("Where more still matters than was expected, more first picks are made, and that is said") {
  // What is worth most by itself covers nothing but itself: ten such picks leave all similarities of the others.
  constexpr Index n = 600;
  const Matrix pool = instances::matrix(n, 50, [](Index i, Index k) {
    if (i % 15 == 0) return i / 15 == k ? 1.0f : 0.0f;
    return k < 40 ? 0.0f : static_cast<float>((i * 7 + k * k) % 11 + 1);
  });
  std::vector<float> bonus(n, 0.0f);
  for (std::size_t i = 0; i < n; i += 15) bonus[i] = 1000.0f;
  const SampledStart start{.exact_up_to = 50, .sample = 300, .picks = 10};
  const auto run = [&](Cpu executor, std::uint64_t memory_limit, const auto& observe) {
    FacilityLocationObjective f(streamed(pool, memory_limit), {.bonus = bonus});
    return maximize(executor, f, Count{90}, start, observe);
  };
  const std::uint64_t tight = 20 * n * n / 8;
  std::vector<std::pair<Index, Index>> told;
  const Selection s = run(cpu, tight, [&](const Progress& event) {
    if (event.task == "first picks, before what still matters is looked for again")
      told.emplace_back(event.done, event.total);
  });
  REQUIRE(!told.empty());
  CHECK(told.front() == std::pair<Index, Index>(10, 20));
  CHECK(s.indices.size() == 90);
  CHECK(s.recall == 1.0);
  const std::size_t first = static_cast<std::size_t>(told.back().second);
  CHECK(continues_exactly(streamed(pool), {.bonus = bonus}, Count{90}, s, first) == "");
  CHECK(laws::difference(run(cpu.threads(3), tight, [](const Progress&) {}), s) == "");
  const Selection stopped = run(cpu, tight, [&](const Progress& event) {
    return event.task == "first picks, before what still matters is looked for again" ? Flow::stop : Flow::proceed;
  });
  CHECK(stopped.reason == StopReason::stopped_by_observer);
  CHECK(stopped.indices.size() == 10);
  int passes = 0;
  const auto fail = [&](const Progress&) {  // an observer's own error is no lack of room
    ++passes;
    throw CapacityError("its own");
  };
  CHECK_THROWS_AS(run(cpu, UINT64_MAX, fail), CapacityError);
  CHECK(passes == 1);
  passes = 0;
  const auto fill_memory = [&](const Progress&) {
    ++passes;
    throw std::bad_alloc();
  };
  CHECK_THROWS_AS(run(cpu, UINT64_MAX, fill_memory), std::bad_alloc);
  CHECK(passes == 1);
}

TEST_CASE("A selection goes on from what the objective holds") {
  const Kernel kernel = streamed(copies(12, 30, 150));
  FacilityLocationObjective f(kernel, {.bonus = std::vector<float>(150, 0.5f)});
  std::vector<Index> held;
  for (Index j = 0; j < 10; ++j) held.push_back(j);
  for (Index j : held) f.add(j);
  const auto s = maximize(f, Count{8}, fifty);
  for (Index j : s.indices) CHECK(j % 30 >= 10);  // what is covered is not covered again
}

TEST_CASE("Mutual information over the pool and conditional gain begin on a sample as well") {
  const Matrix pool = instances::normal(13, 150, 4), other = instances::normal(14, 6, 4);
  const Kernel kernel = streamed(pool);
  const Reference reference{similarity(other.view(), pool.view())};
  const auto check = [&](const FacilityLocationObjective& objective) {
    auto f = objective;
    const auto s = maximize(f, Count{15}, fifty);
    CHECK(s.indices.size() == 15);
    CHECK(s.value <= s.upper_bound);
    CHECK(continues_exactly(kernel, objective.terms(), Count{15}, s, 5) == "");
  };
  check(FacilityLocation{TargetForm::pool}.mutual_information(kernel, reference));
  check(FacilityLocation{TargetForm::relevance}.mutual_information(kernel, reference, 0.5));
  check(FacilityLocation{}.conditional_gain(kernel, reference, 0.8));
  check(FacilityLocation{}.conditional_mutual_information(kernel, reference, reference, 1.0, 0.5));
}

TEST_CASE("Beyond near_above rows only near ones are compared, as far as they hold what was wanted") {
  instances::Matrix pool = instances::normal(77, 600, 8);
  const auto select = [&](const SampledStart& how) {
    FacilityLocationObjective f(similarity(pool.view(), {.storage = Storage::streamed}));
    return maximize(f, Count{200}, how);
  };
  const SampledStart everything{.exact_up_to = 0, .sample = 150, .picks = 64};
  SampledStart some = everything;
  some.near_above = 599;
  some.wanted_recall = 0.3;
  const Selection all = select(everything), near_ones = select(some);
  CHECK(all.recall == 1.0);
  CHECK(all.upper_bound < std::numeric_limits<double>::infinity());
  CHECK((near_ones.recall > 0.3 && near_ones.recall < 1.0));
  CHECK(near_ones.upper_bound == std::numeric_limits<double>::infinity());
  CHECK(near_ones.value > 0.97 * all.value);
  for (Index threads : {2, 3}) {
    FacilityLocationObjective f(streamed(pool));
    const Selection several = maximize(cpu.threads(threads), f, Count{200}, some);
    CHECK(several.indices == near_ones.indices);
    CHECK(several.gains == near_ones.gains);
    CHECK(several.recall == near_ones.recall);
  }

  FacilityLocationObjective f(similarity(pool.view(), {.storage = Storage::streamed}));
  (void)maximize(f, Count{200}, some);
  const Selection more = maximize(f, Count{20}, LazyGreedy{});  // who goes on looks at near ones, too
  CHECK(more.recall == near_ones.recall);
  CHECK(more.upper_bound == std::numeric_limits<double>::infinity());
  f.reset();
  CHECK(maximize(f, Count{20}, LazyGreedy{}).recall == 1.0);

  FacilityLocationObjective stopped(streamed(pool));  // what was picked until then was compared with everything
  const auto stop = [](const Progress& event) {
    return event.task == "similarities that still matter" ? Flow::stop : Flow::proceed;
  };
  const Selection first = maximize(stopped, Count{200}, some, stop);
  CHECK(first.reason == StopReason::stopped_by_observer);
  CHECK(first.indices.size() == 64);
  CHECK(first.recall == 1.0);

  some.wanted_recall = 1.0;  // sixteen probes of sixty-four cells do not do, and more would cost as much as all pairs
  const Selection fallen_back = select(some);
  CHECK(fallen_back.recall == 1.0);
  CHECK(fallen_back.indices == all.indices);
}

TEST_CASE("What was measured on some candidates proves nothing, even where it says that nothing was missed") {
  instances::Matrix pool = instances::matrix(640, 16, [](Index i, Index k) { return i % 16 == k ? 1.0f : 0.0f; });
  for (Index i = 0; i < 640; ++i) pool(i, (i + 1) % 16) = 0.001f * static_cast<float>(i / 16);
  FacilityLocationObjective f(similarity(pool.view(), {.storage = Storage::streamed}));
  const auto s = maximize(f, Count{100}, SampledStart{.exact_up_to = 0, .sample = 320, .picks = 64, .near_above = 1});
  CHECK(s.recall > 0.9);
  CHECK(s.upper_bound == std::numeric_limits<double>::infinity());
}

TEST_CASE("A budget of 0, and candidates that the sample has none of, are no trouble beyond near_above") {
  const Matrix pool = instances::normal(31, 300, 4);
  const SampledStart near{.exact_up_to = 0, .sample = 20, .near_above = 1};
  FacilityLocationObjective nothing(streamed(pool)), few(streamed(pool)), exactly(streamed(pool));
  CHECK(maximize(nothing, Count{0}, near).indices.empty());
  const Permutation order(300, RandomStream(near.seed, 0x73616D70));  // a sample is its beginning
  const std::vector<Index> others{order(290), order(295), order(299)};
  const auto s = maximize(few, Among{Count{3}, others}, near);
  CHECK(s.indices == maximize(exactly, Among{Count{3}, others}, LazyGreedy{}).indices);
  CHECK(s.recall == 1.0);
}

TEST_CASE("Numbers that make no sense are refused by name") {
  const Matrix pool = instances::normal(32, 40, 4);
  const auto refused = [&](const SampledStart& how) {
    FacilityLocationObjective f(streamed(pool));
    return thrown<ValueError>([&] { (void)maximize(f, Count{3}, how); });
  };
  CHECK_THAT(refused({.sample = 0}), ContainsSubstring("sample is 0"));
  CHECK_THAT(refused({.picks = -5}), ContainsSubstring("picks is -5"));
  for (double bad : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(refused({.wanted_recall = bad}), ContainsSubstring("wanted_recall is"));
}

}
