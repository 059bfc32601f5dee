// SPDX-License-Identifier: MIT
// Tests of kernel/cells.hpp.
#include <pickmix/kernel/cells.hpp>

#include <pickmix/core/rng.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <new>
#include <vector>

namespace kernel_cells_test {

using namespace pickmix;

namespace {

constexpr auto go_on = [](Index, Index) { return true; };

/// `groups` tight groups of `size` rows each, group after group.
instances::Matrix grouped(Index groups, Index size, std::uint64_t seed = 1) {
  const auto centre = instances::normal(seed, groups, 16);
  auto rows = instances::normal(seed + 1, groups * size, 16);
  auto middle = centre;
  for (Index i = 0; i < groups * size; ++i)
    for (Index k = 0; k < 16; ++k) rows(i, k) = middle(i / size, k) + 0.3f * rows(i, k);
  return rows;
}

std::vector<Index> every(Index step, Index n) {
  std::vector<Index> items;
  for (Index i = 0; i < n; i += step) items.push_back(i);
  return items;
}

Index entries(const Kernel& kernel) {
  Index count = 0;
  for (Index j = 0; j < kernel.columns(); ++j) count += static_cast<Index>(kernel.sparse()->rows_of(j).size());
  return count;
}

}  // namespace

TEST_CASE("with all cells probed, what is found is all there is") {
  const auto pool = grouped(7, 61);
  const Metric metric = GENERATE(Metric(Cosine{}), Metric(Rbf{0.05}));
  const Kernel kernel = similarity(pool.view(), {.metric = metric, .storage = Storage::streamed});
  const std::vector<float> thresholds(7 * 61, 0.4f);
  const auto centres = every(61, 7 * 61);
  const Cells cells(cpu, kernel, centres);
  const Kernel found = *cells.entries_above(thresholds, 7, go_on);
  const Kernel all = *entries_above(cpu, kernel, thresholds, go_on);
  CHECK(cells.recall(thresholds).back() == 1.0);
  REQUIRE(entries(found) == entries(all));
  for (Index j = 0; j < all.columns(); ++j)
    for (Index i = 0; i < all.rows(); ++i) REQUIRE(found(i, j) == all(i, j));
}

TEST_CASE("with few cells probed, what is found is part of what there is, and recall says how much") {
  const auto pool = grouped(12, 40);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const std::vector<float> thresholds(480, 0.1f);
  const Kernel all = *entries_above(cpu, kernel, thresholds, go_on);
  const Cells cells(cpu, kernel, every(40, 480));
  const std::vector<double> recall = cells.recall(thresholds);
  REQUIRE(recall.size() == 13);
  CHECK(recall[0] == 0.0);
  CHECK(recall[1] < 0.999);
  CHECK(recall[12] == 1.0);
  CHECK(std::is_sorted(recall.begin(), recall.end()));
  for (Index probes : {1, 3, 6, 12}) {
    const Kernel found = *cells.entries_above(thresholds, probes, go_on);
    double held = 0.0, there = 0.0;
    for (Index j = 0; j < 480; ++j)
      for (Index i = 0; i < 480; ++i) {
        const float s = found(i, j);
        REQUIRE((s == 0.0f || s == all(i, j)));
        if (all(i, j) != 0.0f) there += static_cast<double>(all(i, j) - 0.1f);
        if (s != 0.0f) held += static_cast<double>(s - 0.1f);
      }
    CAPTURE(probes);
    CHECK(recall[static_cast<std::size_t>(probes)] == Approx(held / there).margin(0.05));  // measured on 256 candidates
  }
}

TEST_CASE("a row that is no centre belongs to the cell of the nearest, a centre to its own") {
  const auto pool = grouped(5, 20);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const auto centres = every(20, 100);
  const Cells cells(cpu, kernel, centres);
  std::vector<Index> cell_of(100, -1);
  for (Index v = 0; v < cells.size(); ++v)
    for (Index i : cells.members(v)) cell_of[static_cast<std::size_t>(i)] = v;
  for (Index i = 0; i < 100; ++i) {
    const Index cell = cell_of[static_cast<std::size_t>(i)];
    REQUIRE(cell >= 0);
    for (Index centre : centres) REQUIRE(kernel(i, centre) <= kernel(i, centres[static_cast<std::size_t>(cell)]));
    if (i % 20 == 0) CHECK(cell == i / 20);
  }
  const std::vector<float> thresholds(100, -2.0f);  // everything is above
  const Kernel found = *cells.entries_above(thresholds, 1, go_on);
  for (Index j = 0; j < 100; ++j)
    CHECK(std::ssize(found.sparse()->rows_of(j)) == std::ssize(cells.members(cell_of[static_cast<std::size_t>(j)])));
}

TEST_CASE("the share of all pairs counts cells by their rows") {
  const auto pool = grouped(5, 20);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const Cells even(cpu, kernel, every(20, 100)), crowded(cpu, kernel, every(99, 100));
  double pairs = 0.0;
  for (Index v = 0; v < even.size(); ++v) pairs += std::pow(static_cast<double>(even.members(v).size()), 2.0);
  CHECK(even.share(1) == Approx(pairs / 1e4));
  CHECK(even.share(5) == Approx(1.0));
  CHECK(even.share(9) == Approx(1.0));
  const auto first = static_cast<double>(crowded.members(0).size()),
             second = static_cast<double>(crowded.members(1).size());
  REQUIRE(first + second == 100.0);
  CHECK(crowded.share(1) == Approx((first * first + second * second) / 1e4));
}

TEST_CASE("a cell of more candidates than are looked at together is looked through in parts") {
  constexpr Index n = 4200;
  auto pool = grouped(1, n);
  for (Index k = 0; k < 16; ++k) pool(n - 1, k) = -pool(0, k);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const Cells cells(cpu, kernel, std::vector<Index>{0, n - 1});
  REQUIRE(cells.members(0).size() == n - 1);
  const std::vector<float> thresholds(n, 0.97f);
  Index parts = 0;
  const Kernel found = *cells.entries_above(thresholds, 2, [&](Index, Index total) {
    parts = total;
    return true;
  });
  CHECK(parts == 3);
  const Kernel all = *entries_above(cpu, kernel, thresholds, go_on);
  CHECK(entries(found) > 2 * n);
  for (Index j = 0; j < n; ++j) {
    const auto rows = found.sparse()->rows_of(j), expected = all.sparse()->rows_of(j);
    REQUIRE(std::equal(rows.begin(), rows.end(), expected.begin(), expected.end()));
  }
}

TEST_CASE("memory that runs out in an observer is not the cells'") {
  const auto pool = grouped(3, 30);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const std::vector<float> thresholds(90, 0.0f);
  const Cells cells(cpu, kernel, every(30, 90));
  CHECK_THROWS_AS(cells.entries_above(thresholds, 3, [](Index, Index) -> bool { throw std::bad_alloc(); }),
                  std::bad_alloc);
}

TEST_CASE("a row whose threshold is infinite is in no column") {
  const auto pool = grouped(3, 30);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  std::vector<float> thresholds(90, 0.0f);
  thresholds[17] = std::numeric_limits<float>::infinity();
  const Kernel found = *Cells(cpu, kernel, every(30, 90)).entries_above(thresholds, 3, go_on);
  for (Index j = 0; j < 90; ++j)
    for (auto row : found.sparse()->rows_of(j)) CHECK(row != 17);
}

TEST_CASE("where nothing is above, nothing is missed") {
  const auto pool = grouped(2, 10);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const std::vector<float> thresholds(20, 2.0f);
  const Cells cells(cpu, kernel, every(10, 20));
  CHECK(entries(*cells.entries_above(thresholds, 1, go_on)) == 0);
  CHECK(cells.recall(thresholds)[0] == 1.0);
}

TEST_CASE("the number of threads changes nothing, and a stop leaves nothing") {
  const auto pool = grouped(9, 50);
  const Kernel kernel = similarity(pool.view(), {.storage = Storage::streamed});
  const std::vector<float> thresholds(450, 0.3f);
  const Cells cells(cpu, kernel, every(50, 450));
  const Kernel one = *cells.entries_above(thresholds, 2, go_on);
  for (Index threads : {2, 3, 7}) {
    const Cells same(cpu.threads(threads), kernel, every(50, 450));
    const Kernel many = *same.entries_above(thresholds, 2, go_on);
    CHECK(same.recall(thresholds) == cells.recall(thresholds));
    REQUIRE(many.sparse()->parts.size() == one.sparse()->parts.size());
    for (std::size_t v = 0; v < one.sparse()->parts.size(); ++v) {
      CHECK(many.sparse()->parts[v].row == one.sparse()->parts[v].row);
      CHECK(many.sparse()->parts[v].value == one.sparse()->parts[v].value);
    }
  }
  const auto stop = [](Index done, Index total) {
    CHECK(total == 9);
    return done < 2;
  };
  CHECK(!cells.entries_above(thresholds, 2, stop));
}

TEST_CASE("What is found within the probes has a limit of eight bytes an entry") {
  const Kernel kernel = similarity(instances::normal(9, 300, 4).view(), {.storage = Storage::streamed});
  const std::vector<float> thresholds(300, 0.5f);
  std::vector<Index> centres;
  for (Index c = 0; c < 300; c += 15) centres.push_back(c);
  const Cells cells(cpu.threads(2), kernel, centres);
  const auto on = [](Index, Index) { return true; };
  const Kernel found = *cells.entries_above(thresholds, 5, on);
  std::uint64_t count = 0;
  for (Index j = 0; j < 300; ++j) count += found.sparse()->rows_of(j).size();
  REQUIRE(count > 100);
  CHECK(cells.entries_above(thresholds, 5, on, 8 * count));
  CHECK_THROWS_AS(cells.entries_above(thresholds, 5, on, 8 * count - 1), CapacityError);
}

TEST_CASE("Any number of thresholds but one for each row of the cells is refused by name") {
  const Kernel kernel = similarity(instances::normal(1, 50, 4).view(), {.storage = Storage::streamed});
  const std::vector<Index> centres{0, 10, 20};
  const Cells cells(cpu, kernel, centres);
  for (std::size_t count : {0u, 49u, 51u}) {
    const std::vector<float> thresholds(count, 0.0f);
    CHECK_THAT(thrown<ShapeError>([&] { (void)cells.entries_above(thresholds, 2, go_on); }),
               Catch::Matchers::StartsWith("Cells::entries_above: thresholds has"));
    CHECK_THAT(thrown<ShapeError>([&] { (void)cells.recall(thresholds); }),
               Catch::Matchers::StartsWith("Cells::recall: thresholds has"));
  }
}

}
