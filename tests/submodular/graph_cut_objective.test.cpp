// SPDX-License-Identifier: MIT
// Graph cut on every kind of kernel: values by definition, laws, ties.
#include <pickmix/submodular/graph_cut_objective.hpp>

#include <pickmix/core/rng.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/brute_force.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

namespace submodular_graph_cut_objective_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(BatchedObjective<GraphCutObjective> && has_diminishing_returns<GraphCutObjective>);

namespace {

struct Definition {
  Kernel s;
  double lambda;

  double operator()(Items list) const {
    const auto set = set_function::items(list);
    double value = 0.0;
    for (Index j : set) {
      for (Index i = 0; i < s.rows(); ++i) value += static_cast<double>(s(i, j));
      for (Index i : set) value -= lambda * static_cast<double>(s(i, j));
    }
    return value;
  }
};

Matrix symmetric(const Matrix& one) {
  return instances::matrix(one.rows, one.rows, [&](Index i, Index j) { return one.view()(i, j) + one.view()(j, i); });
}

Kernel of(const Matrix& rows, const Metric& metric, Storage storage) {
  return similarity(rows.view(), {.metric = metric, .storage = storage});
}

}  // namespace

TEST_CASE("Graph cut objective: the values of three items are those computed by hand, from both entries of a pair") {
  GraphCutObjective f(set_function::kernel({3, 3, {1, 2, 3, 40, 5, 6, 70, 80, 9}}), 0.5);
  CHECK(f.size() == 3);
  CHECK(f.gain(1) == 87.0 - 2.5);
  f.add(0);
  CHECK(f.gain(1) == 87.0 - 0.5 * (5.0 + 2.0 + 40.0));
  CHECK(f.gain(0) == 0.0);
}

TEST_CASE("Stored kernels keep the laws, symmetric and not") {
  for (double lambda : {0.0, 0.4, 3.0}) {
    const Kernel own = set_function::kernel(set_function::uniform(1, 15, 15));
    set_function::check_submodular(GraphCutObjective(own, lambda), Definition{own, lambda}, 1e-12);
    const Kernel mirrored = set_function::kernel(symmetric(set_function::quarters(2, 20, 20)));
    set_function::check_submodular(GraphCutObjective(mirrored, lambda), Definition{mirrored, lambda}, 1e-12);
  }
}

TEST_CASE("Streamed and half-size kernels keep the laws") {
  const Matrix rows = instances::normal(3, 40, 6);
  const Metric metric = GENERATE(Metric{ShiftedCosine{}}, Metric{Rbf{0.2}});
  for (Storage storage : {Storage::streamed, Storage::half, Storage::full}) {
    const Kernel kernel = of(rows, metric, storage);
    const GraphCutObjective f(kernel, 0.5);
    CHECK(f.diminishing_returns_hold());
    set_function::check_submodular(f, Definition{set_function::stored(kernel), 0.5}, 1e-5);
  }
}

TEST_CASE("A sparse kernel counts what is not stored as zero") {
  auto entries = std::make_shared<SparseEntries>(9);
  Matrix dense{9, 9};
  const Matrix values = set_function::uniform(4, 9, 9);
  const bool mirrored = GENERATE(false, true);
  for (Index j = 0; j < 9; ++j) {
    SparseEntries::Part column;
    for (Index i = 0; i < 9; ++i)
      if ((i + j) % 3 != 1) {
        column.row.push_back(static_cast<std::uint32_t>(i));
        column.value.push_back(mirrored ? values.view()(std::min(i, j), std::max(i, j)) : values.view()(i, j));
        dense(i, j) = column.value.back();
      }
    const std::size_t count = column.row.size();
    entries->take(std::move(column), std::span(&j, 1), std::span(&count, 1));
  }
  const Kernel kernel(9, 9, std::shared_ptr<const SparseEntries>(entries));
  set_function::check_submodular(GraphCutObjective(kernel, 0.5), Definition{set_function::kernel(dense), 0.5}, 1e-12);
}

