// SPDX-License-Identifier: MIT
// Tests of kernel/approximate_neighbors.hpp.
#include <pickmix/kernel/approximate_neighbors.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/metric_definition.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <set>
#include <utility>

namespace kernel_approximate_neighbors_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;

namespace {

/// 40 groups of 50 rows.
Matrix grouped() {
  const Matrix centre = instances::normal(1, 40, 16);
  Matrix rows = instances::normal(2, 2000, 16);
  for (Index i = 0; i < 2000; ++i)
    for (Index c = 0; c < 16; ++c) rows(i, c) = centre.view()(i % 40, c) + 0.3f * rows(i, c);
  return rows;
}

std::set<std::pair<Index, Index>> edges(const Kernel& graph) {
  std::set<std::pair<Index, Index>> all;
  for (Index j = 0; j < graph.columns(); ++j)
    for (auto row : graph.sparse()->rows_of(j)) all.insert({Index{row}, j});
  return all;
}

}  // namespace

TEST_CASE("Each row has k neighbours, of which the measured share are the true ones") {
  const Matrix pool = grouped();
  const auto exact = edges(nearest_neighbors(pool.view(), 10));
  const NeighborGraph graph = approximate_neighbors(pool.view(), 10, {.wanted_recall = 0.9});
  CHECK(graph.recall >= 0.9);
  CHECK(graph.recall < 1.0);
  const auto found = edges(graph.kernel);
  CHECK(found.size() == exact.size());
  std::size_t same = 0;
  for (const auto& edge : found) same += exact.count(edge);
  CHECK(static_cast<double>(same) / static_cast<double>(exact.size()) == Approx(graph.recall).margin(0.05));
}

TEST_CASE("Rows rise within a column and values are those of the kernel, in every metric") {
  const Matrix pool = grouped();
  for (const Metric& metric : support::metrics) {
    const Kernel all = similarity(pool.view(), {.metric = metric});
    const NeighborGraph graph = approximate_neighbors(pool.view(), 3, {.metric = metric, .wanted_recall = 0.7});
    for (Index j = 0; j < 2000; ++j) {
      const auto rows = graph.kernel.sparse()->rows_of(j);
      REQUIRE(std::is_sorted(rows.begin(), rows.end()));
      for (std::size_t e = 0; e < rows.size(); ++e) REQUIRE(graph.kernel.sparse()->values_of(j)[e] == all(rows[e], j));
    }
  }
}

TEST_CASE("Where near cells do not hold what is wanted, all pairs are compared") {
  for (Index n : {1, 2, 7, 30}) {
    const Matrix pool = instances::normal(3, n, 8);
    const NeighborGraph graph = approximate_neighbors(pool.view(), 4, {.wanted_recall = 1.0});
    CHECK(graph.recall == 1.0);
    CHECK(edges(graph.kernel) == edges(nearest_neighbors(pool.view(), 4)));
  }
}

TEST_CASE("The number of threads changes nothing; the seed draws other cells") {
  const Matrix pool = grouped();
  const ApproximateNeighborsOptions options{.wanted_recall = 0.8};
  const auto one = *approximate_neighbors(cpu, pool.view(), 5, options);
  for (Index threads : {2, 3, 7}) {
    const auto many = *approximate_neighbors(cpu.threads(threads), pool.view(), 5, options);
    CHECK(many.recall == one.recall);
    CHECK(edges(many.kernel) == edges(one.kernel));
  }
  CHECK(edges(approximate_neighbors(pool.view(), 5, {.wanted_recall = 0.8, .seed = 1}).kernel) != edges(one.kernel));
}

TEST_CASE("Progress is told by cells, and a stop leaves nothing") {
  const Matrix pool = grouped();
  Index last = 0;
  const auto watch = [&](const Progress& event) {
    CHECK(event.total == 126);  // √(8 · 2000)
    last = event.done;
  };
  CHECK(approximate_neighbors(cpu, pool.view(), 5, {.wanted_recall = 0.8}, watch).has_value());
  CHECK(last == 126);
  const auto stop = [](const Progress&) { return Flow::stop; };
  CHECK_FALSE(approximate_neighbors(cpu, pool.view(), 5, {.wanted_recall = 0.8}, stop).has_value());
}

TEST_CASE("Memory that runs out in an observer is not the search's, whether near cells or all pairs are compared") {
  const Matrix near_ones = grouped(), few = instances::normal(3, 30, 8);
  const auto fails = [](const Progress&) { throw std::bad_alloc(); };
  for (const Matrix& pool : {near_ones, few})
    CHECK_THROWS_AS(approximate_neighbors(cpu, pool.view(), 5, {.wanted_recall = 0.8}, fails), std::bad_alloc);
}

TEST_CASE("Wrong options are refused by name") {
  const Matrix pool = instances::normal(4, 10, 3);
  CHECK_THROWS_WITH(approximate_neighbors(pool.view(), 0), ContainsSubstring("k is 0"));
  for (double recall : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(approximate_neighbors(pool.view(), 1, {.wanted_recall = recall}), ValueError);
}

}
