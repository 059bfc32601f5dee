// SPDX-License-Identifier: MIT
// Tests of kernel/neighbors.hpp.
#include <pickmix/kernel/neighbors.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/metric_definition.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace kernel_neighbors_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;

namespace {

/// Where the graph is not what sorting each row of all similarities gives.
std::string wrong(const Kernel& graph, const Kernel& all, Index k) {
  const Index n = all.rows();
  if (graph.sparse() == nullptr || graph.rows() != n || graph.columns() != n) return "no such kernel";
  const auto at = [n](Index i, Index j) { return static_cast<std::size_t>(i * n + j); };
  std::vector<char> kept(static_cast<std::size_t>(n * n), 0), expected = kept;
  for (Index j = 0; j < n; ++j) {
    const auto rows = graph.sparse()->rows_of(j);
    for (std::size_t e = 0; e < rows.size(); ++e) {
      if (graph.sparse()->values_of(j)[e] != all(rows[e], j)) return "a value is wrong";
      if (e > 0 && rows[e] <= rows[e - 1]) return "rows do not rise";
      kept[at(rows[e], j)] = 1;
    }
  }
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::vector<float> row(order.size());
  for (Index i = 0; i < n; ++i) {
    std::iota(order.begin(), order.end(), Index{0});
    for (Index j = 0; j < n; ++j) row[static_cast<std::size_t>(j)] = all(i, j);
    const auto last = order.begin() + std::min(k, n);
    std::partial_sort(order.begin(), last, order.end(), [&](Index a, Index b) {
      const float x = row[static_cast<std::size_t>(a)], y = row[static_cast<std::size_t>(b)];
      return x != y ? x > y : a < b;
    });
    for (auto j = order.begin(); j != last; ++j) expected[at(i, *j)] = 1;
  }
  return kept == expected ? "" : "other neighbours are kept";
}

}  // namespace

TEST_CASE("Neighbours are those of brute force, in every metric, around tiles, at every thread count") {
  for (const Metric& metric : support::metrics)
    for (Index n : {1, 2, 64, 192, 193, 400}) {
      const Matrix pool = instances::normal(1, n, 4);
      const Kernel all = similarity(pool.view(), {.metric = metric});
      for (Index k : {Index{1}, Index{5}, n - 1, n, n + 1, Index{INT64_MAX}}) {
        if (k < 1) continue;
        const Index threads = 1 + (n + k % 100) % 4;
        CAPTURE(metric.index(), n, k, threads);
        REQUIRE(wrong(*nearest_neighbors(cpu.threads(threads), pool.view(), k, metric), all, k) == "");
      }
    }
}

TEST_CASE("So they are where most of what is looked at is screened in bytes") {
  const Matrix distinct = instances::normal(3, 500, 48);
  for (bool copies : {false, true}) {
    const auto pool = instances::matrix(900, 48, [&](Index i, Index k) {
      return distinct.view()(copies || i < 500 ? i % 500 : i - 450, k) + (copies ? 0.0f : static_cast<float>(i % 7));
    });
    for (const Metric& metric : {Metric(Cosine{}), Metric(Dot{}), Metric(ShiftedCosine{})}) {
      const Kernel all = similarity(pool.view(), {.metric = metric});
      for (Index k : {1, 20}) {
        CAPTURE(copies, metric.index(), k);
        CHECK(wrong(*nearest_neighbors(cpu.threads(2), pool.view(), k, metric), all, k) == "");
      }
    }
  }
}

TEST_CASE("What only fills the last block is nobody's neighbour, not even where all similarities are negative") {
  Matrix pool = instances::normal(4, 500, 48);
  for (Index i = 0; i < 500; ++i)
    for (Index k = 0; k < 48; ++k)  // five rows look away from all others
      pool(i, k) = (0.1f * pool(i, k) + 1.0f) * (i % 100 == 0 ? -5.0f : 1.0f);
  const Kernel all = similarity(pool.view(), {.metric = Dot{}});
  for (Index k : {3, 6, 7}) CHECK(wrong(*nearest_neighbors(cpu, pool.view(), k, Dot{}), all, k) == "");
}

