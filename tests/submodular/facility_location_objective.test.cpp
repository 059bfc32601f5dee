// SPDX-License-Identifier: MIT
// Facility location: values computed by hand, and the same bits in every storage.
#include <pickmix/submodular/facility_location_objective.hpp>

#include <pickmix/kernel/neighbors.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <property/greedy_laws.hpp>
#include <property/laws.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/set_function.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace submodular_facility_location_objective_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

static_assert(BatchedObjective<FacilityLocationObjective> && has_diminishing_returns<FacilityLocationObjective>);

namespace {

Kernel four_by_four() {
  const instances::Matrix s{
      4, 4, {1, .5f, .125f, .3f, .4f, .875f, .55f, 0, .2f, .625f, .95f, .35f, .45f, .175f, .275f, .8f}};
  return Kernel(s.view());
}

constexpr auto go_on = [](const Progress&) { return true; };

/// The gains of all items.
std::vector<double> gains_of(const FacilityLocationObjective& f, Cpu executor = cpu) {
  std::vector<Index> items(static_cast<std::size_t>(f.size()));
  std::iota(items.begin(), items.end(), Index{0});
  std::vector<double> out(items.size());
  f.gains(executor, items, out);
  return out;
}

}  // namespace

TEST_CASE("Greedy picks on the four-by-four utility matrix are those computed by hand") {
  FacilityLocationObjective f(four_by_four());
  const auto s = maximize(f, Count{4}, NaiveGreedy{});
  CHECK(s.indices == std::vector<Index>{1, 0, 3, 2});
  const std::vector<double> gains{2.175, 0.775, 0.35, 0.325};
  for (std::size_t k = 0; k < 4; ++k) CHECK(s.gains[k] == Approx(gains[k]).epsilon(1e-6));
  CHECK(s.value == Approx(3.625).epsilon(1e-6));
}

TEST_CASE("A row is served by the most similar item of the set, whatever came first") {
  FacilityLocationObjective f(instances::kernel(1, 3, [](Index, Index j) { return j == 1 ? 0.75f : 0.25f; }));
  f.add(1);
  f.add(0);
  CHECK(f.gain(2) == 0.0);
  f.reset();
  f.add(0);
  CHECK(f.gain(1) == 0.5);
}

TEST_CASE("Negative similarities count as zero") {
  FacilityLocationObjective f(
      instances::kernel(2, 2, [](Index i, Index j) { return i == 0 ? -1.0f : 0.5f * static_cast<float>(j); }));
  CHECK(f.gain(0) == 0.0);
  CHECK(f.gain(1) == 0.5);
  f.add(0);
  CHECK(f.gain(1) == 0.5);
}

TEST_CASE("Rows are what is served and columns are the candidates") {
  FacilityLocationObjective f(instances::kernel(2, 5, [](Index i, Index j) { return i == 0 && j == 4 ? 1.0f : 0.0f; }));
  CHECK(f.size() == 5);
  CHECK(f.gain(4) == 1.0);
}

TEST_CASE("The value of any set is that of the definition") {
  const auto kernel = instances::dyadic(7, 30, 20);
  FacilityLocationObjective f(kernel);
  for (const std::vector<Index>& set : {std::vector<Index>{}, {3}, {0, 19, 7}, {5, 5, 5}, {11, 2, 13, 4, 15}})
    CHECK(evaluate(f, set) == FacilityLocationDefinition{kernel}(set));
}

TEST_CASE("An item in the set gains nothing") {
  FacilityLocationObjective f(instances::real(1, 50, 10));
  f.add(6);
  CHECK(f.gain(6) == 0.0);
}

TEST_CASE("Copies of an objective share the kernel and not the set") {
  FacilityLocationObjective f(four_by_four()), copy = f;
  copy.add(1);
  CHECK(f.gain(1) == Approx(2.175).epsilon(1e-6));
  CHECK(copy.gain(1) == 0.0);
}

TEST_CASE("Terms of another length than the kernel's are refused by name") {
  const auto kernel = instances::real(1, 5, 7);
  const auto with = [&](FacilityLocationTerms terms) {
    return thrown<ShapeError>([&] { FacilityLocationObjective(kernel, std::move(terms)); });
  };
  CHECK_THAT(with({.floor = std::vector<float>(7)}), ContainsSubstring("floor has 7 entries and the kernel 5 rows"));
  CHECK_THAT(with({.cap = std::vector<float>(4)}), ContainsSubstring("cap has 4 entries and the kernel 5 rows"));
  CHECK_THAT(with({.bonus = std::vector<float>(5)}),
             ContainsSubstring("bonus has 5 entries and the kernel 7 candidates"));
}

