// SPDX-License-Identifier: MIT
// The log-determinant on every kind of kernel: values by definition, laws, ties, and where single precision ends.
#include <pickmix/submodular/log_determinant_objective.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <cmath>
#include <vector>

namespace submodular_log_determinant_objective_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(BatchedObjective<LogDeterminantObjective> && has_diminishing_returns<LogDeterminantObjective>);

namespace {

struct Definition {
  Kernel s;
  double epsilon;

  double operator()(Items list) const {
    const auto once = set_function::items(list);
    const std::vector<Index> set(once.begin(), once.end());
    const auto size = static_cast<Index>(set.size());
    if (size == 0) return 0.0;
    Eigen::MatrixXd m(size, size);
    for (Index i = 0; i < size; ++i)
      for (Index j = 0; j < size; ++j)
        m(i, j) = static_cast<double>(s(set[static_cast<std::size_t>(i)], set[static_cast<std::size_t>(j)])) +
                  (i == j ? epsilon : 0.0);
    return 2.0 * m.llt().matrixLLT().diagonal().array().log().sum();
  }
};

Kernel of(const Matrix& rows, const Metric& metric, Storage storage) {
  return similarity(rows.view(), {.metric = metric, .storage = storage});
}

}  // namespace

TEST_CASE("The gains of two items are those computed by hand") {
  LogDeterminantObjective f(set_function::kernel({2, 2, {1, 0.5f, 0.5f, 2}}), 1.0);
  CHECK(f.size() == 2);
  CHECK(f.gain(0) == Approx(std::log(2.0)).epsilon(1e-9));
  f.add(0);
  CHECK(f.gain(1) == Approx(std::log(3.0 - 0.25 / 2.0)).epsilon(1e-6));
  CHECK(f.gain(0) == 0.0);
}

TEST_CASE("Every storage keeps the laws, also beyond the rank of an inner product", "[single-threaded]") {
  const Matrix rows = instances::normal(1, 45, 10);
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Dot{}}, Metric{Rbf{0.1}});
  for (Storage storage : {Storage::streamed, Storage::full, Storage::half}) {
    const Kernel kernel = of(rows, metric, storage);
    set_function::check_monotone_submodular(LogDeterminantObjective(kernel, 1.0),
                                            Definition{set_function::stored(kernel), 1.0}, 2e-5);
  }
}

TEST_CASE("A small epsilon makes gains negative, and they still match") {
  const Matrix rows = instances::normal(2, 30, 8);
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{Rbf{0.1}});
  for (Storage storage : {Storage::streamed, Storage::full}) {
    const Kernel kernel = of(rows, metric, storage);
    set_function::check_submodular(LogDeterminantObjective(kernel, 0.01),
                                   Definition{set_function::stored(kernel), 0.01}, 1e-4);
  }
}

TEST_CASE("Log determinant objective: streamed and dense kernels give the same picks") {
  const Matrix rows = instances::normal(3, 900, 24);
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Rbf{0.02}});
  LogDeterminantObjective streamed(of(rows, metric, Storage::streamed), 1.0),
      dense(of(rows, metric, Storage::full), 1.0);
  CHECK(maximize(streamed, Count{60}, LazyGreedy{}).indices == maximize(dense, Count{60}, LazyGreedy{}).indices);
}

TEST_CASE("Lazy greedy picks what naive greedy picks, on any number of threads") {
  const Matrix rows = instances::normal(4, 1500, 20);
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{Dot{}}, Metric{Rbf{0.02}});
  const LogDeterminantObjective f(of(rows, metric, Storage::streamed), 1.0);
  CHECK(laws::lazy_is_naive(f, 70) == "");
  CHECK(laws::threads_change_nothing(f, 70, LazyGreedy{}) == "");
}

TEST_CASE("A gain does not tell when, or beside which others, it was asked for") {
  const Matrix rows = instances::normal(5, 80, 12);
  const Kernel kernel =
      of(rows, GENERATE(Metric{Cosine{}}, Metric{Rbf{0.05}}), GENERATE(Storage::streamed, Storage::full));
  LogDeterminantObjective each(kernel, 1.0), late(kernel, 1.0), some(kernel, 1.0);
  for (Index a = 0; a < 40; ++a) {
    for (Index j = a % 3; j < 80; j += 1 + a % 5) some.gain(j);
    for (Index j = 0; j < 80; ++j) each.gain(j);
    each.add(a), late.add(a), some.add(a);
  }
  std::vector<Index> twice;
  for (Index j = 79; j >= 0; --j) twice.insert(twice.end(), {j, j});
  std::vector<double> gains(twice.size());
  late.gains(cpu.threads(3), twice, gains);
  for (std::size_t k = 0; k < twice.size(); ++k) {
    CHECK(gains[k] == each.gain(twice[k]));
    CHECK(gains[k] == some.gain(twice[k]));
  }
}

