// SPDX-License-Identifier: MIT
// delift::select(): from a pool of embeddings, or a kernel, to a subset.
#include <pickmix/delift/select.hpp>

#include <pickmix/submodular/graph_cut.hpp>
#include <pickmix/submodular/log_determinant.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/without.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

namespace delift_select_test {

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

struct OwnFamily {
  auto special(const Kernel& kernel) const { return FacilityLocationObjective(kernel); }
};
struct OwnStage {
  template <class MakeReference>
  auto objective(const OwnFamily& family, const Kernel& kernel, const MakeReference&) const {
    auto f = family.special(kernel);
    f.add(3);
    return f;
  }
  bool needs_pool(const OwnFamily&) const { return true; }
};

/// Facility location with a bonus for item 17.
struct FavouredObjective {
  static constexpr bool diminishing_returns = true;
  FacilityLocationObjective served;
  bool held = false;
  Index size() const { return served.size(); }
  double gain(Index j) const { return served.gain(j) + (j == 17 && !held ? 1000.0 : 0.0); }
  void add(Index j) {
    served.add(j);
    held = held || j == 17;
  }
  void reset() {
    served.reset();
    held = false;
  }
};
struct FavouredStage {
  template <class MakeReference>
  auto objective(const FacilityLocation& family, const Kernel& kernel, const MakeReference&) const {
    return FavouredObjective{family.plain(kernel)};
  }
  bool needs_pool(const FacilityLocation&) const { return true; }
};

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

TEST_CASE("Select: the number of threads changes no bit") {
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
  const auto kernel = instances::kernel(5, 5, [](Index i, Index j) { return i == j ? 1.0f : 0.0f; });
  CHECK(select(kernel, OwnStage{}, Count{5}, OwnFamily{}).indices == std::vector<Index>{0, 1, 2, 4, 3});
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

TEST_CASE("A memory limit that similarities do not fit into changes no pick") {
  const Matrix pool = instances::normal(14, 500, 4);
  const auto expected = select(pool.view(), tuning, Count{40});
  CHECK(same(select(pool.view(), tuning, Count{40}, FacilityLocation{}, {.memory_limit = 1000}), expected));
}

TEST_CASE("An observer of progress alone hears of the similarities, block by block") {
  const Matrix pool = instances::normal(15, 500, 4);
  std::vector<Index> done;
  const auto watch = [&](const Progress& event) {
    CHECK(event.task == "similarity");
    CHECK(event.total == 3);
    done.push_back(event.done);
  };
  (void)select(pool.view(), tuning, Count{3}, FacilityLocation{}, {}, watch);
  CHECK(done == std::vector<Index>{1, 2, 3});
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

TEST_CASE("A target's clusters are preferred; what is known is not selected again") {
  const Matrix pool = clusters(40);
  Matrix target{6, 32};
  for (Index i = 0; i < 6; ++i)
    for (Index c = 0; c < 32; ++c) target(i, c) = pool.view()((i % 2 == 0 ? 3 : 7) * 40 + i, c);
  const auto task = select(pool.view(), delift::TaskSpecific{target.view()}, Count{20});
  CHECK(std::count_if(task.indices.begin(), task.indices.end(), [](Index i) { return i / 40 == 3 || i / 40 == 7; }) >=
        18);

  const MatrixView<const float> known(pool.entries.data(), 200, 32);
  const auto fresh = select(pool.view(), delift::Continual{known}, Fraction{0.0125});
  CHECK(fresh.indices.size() == 5);
  CHECK(std::all_of(fresh.indices.begin(), fresh.indices.end(), [](Index i) { return i >= 200; }));
}

TEST_CASE("A selection is a kernel, a family and a maximiser, for embeddings and for references") {
  const Matrix pool = instances::normal(20, 260, 6), other = instances::normal(21, 7, 6);
  for (const Metric& metric : {Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Dot{}}, Metric{Rbf{0.3}}}) {
    const Kernel kernel = similarity(pool.view(), {.metric = metric});
    const Reference reference{similarity(other.view(), pool.view(), {.metric = metric})};
    const auto check = [&](const auto& stage, const auto& by_reference, const FacilityLocation& family,
                           FacilityLocationObjective f) {
      const auto expected = maximize(f, Count{12}, NaiveGreedy{});
      CHECK(expected.indices.size() == 12);
      constexpr std::uint64_t half = 7 * 260 * 2;  // the reference in 16 bits
      for (std::uint64_t limit : {std::uint64_t{1}, half, UINT64_MAX})
        for (bool exact : {false, true}) {
          if (limit == half && !exact) continue;  // near ties may be broken otherwise
          CAPTURE(metric.index(), static_cast<int>(family.form), limit, exact);
          const delift::Options options{.metric = metric, .memory_limit = limit, .exact = exact};
          CHECK(same(select(cpu.threads(2), pool.view(), stage, Count{12}, family, options), expected));
          CHECK(same(select(pool.view(), by_reference, Count{12}, family, options), expected));
          CHECK(same(select(kernel, by_reference, Count{12}, family), expected));
        }
    };
    check(tuning, tuning, {}, FacilityLocation{}.plain(kernel));
    for (TargetForm form : {TargetForm::query, TargetForm::pool, TargetForm::relevance})
      check(delift::TaskSpecific{other.view(), 0.5}, delift::TaskSpecific{reference, 0.5}, {form},
            FacilityLocation{form}.mutual_information(kernel, reference, 0.5));
    check(delift::Continual{other.view(), 0.8}, delift::Continual{reference, 0.8}, {},
          FacilityLocation{}.conditional_gain(kernel, reference, 0.8));
  }
}

TEST_CASE("Eigen matrices can be targets and known data") {
  const Matrix pool = instances::normal(22, 40, 6), other = instances::normal(23, 4, 6);
  Rows rows(4, 6);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 6; ++j) rows(i, j) = other.view()(i, j);
  CHECK(same(select(pool.view(), delift::TaskSpecific{rows}, Count{5}),
             select(pool.view(), delift::TaskSpecific{other.view()}, Count{5})));
  CHECK(same(select(pool.view(), delift::Continual{rows}, Count{5}),
             select(pool.view(), delift::Continual{other.view()}, Count{5})));
}

TEST_CASE("A wrong family or metric is refused before similarities are computed") {
  const Matrix pool = instances::normal(30, 300, 4);
  int told = 0;
  const auto count = [&](const Progress&) { ++told; };
  CHECK_THROWS_AS(select(pool.view(), tuning, Count{5}, GraphCut{.lambda = -1.0}, {}, count), ValueError);
  CHECK_THROWS_AS(select(pool.view(), tuning, Count{5}, LogDeterminant{.epsilon = -1.0}, {}, count), ValueError);
  CHECK_THROWS_AS(select(pool.view(), tuning, Count{5}, FacilityLocation{}, {.metric = Rbf{-1.0}}, count), ValueError);
  for (const Metric& metric : {Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Dot{}}, Metric{Rbf{0.3}}})
    CHECK_THAT(thrown<ValueError>([&] {
                 (void)select(pool.view(), tuning, Count{5}, LogDeterminant{1e-4}, {.metric = metric}, count);
               }),
               ContainsSubstring("LogDeterminant: epsilon is 0.0001"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(pool.view(), delift::Continual{pool.view()}, Count{5}, LogDeterminant{1e-4}, {}, count);
             }),
             ContainsSubstring("LogDeterminant: epsilon is 0.0001"));
  CHECK(told == 0);
  (void)select(pool.view(), tuning, Count{5}, GraphCut{.lambda = 0.4}, {}, count);
  CHECK(told > 0);
}