TEST_CASE("Where similarities may be negative, lazy greedy does the work of naive greedy") {
  const Matrix rows = instances::normal(5, 50, 4);
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{Dot{}});
  for (Storage storage : {Storage::streamed, Storage::full}) {
    const Kernel kernel = of(rows, metric, storage);
    const GraphCutObjective f(kernel, 0.5);
    CHECK_FALSE(f.diminishing_returns_hold());
    CHECK(GraphCutObjective(kernel, 0.0).diminishing_returns_hold());
    set_function::check_set_function(f, Definition{set_function::stored(kernel), 0.5}, 1e-4);
    CHECK(laws::lazy_is_naive(f, 20) == "");
  }
}

TEST_CASE("Rows and candidates may be computed from different embeddings") {
  const Matrix rows = instances::normal(6, 30, 5), columns = instances::normal(7, 30, 5);
  const Metric metric = GENERATE(Metric{ShiftedCosine{}}, Metric{Rbf{0.2}});
  const Kernel kernel = similarity(rows.view(), columns.view(), {.metric = metric, .storage = Storage::streamed});
  set_function::check_submodular(GraphCutObjective(kernel, 0.5), Definition{set_function::stored(kernel), 0.5}, 1e-5);
}

TEST_CASE("Graph cut objective: streamed and dense kernels give the same picks") {
  const Matrix rows = instances::normal(8, 700, 24);
  const Metric metric = GENERATE(Metric{ShiftedCosine{}}, Metric{Rbf{0.05}}, Metric{Cosine{}});
  GraphCutObjective streamed(of(rows, metric, Storage::streamed), 0.5), dense(of(rows, metric, Storage::full), 0.5);
  CHECK(maximize(streamed, Count{50}, LazyGreedy{}).indices == maximize(dense, Count{50}, LazyGreedy{}).indices);
}

TEST_CASE("Many items on many threads change no bit") {
  const Matrix rows = instances::normal(9, 500, 9);
  const Metric metric = GENERATE(Metric{ShiftedCosine{}}, Metric{Rbf{0.1}}, Metric{Cosine{}});
  const GraphCutObjective f(of(rows, metric, Storage::streamed), 0.5);
  CHECK(laws::threads_change_nothing(f, 40, LazyGreedy{}) == "");
  CHECK(laws::threads_change_nothing(f, 10, NaiveGreedy{}) == "");
}

TEST_CASE("Gains fall or stay, to the last bit, for opposite rows, equal rows and rows of zeros") {
  const Matrix some = instances::normal(10, 20, 12);
  const Matrix rows = instances::matrix(60, 12, [&](Index i, Index k) {
    return i % 20 == 7 ? 0.0f : (i < 20 ? 1.0f : i < 40 ? -1.0f : 3.0f) * some.view()(i % 20, k);
  });
  for (Storage storage : {Storage::streamed, Storage::full}) {
    const GraphCutObjective f(of(rows, ShiftedCosine{}, storage), GENERATE(1e-6, 0.5, 40.0));
    CHECK(f.diminishing_returns_hold());
    CHECK(laws::diminishing_returns(f) == "");
    CHECK(laws::lazy_is_naive(f, 60) == "");
  }
  CHECK(laws::diminishing_returns(
            GraphCutObjective(set_function::kernel(symmetric(set_function::of_all_sizes(11, 60, 60))), 0.5)) == "");
}

TEST_CASE("Of equal items, the smaller index is picked") {
  const Matrix one = instances::normal(12, 70, 10);
  const Matrix rows = instances::matrix(210, 10, [&](Index i, Index k) { return one.view()(i % 70, k); });
  const Metric metric = GENERATE(Metric{ShiftedCosine{}}, Metric{Rbf{0.1}}, Metric{Cosine{}});
  for (Storage storage : {Storage::streamed, Storage::full}) {
    GraphCutObjective f(of(rows, metric, storage), 0.5);
    for (Index j = 0; j < 70; ++j) CHECK((f.gain(j) == f.gain(j + 70) && f.gain(j) == f.gain(j + 140)));
    const auto s = maximize(f, Count{30}, LazyGreedy{});
    std::vector<int> copies(70, 0);
    for (Index j : s.indices) CHECK(j / 70 == copies[static_cast<std::size_t>(j % 70)]++);
  }
}