TEST_CASE("A row whose cap is not above its floor counts nothing") {
  const auto kernel = instances::kernel(3, 1, [](Index, Index) { return 0.75f; });
  const FacilityLocationTerms terms{.floor = {0.5f, 0.5f, 0.25f}, .cap = {0.25f, 0.5f, 0.5f}};
  CHECK(FacilityLocationObjective(kernel, terms).gain(0) == 0.25);
}

TEST_CASE("A floor is covered from the start, a cap is the most that counts, a bonus is had once") {
  FacilityLocationObjective f(instances::kernel(1, 3, [](Index, Index j) { return 0.25f * static_cast<float>(j + 1); }),
                              {.floor = {0.125f}, .cap = {0.625f}, .bonus = {2.0f, 0.0f, 1.0f}});
  CHECK(f.gain(0) == 2.125);
  CHECK(f.gain(1) == 0.375);
  CHECK(f.gain(2) == 1.5);
  f.add(0);
  CHECK(f.gain(0) == 0.0);
  f.add(2);
  CHECK(f.gain(1) == 0.0);
  f.reset();
  CHECK(f.gain(0) == 2.125);
}

TEST_CASE("In every storage and with all terms, gains are those of the definition and keep the laws",
          "[single-threaded]") {
  const auto pool = instances::normal(1, 24, 4);
  auto kernels = storages::exact(pool.view());
  kernels.push_back({"half", similarity(pool.view(), {.storage = Storage::half})});
  for (const auto& [name, kernel] : kernels) {
    const Kernel entries = set_function::stored(kernel);
    for (const auto& terms : storages::terms(24, 24)) {
      CAPTURE(name, terms.floor.size(), terms.cap.size(), terms.bonus.size());
      const FacilityLocationObjective f(kernel, terms);
      // Floors and caps are rounded to half a unit of 1/32767 each.
      const double tolerance = kernel.half() != nullptr ? 24.0 * 2.0 * 1.6e-5 : 1e-6;
      CHECK(laws::gains_match(f, FacilityLocationDefinition{entries, terms}, tolerance) == "");
      CHECK(laws::monotone(f) == "");
      CHECK(laws::diminishing_returns(f) == "");
      CHECK(laws::reset_empties(f) == "");
      CHECK(set_function::again_is_harmless(f) == "");
    }
  }
}

TEST_CASE("Half-size gains without floors and caps are exact in their unit") {
  const auto pool = instances::normal(2, 230, 5);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::half});
  FacilityLocationObjective f(kernel);
  const auto& half = *kernel.half();
  std::vector<std::int64_t> covered(230, 0);
  for (Index j : {7, 100, 229, 0}) {
    for (Index c = 0; c < 230; ++c) {
      std::int64_t rises = 0;
      for (std::size_t i = 0; i < 230; ++i) rises += std::max<std::int64_t>(half.column(c)[i] - covered[i], 0);
      REQUIRE(f.gain(c) == static_cast<double>(half.unit) * static_cast<double>(rises));
    }
    f.add(j);
    for (std::size_t i = 0; i < 230; ++i) covered[i] = std::max<std::int64_t>(covered[i], half.column(j)[i]);
  }
}

TEST_CASE("Gains have the same bits in every storage, at every thread count, and after what cannot matter is dropped") {
  constexpr Index n = 210;  // more than one tile
  const auto pool = instances::normal(3, n, 6);
  const auto order = laws::shuffled(n, 1, 1);
  for (const Metric& metric : {Metric{Cosine{}}, Metric{Rbf{0.2}}}) {
    const auto kernels = storages::exact(pool.view(), metric);
    for (const auto& terms : storages::terms(n, n)) {
      FacilityLocationObjective reference(kernels[0].kernel, terms);
      std::vector<std::pair<std::string, FacilityLocationObjective>> others;
      for (const auto& [name, kernel] : kernels) others.emplace_back(name, FacilityLocationObjective(kernel, terms));
      for (std::size_t k = 0; k < 12; ++k) {
        if (k == 4)
          for (std::size_t o = 0; o < kernels.size(); ++o) {
            others.push_back({others[o].first + ", dropped", others[o].second});
            REQUIRE(others.back().second.keep_above(cpu.threads(2), go_on));
          }
        const auto expected = gains_of(reference);
        for (const auto& [name, f] : others)
          for (Index threads : {1, 2, 3, 7}) {
            CAPTURE(name, threads, k, metric.index(), terms.floor.size(), terms.cap.size(), terms.bonus.size());
            REQUIRE(gains_of(f, cpu.threads(threads)) == expected);
          }
        REQUIRE(others.back().second.gain(order[50]) == expected[static_cast<std::size_t>(order[50])]);
        reference.add(order[k]);
        for (auto& [name, f] : others) f.add(order[k]);
      }
    }
  }
}

