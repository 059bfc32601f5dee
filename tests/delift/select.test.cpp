// SPDX-License-Identifier: MIT
// delift::select(): from a pool of embeddings, or a kernel, to a subset.
#include <pickmix/delift/select.hpp>

#include <pickmix/submodular/naive_greedy.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/thrown.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::select;
using instances::Matrix;

namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr delift::InstructionTuning tuning;

static_assert(delift::Source<Kernel> && delift::Source<MatrixView<float>> && delift::Source<Rows>);
static_assert(!delift::Source<std::vector<float>>);

/// Ten tight clusters of `each` rows; row r belongs to cluster r / each.
Matrix clusters(Index each) {
  Matrix centre = instances::normal(1, 10, 32), noise = instances::normal(2, 10 * each, 32);
  return instances::matrix(10 * each, 32, [&](Index i, Index j) { return centre(i / each, j) + 0.05f * noise(i, j); });
}

bool same(const Selection& a, const Selection& b) {
  return a.indices == b.indices && a.gains == b.gains && a.value == b.value && a.upper_bound == b.upper_bound;
}

std::vector<Index> first(Index n) {
  std::vector<Index> indices(static_cast<std::size_t>(n));
  std::iota(indices.begin(), indices.end(), Index{0});
  return indices;
}

}  // namespace

TEST_CASE("Ten picks represent ten clusters") {
  const Matrix pool = clusters(40);
  const auto s = select(pool.view(), tuning, Count{10});
  std::set<Index> seen;
  for (Index i : s.indices) seen.insert(i / 40);
  CHECK(seen.size() == 10);
  CHECK(s.gains.size() == 10);
  CHECK(std::is_sorted(s.gains.rbegin(), s.gains.rend()));
  CHECK(s.value <= s.upper_bound * (1 + 1e-9));
  CHECK(s.value / s.upper_bound > 0.9);
  CHECK(s.reason == StopReason::budget_reached);
}

TEST_CASE("The value is the sum over all rows of the largest cosine to a pick") {
  Matrix pool = instances::normal(3, 60, 5);
  const auto norm = [&](Index i) {
    double squares = 0.0;
    for (Index c = 0; c < 5; ++c) squares += static_cast<double>(pool(i, c)) * static_cast<double>(pool(i, c));
    return std::sqrt(squares);
  };
  const auto s = select(pool.view(), tuning, Count{6});
  double expected = 0.0;
  for (Index i = 0; i < 60; ++i) {
    double served = 0.0;
    for (Index j : s.indices) {
      double product = 0.0;
      for (Index c = 0; c < 5; ++c) product += static_cast<double>(pool(i, c)) * static_cast<double>(pool(j, c));
      served = std::max(served, product / (norm(i) * norm(j)));
    }
    expected += served;
  }
  CHECK(s.value == Approx(expected).epsilon(1e-5));
}

TEST_CASE("Eigen matrices, blocks of them, and views select the same") {
  Matrix pool = instances::normal(4, 30, 6);
  Rows rows(30, 6), wide = Rows::Constant(32, 9, 7.0f);
  for (Index i = 0; i < 30; ++i)
    for (Index j = 0; j < 6; ++j) rows(i, j) = wide(i + 1, j + 2) = pool(i, j);
  const auto expected = select(pool.view(), tuning, Count{5});
  CHECK(same(select(rows, tuning, Count{5}), expected));
  CHECK(same(select(wide.block(1, 2, 30, 6), tuning, Count{5}), expected));
  CHECK(same(select(MatrixView<float>(pool.entries.data(), 30, 6), tuning, Count{5}), expected));
}

TEST_CASE("The scale of a row is not seen") {
  Matrix pool = instances::normal(5, 40, 8);
  const auto expected = select(pool.view(), tuning, Count{7});
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j < 8; ++j) pool(i, j) *= static_cast<float>(std::ldexp(1.0, static_cast<int>(i) - 20));
  CHECK(same(select(pool.view(), tuning, Count{7}), expected));
}

TEST_CASE("A kernel is taken as it is, rows to be represented by candidates") {
  const auto kernel = instances::real(6, 25, 40);
  auto f = FacilityLocationObjective(kernel);
  const auto s = select(kernel, tuning, Count{8});
  CHECK(same(s, maximize(f, Count{8}, NaiveGreedy{})));
  CHECK(s.value == Approx(FacilityLocationDefinition{kernel}(s.indices)).epsilon(1e-6));
  CHECK(select(kernel, tuning, Fraction{0.5}).indices.size() == 20);
}