TEST_CASE("A stage's data that do not fit are refused before similarities are computed") {
  const Matrix pool = instances::normal(30, 300, 4), narrow = instances::normal(31, 3, 3);
  Matrix broken = instances::normal(32, 3, 4);
  broken(2, 1) = std::numeric_limits<float>::infinity();
  int told = 0;
  const auto count = [&](const Progress&) { ++told; };
  const auto refused = [&](const auto& stage) {
    CHECK_THROWS_AS(select(pool.view(), stage, Count{5}, FacilityLocation{}, {}, count), Error);
  };
  const delift::TaskSpecific target{pool.view()};
  refused(delift::Continual{narrow.view()});
  refused(delift::Continual{broken.view()});
  refused(delift::Continual{delift::Rows{0, 3}});
  refused(delift::Continual{Reference{instances::real(33, 3, 299)}});
  refused(delift::Composite{target, delift::Continual{broken.view()}});
  delift::Continual changed{pool.view()};
  changed.nu = -1.0;
  refused(changed);
  refused(delift::Composite{target, changed});
  const Reference bare{instances::real(33, 3, 300)}, wide{bare.to_pool, instances::real(34, 4, 4)};
  CHECK_THAT(thrown<ValueError>(
                 [&] { (void)select(pool.view(), delift::Continual{bare}, Count{5}, LogDeterminant{}, {}, count); }),
             ContainsSubstring("known.within is missing"));
  CHECK_THAT(thrown<ShapeError>(
                 [&] { (void)select(pool.view(), delift::TaskSpecific{wide}, Count{5}, LogDeterminant{}, {}, count); }),
             ContainsSubstring("target.within is 4 x 4, and target.to_pool has 3 rows"));
  CHECK(told == 0);
}