TEST_CASE("Gains of a rectangular kernel have the same bits in every storage") {
  const auto rows = instances::normal(4, 250, 5), columns = instances::normal(5, 70, 5);
  for (const auto& terms : storages::terms(250, 70)) {
    std::vector<std::vector<double>> gains;
    for (const auto& [name, kernel] : storages::exact(rows.view(), columns.view(), ShiftedCosine{})) {
      FacilityLocationObjective f(kernel, terms);
      for (Index j : {3, 69, 48}) f.add(j);
      gains.push_back(gains_of(f, cpu.threads(2)));
    }
    CHECK(gains[1] == gains[0]);
    CHECK(gains[2] == gains[0]);
  }
}

TEST_CASE("Picks, gains and certificates have the same bits in every storage and at every thread count") {
  const auto pool = instances::normal(6, 300, 4);
  const auto kernels = storages::exact(pool.view());
  for (const auto& terms : storages::terms(300, 300)) {
    FacilityLocationObjective dense(kernels[0].kernel, terms);
    const auto expected = maximize(dense, Count{40}, LazyGreedy{});
    CHECK(expected.indices.size() == 40);
    for (const auto& [name, kernel] : kernels)
      for (Index threads : {1, 2, 3, 7}) {
        CAPTURE(name, threads, terms.floor.size(), terms.cap.size(), terms.bonus.size());
        FacilityLocationObjective f(kernel, terms);
        CHECK(laws::difference(maximize(cpu.threads(threads), f, Count{40}, LazyGreedy{}), expected) == "");
      }
  }
}

TEST_CASE("Lazy greedy is naive greedy in every storage") {
  const auto pool = instances::normal(7, 60, 3);
  auto kernels = storages::exact(pool.view());
  kernels.push_back({"half", similarity(pool.view(), {.storage = Storage::half})});
  kernels.push_back({"few neighbours", nearest_neighbors(pool.view(), 4)});
  for (const auto& [name, kernel] : kernels)
    for (const auto& terms : storages::terms(60, 60)) {
      CAPTURE(name);
      CHECK(laws::lazy_is_naive(FacilityLocationObjective(kernel, terms), 60) == "");
      CHECK(laws::threads_change_nothing(FacilityLocationObjective(kernel, terms), 20, LazyGreedy{}) == "");
    }
}

TEST_CASE("Adding many items is adding them one by one, also where it is stopped") {
  const auto pool = instances::normal(8, 230, 4);
  auto kernels = storages::exact(pool.view());
  kernels.push_back({"half", similarity(pool.view(), {.storage = Storage::half})});
  const auto order = laws::shuffled(230, 2, 1);
  const std::span<const Index> items(order.data(), 130);
  for (const auto& [name, kernel] : kernels)
    for (const auto& terms : storages::terms(230, 230))
      for (std::size_t last : {0u, 30u, 47u, 48u, 60u, 129u, 1000u}) {
        CAPTURE(name, last);
        FacilityLocationObjective together(kernel, terms), single(kernel, terms);
        std::vector<double> gained, expected;
        together.add(cpu, items, [&](std::size_t k, double gain) {
          REQUIRE(k == gained.size());
          gained.push_back(gain);
          return k != last;
        });
        for (std::size_t k = 0; k < std::min<std::size_t>(last + 1, 130); ++k) {
          expected.push_back(single.gain(items[k]));
          single.add(items[k]);
        }
        REQUIRE(gained == expected);
        REQUIRE(gains_of(together) == gains_of(single));
      }
}