TEST_CASE("A pool and its own kernel select the same") {
  const Matrix pool = instances::normal(7, 300, 10);
  CHECK(same(select(pool.view(), tuning, Count{20}), select(similarity(pool.view()), tuning, Count{20})));
}

TEST_CASE("The number of threads changes no bit") {
  const Matrix pool = instances::normal(8, 450, 12);
  const auto one = select(pool.view(), tuning, Fraction{0.1});
  CHECK(one.indices.size() == 45);
  for (Index threads : {1, 2, 3, 7}) CHECK(same(select(cpu.threads(threads), pool.view(), tuning, Fraction{0.1}), one));
}

TEST_CASE("An executor, a family, options and an observer may all be given") {
  const auto kernel = instances::real(9, 20, 20);
  int steps = 0;
  const auto count = [&](const SelectionStep&) { ++steps; };
  const auto s = select(cpu.threads(2), kernel, tuning, Count{4}, FacilityLocation{}, delift::Options{}, count);
  CHECK(steps == 4);
  CHECK(same(s, select(kernel, tuning, Count{4})));
}

TEST_CASE("A stage and a family of one's own are used") {
  struct Family {
    auto special(const Kernel& kernel) const { return FacilityLocationObjective(kernel); }
  };
  struct Stage {
    auto objective(const Family& family, const Kernel& kernel) const {
      auto f = family.special(kernel);
      f.add(3);
      return f;
    }
  };
  const auto kernel = instances::kernel(5, 5, [](Index i, Index j) { return i == j ? 1.0f : 0.0f; });
  CHECK(select(kernel, Stage{}, Count{5}, Family{}).indices == std::vector<Index>{0, 1, 2, 4, 3});
}

TEST_CASE("One row is selected") {
  const auto s = select(Matrix{1, 2, {3.0f, 4.0f}}.view(), tuning, Fraction{0.01});
  CHECK(s.indices == std::vector<Index>{0});
  CHECK(s.value == Approx(1.0).epsilon(1e-6));
}

TEST_CASE("Of equal rows the first does it all, and the others follow in order with no gain") {
  const auto pool = instances::matrix(200, 3, [](Index, Index j) { return static_cast<float>(j + 1); });
  const auto s = select(pool.view(), tuning, Count{200});
  CHECK(s.indices == first(200));
  CHECK(s.gains[0] == Approx(200.0).epsilon(1e-5));
  CHECK(std::all_of(s.gains.begin() + 1, s.gains.end(), [](double gain) { return gain == 0.0; }));
}

TEST_CASE("Zero rows are similar to nothing and come last") {
  Matrix pool = instances::normal(10, 40, 4);
  for (Index j = 0; j < 4; ++j) pool(0, j) = pool(3, j) = 0.0f;
  const auto s = select(pool.view(), tuning, Count{40});
  CHECK(std::vector<Index>(s.indices.end() - 2, s.indices.end()) == std::vector<Index>{0, 3});
  CHECK(s.value == Approx(38.0).epsilon(1e-6));
}

TEST_CASE("A pool of zero rows is worth nothing and is selected in order") {
  const auto s = select(Matrix{5, 3}.view(), tuning, Count{3});
  CHECK(s.indices == first(3));
  CHECK(s.value == 0.0);
}

TEST_CASE("A budget of the whole pool selects it; a larger one says that it is exhausted") {
  const Matrix pool = instances::normal(11, 12, 4);
  const auto s = select(pool.view(), tuning, Count{12});
  CHECK(std::set<Index>(s.indices.begin(), s.indices.end()).size() == 12);
  CHECK(s.reason == StopReason::budget_reached);
  CHECK(select(pool.view(), tuning, Count{13}).reason == StopReason::pool_exhausted);
}

TEST_CASE("An empty pool is refused") {
  CHECK_THAT(thrown<ShapeError>([] {
               (void)select(Matrix{0, 4}.view(), tuning, Count{1});
             }),
             ContainsSubstring("0 x 4"));
  CHECK_THAT(thrown<ShapeError>([] {
               (void)select(Matrix{4, 0}.view(), tuning, Count{1});
             }),
             ContainsSubstring("4 x 0"));
  CHECK_THAT(thrown<ShapeError>([] { (void)select(MatrixView<const float>(), tuning, Fraction{0.5}); }),
             ContainsSubstring("0 x 0"));
}