TEST_CASE("A budget that affords nothing selects nothing, asks for no similarities, and refuses what others refuse") {
  Matrix pool = instances::normal(34, 300, 4);
  int told = 0;
  const auto count = [&](const Progress&) { ++told; };
  const auto check = [&](const auto& budget) {
    const auto s = select(pool.view(), tuning, budget, FacilityLocation{}, {}, count);
    CHECK(s.indices.empty());
    CHECK(s.value == 0.0);
    CHECK(s.upper_bound == 0.0);
    CHECK(s.reason == StopReason::budget_reached);
  };
  const std::vector<Index> group(300, 0), nobody;
  const std::vector<double> price(300, 2.0);
  check(Count{0});
  check(Cost{1.0, price});
  check(Quotas{group, {0}});
  check(Among{Count{3}, std::span<const Index>(nobody)});
  std::vector<double> one_cheap(300, 2.0);
  one_cheap[0] = 0.5;
  const std::vector<Index> dear{1, 2}, cheap{0};
  check(Among{Cost{1.0, one_cheap}, dear});
  check(Without{Cost{1.0, one_cheap}, cheap});
  CHECK(told == 0);
  FacilityLocationObjective f(similarity(pool.view()));
  CHECK(same(select(pool.view(), tuning, Count{0}), maximize(f, Count{0}, LazyGreedy{})));
  pool(7, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(select(pool.view(), tuning, Count{0}), ValueError);
  CHECK_THROWS_AS(select(Matrix{0, 4}.view(), tuning, Count{0}), ShapeError);
}

TEST_CASE(
    "A stage of one's own may make another objective of facility location, and is maximised by what is right for it") {
  const Matrix pool = instances::normal(35, 60, 4);
  const auto s = select(pool.view(), FavouredStage{}, Count{4});
  CHECK(s.indices.front() == 17);
  CHECK(s.indices.size() == 4);
}

TEST_CASE("A target as it is queried asks for no similarities within the pool") {
  const Matrix pool = instances::normal(24, 500, 4), target = instances::normal(25, 3, 4);
  const delift::TaskSpecific stage{target.view()};
  int told = 0;
  const auto count = [&](const Progress&) { ++told; };
  const auto s = select(pool.view(), stage, Count{5}, FacilityLocation{}, {.memory_limit = 3 * 500 * 4}, count);
  CHECK(s.indices.size() == 5);
  CHECK(told == 0);
  (void)select(pool.view(), stage, Count{5}, FacilityLocation{TargetForm::pool}, {}, count);
  CHECK(told == 3);
}

TEST_CASE("A family that does not say what it needs is given the pool's kernel; one without the promise is not lazy") {
  struct Growing : objectives::Modular<false> {
    double gain(Index j) const { return Modular::gain(j) + (held && j == 0 ? 10.0 : 0.0); }
    void add(Index) { held = true; }
    bool held = false;
  };
  struct Family {
    Growing mutual_information(const Kernel& kernel, const Reference& target, double eta) const {
      CHECK(kernel.dense() != nullptr);
      CHECK(target.to_pool.rows() == 3);
      CHECK(target.within.has_value());
      CHECK(eta == 2.0);
      return {{std::vector<double>{1.0, 2.0, 3.0, 4.0}}};
    }
  };
  const Matrix pool = instances::normal(26, 4, 4), target = instances::normal(27, 3, 4);
  const auto s = select(pool.view(), delift::TaskSpecific{target.view(), 2.0}, Count{3}, Family{});
  CHECK(s.indices == std::vector<Index>{3, 0, 2});
}

TEST_CASE("Beyond 8192 rows the start is sampled, unless every pick is to be exact, in whatever memory") {
  const Matrix pool = instances::normal(28, 8200, 3);
  const auto with = [&](std::uint64_t limit, bool exact) {
    return select(cpu.threads(2), pool.view(), tuning, Count{30}, FacilityLocation{},
                  {.memory_limit = limit, .exact = exact});
  };
  const auto exact = with(std::uint64_t{1} << 30, true), sampled = with(std::uint64_t{1} << 30, false);
  CHECK(same(with(1 << 20, true), exact));
  CHECK(sampled.indices.size() == 30);
  CHECK(sampled.indices != exact.indices);
  CHECK(sampled.value > 0.98 * exact.value);
  CHECK(sampled.upper_bound >= exact.value);
  CHECK(std::set<Index>(sampled.indices.begin(), sampled.indices.end()).size() == 30);
}

TEST_CASE("Every budget is kept") {
  const Matrix pool = instances::normal(29, 300, 16);
  RandomStream random(5, 0);
  std::vector<double> tokens;
  std::vector<Index> group, some;
  for (Index i = 0; i < 300; ++i) {
    tokens.push_back(20.0 + static_cast<double>(random.below(400)));
    group.push_back(i % 3);
    if (i % 7 == 0) some.push_back(i);
  }
  const auto by_tokens = select(pool.view(), tuning, Cost{.total = 5000, .of = tokens});
  double spent = 0.0;
  for (Index i : by_tokens.indices) spent += tokens[static_cast<std::size_t>(i)];
  CHECK(spent <= 5000);
  CHECK(spent > 4500);

  const auto by_group = select(pool.view(), tuning, Quotas{.group = group, .limit = {5, 10, 0}});
  std::vector<int> count(3);
  for (Index i : by_group.indices) ++count[static_cast<std::size_t>(i % 3)];
  CHECK(count == std::vector<int>{5, 10, 0});

  const auto among = select(pool.view(), tuning, Among{Count{9}, some});
  CHECK(among.indices.size() == 9);
  CHECK(std::all_of(among.indices.begin(), among.indices.end(), [](Index i) { return i % 7 == 0; }));
}

TEST_CASE("Another set's embeddings of another length are refused by name") {
  const Matrix pool = instances::normal(30, 20, 4), other = instances::normal(31, 3, 5);
  CHECK_THAT(thrown<ShapeError>([&] { (void)select(pool.view(), delift::TaskSpecific{other.view()}, Count{2}); }),
             ContainsSubstring("target has 5 columns and the pool 4"));
  CHECK_THAT(thrown<ShapeError>([&] { (void)select(pool.view(), delift::Continual{other.view()}, Count{2}); }),
             ContainsSubstring("known has 5 columns and the pool 4"));
}

TEST_CASE("A reference that sees another number of candidates is refused") {
  const Matrix pool = instances::normal(32, 20, 4);
  const Reference reference{instances::real(33, 3, 19)};
  const auto sizes = ContainsSubstring("has 19 columns and there are 20 candidates");
  CHECK_THAT(thrown<ShapeError>([&] { (void)select(pool.view(), delift::TaskSpecific{reference}, Count{2}); }), sizes);
  CHECK_THAT(thrown<ShapeError>([&] { (void)select(pool.view(), delift::Continual{reference}, Count{2}); }), sizes);
}

TEST_CASE("Embeddings cannot be compared with a kernel") {
  const Kernel kernel = instances::real(34, 20, 20);
  const Matrix other = instances::normal(35, 3, 4);
  CHECK_THAT(thrown<ValueError>([&] { (void)select(kernel, delift::TaskSpecific{other.view()}, Count{2}); }),
             ContainsSubstring("target is given by embeddings and the pool by a kernel"));
  CHECK_THAT(thrown<ValueError>([&] { (void)select(kernel, delift::Continual{other.view()}, Count{2}); }),
             ContainsSubstring("known is given by embeddings"));
}

TEST_CASE("A weight that is negative or not a number is refused") {
  const Matrix pool = instances::normal(36, 20, 4), other = instances::normal(37, 3, 4);
  for (double bad : {-0.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CHECK_THAT(thrown<ValueError>([&] {
                 (void)select(pool.view(), delift::TaskSpecific{other.view(), bad}, Count{2});
               }),
               ContainsSubstring("eta is "));
    CHECK_THAT(thrown<ValueError>([&] {
                 (void)select(pool.view(), delift::Continual{other.view(), bad}, Count{2});
               }),
               ContainsSubstring("nu is "));
  }
}

TEST_CASE("Bad entries of another set, and metrics that make no sense, are refused") {
  const Matrix pool = instances::normal(38, 20, 4);
  Matrix other = instances::normal(39, 3, 4);
  other(2, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(thrown<ValueError>([&] { (void)select(pool.view(), delift::TaskSpecific{other.view()}, Count{2}); }),
             ContainsSubstring("target(2, 1) is nan"));
  CHECK_THAT(thrown<ValueError>(
                 [&] { (void)select(pool.view(), tuning, Count{2}, FacilityLocation{}, {.metric = Rbf{-1.0}}); }),
             ContainsSubstring("Rbf: gamma is -1"));
}

}