TEST_CASE("So it is where columns are looked for in bytes, to the bit, at every thread count") {
  const auto pool = instances::normal(8, 700, 40);
  const Kernel dense = similarity(pool.view(), {.storage = Storage::full}),
               streamed = similarity(pool.view(), {.storage = Storage::streamed});
  const auto items = laws::shuffled(700, 2, 1);
  for (const auto& terms : storages::terms(700, 700)) {
    FacilityLocationObjective single(dense, terms);
    std::vector<double> expected;
    for (Index j : items) {
      expected.push_back(single.gain(j));
      single.add(j);
    }
    for (Index threads : {1, 3}) {
      FacilityLocationObjective together(streamed, terms);
      std::vector<double> gained;
      together.add(cpu.threads(threads), items, [&](std::size_t, double gain) {
        gained.push_back(gain);
        return true;
      });
      CHECK(gained == expected);
      CHECK(gains_of(together) == gains_of(single));
    }
  }
}

TEST_CASE("Items may be added together after what cannot matter is dropped") {
  const auto pool = instances::normal(9, 230, 4);
  FacilityLocationObjective f(similarity(pool.view(), {.storage = Storage::streamed})), same = f;
  f.add(5);
  same.add(5);
  REQUIRE(f.keep_above(cpu, go_on));
  const std::vector<Index> items{9, 200, 17};
  std::vector<double> gained;
  f.add(cpu, items, [&](std::size_t, double gain) {
    gained.push_back(gain);
    return true;
  });
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(gained[k] == same.gain(items[k]));
    same.add(items[k]);
  }
  CHECK(gains_of(f) == gains_of(same));
  f.reset();
  CHECK(gains_of(f) == gains_of(FacilityLocationObjective(f.kernel())));
}

TEST_CASE("Dropping that is stopped, or fails, changes nothing") {
  const auto pool = instances::normal(10, 500, 4);
  FacilityLocationObjective f(similarity(pool.view(), {.storage = Storage::streamed}));
  f.add(5);
  const auto before = gains_of(f);
  const Index batch = f.batch();
  for (Index threads : {1, 2, 3}) {
    Index told = 0;
    CHECK_FALSE(f.keep_above(cpu.threads(threads), [&](const Progress& event) {
      CHECK(event.task == "similarities that still matter");
      CHECK(event.total == 3);
      return ++told < 1;
    }));
    CHECK(told == 1);
    CHECK(f.batch() == batch);
    CHECK(gains_of(f) == before);
    CHECK_THROWS_AS(f.keep_above(cpu.threads(threads), [](const Progress&) -> bool { throw std::logic_error("stop"); }),
                    std::logic_error);
    CHECK(f.batch() == batch);
    CHECK(gains_of(f) == before);
  }
  CHECK(f.keep_above(cpu, go_on));
  CHECK(f.batch() < batch);
}

TEST_CASE("An objective settles once, after 64 items, if there are many rows and the memory for it") {
  constexpr Index n = 4100;
  const auto pool = instances::normal(12, n, 3);
  const auto order = laws::shuffled(n, 3, 1);
  const auto settles = [&](Index rows, std::uint64_t memory_limit, std::size_t items) {
    FacilityLocationObjective f(similarity(MatrixView<const float>(pool.entries.data(), rows, 3),
                                           {.storage = Storage::streamed, .memory_limit = memory_limit}));
    for (std::size_t k = 0, added = 0; added < items; ++k)
      if (order[k] < rows) f.add(order[k]), ++added;
    int told = 0;
    const auto count = [&](const Progress&) { return ++told > 0; };
    CHECK(f.settle(cpu, count));
    const int once = told;
    CHECK(f.settle(cpu, count));
    CHECK(told == once);
    CHECK((f.batch() < 192) == (told > 0));
    return told > 0;
  };
  CHECK(settles(n, UINT64_MAX, 64));
  CHECK_FALSE(settles(n, UINT64_MAX, 63));
  CHECK_FALSE(settles(4095, UINT64_MAX, 64));
  CHECK_FALSE(settles(n, 1'000'000, 64));
}

TEST_CASE("Where more still matters than memory may hold, that is said, nothing changes, and it is tried again later") {
  constexpr Index n = 4100;
  // Seventy rows cover nothing but themselves, so all of the others still matters.
  const auto pool = instances::matrix(n, 90, [](Index i, Index k) {
    if (i < 70) return i == k ? 1.0f : 0.0f;
    return k < 70 ? 0.0f : static_cast<float>((i * 7 + k * k) % 11 + 1);
  });
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed, .memory_limit = 20 * n * n / 60});
  FacilityLocationObjective f(kernel);
  for (Index j = 0; j < 65; ++j) f.add(j);
  CHECK_THROWS_AS(f.keep_above(cpu, go_on), CapacityError);
  const Index batch = f.batch();
  int told = 0;
  const auto listen = [&](const Progress& event) {
    if (event.task == "picks until what still matters is looked for again") {
      ++told;
      CHECK(event.done == 65);
      CHECK(event.total == 130);
    }
    return true;
  };
  CHECK(f.settle(cpu, listen));
  CHECK(told == 1);
  CHECK(f.settle(cpu, listen));  // not before there are 130
  CHECK(told == 1);
  CHECK(f.batch() == batch);
  FacilityLocationObjective g(kernel);
  for (Index j = 0; j < 65; ++j) g.add(j);
  CHECK_FALSE(g.settle(cpu, [](const Progress& event) { return event.done != 65; }));  // an observer may stop there
  for (Index j = 100; j < 165; ++j) f.add(j);
  CHECK(f.settle(cpu, listen));
  CHECK(f.batch() < batch);
}