TEST_CASE("Rounding noise below 0 counts as 0, and more does not") {
  const auto with = [](float s) { return GraphCutObjective(set_function::kernel({2, 2, {1, s, s, 1}}), 0.5); };
  CHECK(with(-5e-7f).diminishing_returns_hold());
  CHECK_FALSE(with(-5e-3f).diminishing_returns_hold());
  const auto scaled = [](float s) {  // noise is small beside the other similarities
    return GraphCutObjective(set_function::kernel({2, 2, {1e-8f, s, s, 1e-8f}}), 0.5);
  };
  CHECK(scaled(-5e-15f).diminishing_returns_hold());
  CHECK_FALSE(scaled(-5e-9f).diminishing_returns_hold());
  CHECK_FALSE(scaled(-5e-9f).monotone_holds());
  auto f = with(-5e-7f);
  const double before = f.gain(1);
  f.add(0);
  CHECK(f.gain(1) == before);
}

TEST_CASE("An offset of the wrong length is refused") {
  const std::vector<double> offset(2);
  CHECK_THAT(thrown<ShapeError>([&] {
               GraphCutObjective(set_function::kernel({1, 1, {1}}), 0.5, offset);
             }),
             ContainsSubstring("offset has 2 entries"));
}

TEST_CASE("Graph cut objective: copies share the kernel and not the set") {
  const GraphCutObjective f(of(instances::normal(13, 5, 3), ShiftedCosine{}, Storage::streamed), 0.5);
  auto other = f;
  other.add(0);
  CHECK(other.gain(1) < f.gain(1));
}

TEST_CASE("Where items can lower the objective, the certificate holds all the same") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RandomStream random(seed, 1);
    Matrix s{8, 8};
    for (Index i = 0; i < 8; ++i)
      for (Index j = 0; j <= i; ++j) s(i, j) = s(j, i) = i == j ? 1.0f : static_cast<float>(random.uniform());
    GraphCutObjective f(Kernel(s.view()), 2.0), g = f;
    REQUIRE((f.diminishing_returns_hold() && !f.monotone_holds()));
    const double optimum = maximize(g, Count{4}, BruteForce{}).value;
    CAPTURE(seed);
    CHECK(maximize(f, Count{4}, LazyGreedy{}).upper_bound >= optimum);
  }
}

TEST_CASE("Where no item lowers the objective, rounding does not end a selection before its budget is full") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomStream random(seed, 1);
    const Index n = 5 + random.below(30);
    Matrix entries{n, n};
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < i; ++j)
        entries(i, j) = entries(j, i) = static_cast<float>(std::pow(10.0, -9.0 * random.uniform()));
    GraphCutObjective f(set_function::kernel(entries), 0.5);
    REQUIRE(f.monotone_holds());
    CHECK(std::ssize(maximize(f, Count{n}, LazyGreedy{}).indices) == n);
  }
}

TEST_CASE("It is monotone where it says so") {
  const Kernel kernel = of(instances::normal(21, 40, 5), ShiftedCosine{}, Storage::full);
  CHECK(GraphCutObjective(kernel, 0.5).monotone_holds());
  CHECK(laws::monotone(GraphCutObjective(kernel, 0.45)) == "");
  CHECK(!GraphCutObjective(kernel, 0.51).monotone_holds());
  CHECK(!GraphCutObjective(kernel, 0.3, std::vector<double>(40, -0.1)).monotone_holds());
  CHECK(GraphCutObjective(std::vector<double>{1.0, 0.0}).monotone_holds());
  CHECK(!GraphCutObjective(std::vector<double>{1.0, -1.0}).monotone_holds());
}

}