TEST_CASE("An entry that is not finite is refused with its row and column") {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Matrix pool = instances::normal(12, 30, 8);
    pool(17, 5) = bad;
    CHECK_THAT(thrown<ValueError>([&] { (void)select(pool.view(), tuning, Count{3}); }),
               ContainsSubstring("pool(17, 5)"));
  }
}

TEST_CASE("A budget out of range is refused before the similarities are computed") {
  Matrix pool = instances::normal(13, 30, 8);
  pool(17, 5) = std::numeric_limits<float>::quiet_NaN();  // would be complained about first
  CHECK_THAT(thrown<ValueError>([&] { (void)select(pool.view(), tuning, Fraction{1.5}); }),
             ContainsSubstring("Fraction: of_pool is 1.5"));
  CHECK_THAT(thrown<ValueError>([&] { (void)select(pool.view(), tuning, Count{-2}); }), ContainsSubstring("Count"));
}

TEST_CASE("A memory limit is kept to the byte, and the error says how to go on") {
  const Matrix pool = instances::normal(14, 10, 4);
  CHECK(select(pool.view(), tuning, Count{1}, FacilityLocation{}, {.memory_limit = 400}).indices.size() == 1);
  const auto work = [&] { (void)select(pool.view(), tuning, Count{1}, FacilityLocation{}, {.memory_limit = 399}); };
  CHECK_THAT(thrown<CapacityError>(work), ContainsSubstring("10 rows") && ContainsSubstring("memory_limit"));
}

TEST_CASE("The default memory limit refuses 32,769 rows before any work") {
  const Matrix pool{32769, 1};
  CHECK_THAT(thrown<CapacityError>([&] { (void)select(pool.view(), tuning, Count{1}); }), ContainsSubstring("32769"));
}

TEST_CASE("An observer of progress alone hears of the similarities, tile by tile") {
  const Matrix pool = instances::normal(15, 500, 4);
  std::vector<Index> done;
  const auto watch = [&](const Progress& event) {
    CHECK(event.task == "similarity");
    CHECK(event.total == 6);  // three by three tiles, the upper triangle
    done.push_back(event.done);
  };
  (void)select(pool.view(), tuning, Count{3}, FacilityLocation{}, {}, watch);
  CHECK(done == std::vector<Index>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("An observer of both events hears of both") {
  struct Both {
    int progress = 0, steps = 0;
    void operator()(const Progress&) { ++progress; }
    Flow operator()(const SelectionStep&) {
      ++steps;
      return Flow::proceed;
    }
  } both;
  (void)select(instances::normal(16, 50, 4).view(), tuning, Count{3}, FacilityLocation{}, {}, both);
  CHECK(both.progress == 1);
  CHECK(both.steps == 3);
}

TEST_CASE("A stop while similarities are computed selects nothing") {
  const Matrix pool = instances::normal(17, 500, 4);
  int steps = 0;
  const auto stop = [](const Progress& event) { return event.done >= 2 ? Flow::stop : Flow::proceed; };
  const auto count = [&](const SelectionStep&) { ++steps; };
  const auto s = select(pool.view(), tuning, Count{3}, FacilityLocation{}, {}, stop, count);
  CHECK(s.indices.empty());
  CHECK(s.value == 0.0);
  CHECK(s.reason == StopReason::stopped_by_observer);
  CHECK(steps == 0);
}

TEST_CASE("A stop while items are selected keeps what was selected") {
  const Matrix pool = instances::normal(18, 50, 4);
  const auto stop = [](const SelectionStep& step) { return step.picked == 4 ? Flow::stop : Flow::proceed; };
  const auto s = select(pool.view(), tuning, Fraction{0.5}, FacilityLocation{}, {}, stop);
  CHECK(s.reason == StopReason::stopped_by_observer);
  CHECK(s.indices == select(pool.view(), tuning, Count{4}).indices);
}

TEST_CASE("What an observer throws passes through, from either part of the work") {
  const Matrix pool = instances::normal(19, 50, 4);
  const auto at_progress = [](const Progress&) { throw std::logic_error("progress"); };
  const auto at_step = [](const SelectionStep&) { throw std::logic_error("step"); };
  const auto with = [&](auto observer) {
    return thrown<std::logic_error>(
        [&] { (void)select(cpu.threads(2), pool.view(), tuning, Count{3}, FacilityLocation{}, {}, observer); });
  };
  CHECK(with(at_progress) == "progress");
  CHECK(with(at_step) == "step");
}