TEST_CASE("Of equal items the smaller index is picked, unit rows tie at first, and rows of zeros add log epsilon") {
  const Matrix one = instances::normal(6, 70, 16);
  const Matrix rows =
      instances::matrix(210, 16, [&](Index i, Index k) { return i % 70 == 9 ? 0.0f : one.view()(i % 70, k); });
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{Rbf{0.05}});
  for (Storage storage : {Storage::streamed, Storage::full}) {
    LogDeterminantObjective f(of(rows, metric, storage), 1.0);
    const auto s = maximize(f, Count{100}, LazyGreedy{});
    CHECK(s.indices.front() == 0);
    std::vector<int> copies(70, 0);
    for (Index j : s.indices) CHECK(j / 70 == copies[static_cast<std::size_t>(j % 70)]++);
    if (std::holds_alternative<Cosine>(metric)) {
      CHECK(f.gain(9) == 0.0);
    }
  }
}

TEST_CASE("A kernel that is not positive semidefinite is found out, with the item and the way out") {
  const Kernel indefinite = instances::kernel(4, 4, [](Index i, Index j) { return i == j ? 1.0f : 5.0f; });
  LogDeterminantObjective f(indefinite, 1.0);
  f.add(2);
  CHECK_THAT(thrown<ValueError>([&] { f.gain(1); }),
             ContainsSubstring("item 1") && ContainsSubstring("epsilon above 1"));
  CHECK_THAT(thrown<ValueError>([&] { f.add(1); }), ContainsSubstring("item 1"));
  f.reset();
  CHECK_THAT(thrown<ValueError>([&] { maximize(f, Count{3}, LazyGreedy{}); }),
             ContainsSubstring("not positive definite"));
}

TEST_CASE("A kernel or an epsilon that cannot work is refused at once") {
  const Kernel square = of(instances::normal(7, 4, 3), Cosine{}, Storage::streamed);
  CHECK_THAT(thrown<ShapeError>([&] {
               LogDeterminantObjective(set_function::kernel({1, 2, {1, 1}}), 1.0);
             }),
             ContainsSubstring("kernel is 1 x 2"));
  CHECK_THAT(thrown<ValueError>([&] {
               LogDeterminantObjective(set_function::kernel({2, 2, {1, 0.5f, 0.25f, 1}}), 1.0);
             }),
             ContainsSubstring("must be symmetric"));
  CHECK_THAT(thrown<ValueError>([&] { LogDeterminantObjective(square, 0.0); }), ContainsSubstring("epsilon is 0"));
  CHECK_THAT(thrown<ValueError>([&] { LogDeterminantObjective(square, 1e-6); }), ContainsSubstring("single precision"));
  CHECK_NOTHROW(LogDeterminantObjective(square, 1.1e-3));
  for (const Storage storage : {Storage::full, Storage::streamed})
    CHECK_NOTHROW(
        LogDeterminantObjective(of(instances::normal(7, 50, 9), Cosine{}, storage), 1e-3));  // but for rounding
}

TEST_CASE("An epsilon that a few long rows make too small is refused at once") {
  const auto rows =
      instances::matrix(400, 4, [](Index i, Index k) { return (i < 2 ? 2e3f : 1.0f) + 0.1f * static_cast<float>(k); });
  for (const Storage storage : {Storage::full, Storage::streamed}) {
    const Kernel kernel = of(rows, Dot{}, storage);
    CHECK_THAT(thrown<ValueError>([&] { LogDeterminantObjective(kernel, 60.0); }), ContainsSubstring("at least 80"));
    CHECK_NOTHROW(LogDeterminantObjective(kernel, 81.0));
  }
  const Kernel two = instances::kernel(400, 400, [](Index i, Index j) { return i != j ? 0.0f : i == 0 ? 3e5f : 1.0f; });
  CHECK_THAT(thrown<ValueError>([&] { LogDeterminantObjective(two, 1.0); }), ContainsSubstring("at least 1.14"));
  CHECK_NOTHROW(LogDeterminantObjective(two, 1.2));
}

TEST_CASE("It is monotone where rounding cannot lower it, and elsewhere the certificate holds all the same") {
  const auto rows = instances::normal(5, 600, 4);
  const auto long_rows = instances::matrix(600, 4, [&](Index i, Index k) { return 15.0f * rows.view()(i, k); });
  CHECK(LogDeterminantObjective(of(rows, Cosine{}, Storage::full), 1.0).monotone_holds());
  CHECK(!LogDeterminantObjective(of(rows, Cosine{}, Storage::full), 0.9).monotone_holds());
  LogDeterminantObjective f(of(long_rows, Dot{}, Storage::full), 1.0);
  CHECK(!f.monotone_holds());
  const Selection s = maximize(f, Count{600}, LazyGreedy{});
  Eigen::MatrixXd all = Eigen::MatrixXd::Identity(600, 600);
  for (Index i = 0; i < 600; ++i)
    for (Index j = 0; j < 600; ++j)
      for (Index k = 0; k < 4; ++k)
        all(i, j) += static_cast<double>(long_rows.view()(i, k)) * static_cast<double>(long_rows.view()(j, k));
  CHECK(s.upper_bound >= 2.0 * Eigen::MatrixXd(all.llt().matrixL()).diagonal().array().log().sum());
}

TEST_CASE("Log determinant objective: copies share the kernel and not the set") {
  const LogDeterminantObjective f(
      of(instances::normal(8, 5, 3), GENERATE(Metric{Cosine{}}, Metric{Rbf{1.0}}), Storage::streamed), 1.0);
  auto other = f;
  other.add(0);
  CHECK(other.gain(1) < f.gain(1));
  CHECK(f.gain(0) > 0.0);
}

}