TEST_CASE("Of a stored kernel no more is kept than it takes itself") {
  constexpr Index n = 4100;
  const auto matrix = instances::matrix(n, 200, [](Index i, Index j) {
    return j < 64 ? 0.0f : static_cast<float>((i * 7 + j * j) % 11 + 1);  // the first 64 cover nothing
  });
  FacilityLocationObjective f(Kernel(matrix.view()));
  for (Index j = 0; j < 64; ++j) f.add(j);
  const auto before = gains_of(f);
  CHECK_THROWS_AS(f.keep_above(cpu, go_on), CapacityError);
  CHECK(f.settle(cpu, go_on));
  CHECK(gains_of(f) == before);
}

TEST_CASE("Lazy greedy settles on the way, picks what it picks without, and can be stopped there") {
  constexpr Index n = 4100;
  const auto pool = instances::normal(13, n, 3);
  const auto select = [&](Storage storage, std::uint64_t memory_limit, auto observer) {
    FacilityLocationObjective f(similarity(pool.view(), {.storage = storage}));
    if (storage == Storage::streamed)
      f = FacilityLocationObjective(similarity(pool.view(), {.storage = storage, .memory_limit = memory_limit}));
    return maximize(cpu.threads(2), f, Count{70}, LazyGreedy{}, observer);
  };
  int passes = 0;
  const auto count = [&](const Progress& event) { passes += event.done == event.total; };
  const auto expected = select(Storage::streamed, 0, count);
  CHECK(passes == 0);
  CHECK(laws::difference(select(Storage::full, UINT64_MAX, count), expected) == "");
  CHECK(passes == 1);
  CHECK(laws::difference(select(Storage::streamed, UINT64_MAX, count), expected) == "");
  CHECK(passes == 2);

  const auto stopped = select(Storage::full, UINT64_MAX, [](const Progress&) { return Flow::stop; });
  CHECK(stopped.reason == StopReason::stopped_by_observer);
  CHECK(stopped.indices == std::vector<Index>(expected.indices.begin(), expected.indices.begin() + 64));
  CHECK(stopped.upper_bound >= expected.value);
}

TEST_CASE("Among some items, an objective is that of their rows, columns and terms") {
  const auto pool = instances::normal(14, 220, 4);
  const std::vector<Index> items{3, 219, 10, 100, 60};
  for (const auto& [name, kernel] : storages::exact(pool.view()))
    for (const auto& terms : storages::terms(220, 220)) {
      CAPTURE(name);
      const auto some = [&](const std::vector<float>& all) {
        std::vector<float> out;
        for (Index j : items)
          if (!all.empty()) out.push_back(all[static_cast<std::size_t>(j)]);
        return out;
      };
      const Kernel& whole = kernel;
      const FacilityLocationObjective expected(
          instances::kernel(5, 5,
                            [&](Index i, Index j) {
                              return std::max(
                                  0.0f, whole(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(j)]));
                            }),
          {some(terms.floor), some(terms.cap), some(terms.bonus)});
      const auto f = FacilityLocationObjective(kernel, terms).among(cpu.threads(2), items);
      CHECK(f.size() == 5);
      CHECK(gains_of(f) == gains_of(expected));
    }
}

TEST_CASE("Among some items, what is covered already stays covered") {
  const auto pool = instances::normal(15, 50, 4);
  FacilityLocationObjective f(similarity(pool.view()), {.bonus = std::vector<float>(50, 1.0f)});
  std::vector<Index> all(50);
  std::iota(all.begin(), all.end(), Index{0});
  for (Index j : {4, 30}) f.add(j);
  CHECK(gains_of(f.among(cpu, all)) == gains_of(f));
}

}