TEST_CASE("Of equal similarities the smaller index is nearer") {
  const Matrix one = instances::normal(2, 10, 3);
  const auto pool = instances::matrix(250, 3, [&](Index i, Index j) { return one.view()(i % 10, j); });
  const Kernel all = similarity(pool.view());
  for (Index k : {1, 7, 25, 26, 100})
    for (Index threads : {1, 2, 3, 7}) {
      CAPTURE(k, threads);
      CHECK(wrong(*nearest_neighbors(cpu.threads(threads), pool.view(), k, Cosine{}), all, k) == "");
    }
  const auto equal = instances::matrix(200, 2, [](Index, Index) { return 1.0f; });
  const Kernel graph = nearest_neighbors(equal.view(), 3);
  CHECK(graph.sparse()->parts[0].row.size() == 600);
  for (Index j : {0, 1, 2}) CHECK(graph.sparse()->rows_of(j).size() == 200);  // all have the first three
}

TEST_CASE("A row is its own nearest neighbour, unless it is zero") {
  Matrix pool = instances::normal(3, 30, 3);
  for (Index c = 0; c < 3; ++c) pool(20, c) = 0.0f;
  const Kernel graph = nearest_neighbors(pool.view(), 1);
  for (Index i = 0; i < 30; ++i) CHECK(graph(i, i) == (i == 20 ? Approx(0.0) : Approx(1.0)));
  CHECK(graph(20, 0) == 0.0f);  // a zero row is as near to all: the first stands for them
  CHECK(graph.sparse()->parts[0].row.size() == 30);
}

TEST_CASE("Memory that runs out in an observer is not the neighbours'") {
  const Matrix pool = instances::normal(5, 400, 3);
  const auto fails = [](const Progress&) { throw std::bad_alloc(); };
  CHECK_THROWS_AS(nearest_neighbors(cpu, pool.view(), 3, Cosine{}, fails), std::bad_alloc);
}

TEST_CASE("No neighbours, and what similarities refuse, are refused") {
  const Matrix pool = instances::normal(4, 5, 3);
  for (Index k : {Index{0}, Index{-1}, Index{INT64_MIN}})
    CHECK_THAT(thrown<ValueError>([&] { (void)nearest_neighbors(pool.view(), k); }),
               ContainsSubstring(fmt::format("nearest_neighbors: k is {}", k)));
  CHECK_THAT(thrown<ShapeError>([] { (void)nearest_neighbors(Matrix{0, 3}.view(), 2); }), ContainsSubstring("0 x 3"));
  CHECK_THAT(thrown<ValueError>([&] { (void)nearest_neighbors(pool.view(), 2, Rbf{0.0}); }),
             ContainsSubstring("gamma"));
  Matrix bad = pool;
  bad(3, 1) = std::numeric_limits<float>::infinity();
  CHECK_THAT(thrown<ValueError>([&] { (void)nearest_neighbors(bad.view(), 2); }), ContainsSubstring("(3, 1) is inf"));
}

TEST_CASE("Observers are told of every block, can stop the work, and may throw") {
  const Matrix pool = instances::normal(5, 400, 3);
  std::vector<Index> told;
  const auto watch = [&](const Progress& event) {
    CHECK(event.task == "nearest neighbours");
    CHECK(event.total == 3);
    told.push_back(event.done);
  };
  CHECK(nearest_neighbors(cpu, pool.view(), 2, Cosine{}, watch).has_value());
  CHECK(told == std::vector<Index>{1, 2, 3});
  const auto stop = [](const Progress&) { return Flow::stop; };
  const auto fail = [](const Progress&) { throw std::logic_error("enough"); };
  for (Index threads : {1, 3}) {
    CHECK_FALSE(nearest_neighbors(cpu.threads(threads), pool.view(), 2, Cosine{}, stop).has_value());
    CHECK_THROWS_AS(nearest_neighbors(cpu.threads(threads), pool.view(), 2, Cosine{}, fail), std::logic_error);
  }
}

}
