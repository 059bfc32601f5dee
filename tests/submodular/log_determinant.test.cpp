// SPDX-License-Identifier: MIT
// The family of log-determinant objectives: its definitions, in double precision.
#include <pickmix/submodular/log_determinant.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/brute_force.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <vector>

namespace submodular_log_determinant_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

namespace {

constexpr double epsilon = 0.1, eta = 0.5, nu = 0.8, both = 0.7;

/// log det of the similarities of the items of several kernels to each other, epsilon on the diagonal.
double log_det(const Eigen::MatrixXd& m) {
  return m.rows() == 0 ? 0.0 : 2.0 * m.llt().matrixLLT().diagonal().array().log().sum();
}

struct Definitions {
  Eigen::MatrixXd pool, target, known, target_to_pool, known_to_pool,
      target_to_known;  // those within have epsilon added

  static Eigen::MatrixXd part(const Eigen::MatrixXd& m, const std::vector<Index>& rows,
                              const std::vector<Index>& columns) {
    if (rows.empty() || columns.empty())
      return Eigen::MatrixXd::Zero(static_cast<Index>(rows.size()), static_cast<Index>(columns.size()));
    return m(rows, columns);
  }
  static std::vector<Index> all(Index n) {
    std::vector<Index> out;
    for (Index i = 0; i < n; ++i) out.push_back(i);
    return out;
  }
  static std::vector<Index> list(Items set) {
    const auto once = set_function::items(set);
    return {once.begin(), once.end()};
  }
  double plain(Items set) const { return log_det(part(pool, list(set), list(set))); }
  double given(Items set, const Eigen::MatrixXd& within, const Eigen::MatrixXd& to_pool) const {
    if (list(set).empty()) return 0.0;
    const Eigen::MatrixXd q = part(to_pool, all(to_pool.rows()), list(set));
    return log_det(part(pool, list(set), list(set)) - q.transpose() * within.llt().solve(q));
  }
  double mutual_information(Items set) const { return plain(set) - given(set, target, eta * target_to_pool); }
  double conditional_gain(Items set) const { return given(set, known, nu * known_to_pool); }

  /// submodlib's: log det(A ∪ P) + log det(Q ∪ P) − log det(A ∪ Q ∪ P) − log det(P).
  double conditional_mutual_information(Items set) const {
    const auto a = list(set);
    const Index n = static_cast<Index>(a.size()), q = target.rows(), p = known.rows();
    Eigen::MatrixXd all_of_it(n + p + q, n + p + q);
    all_of_it.topLeftCorner(n, n) = part(pool, a, a);
    all_of_it.block(n, n, p, p) = known;
    all_of_it.bottomRightCorner(q, q) = target;
    all_of_it.block(n, 0, p, n) = both * part(known_to_pool, all(p), a);
    all_of_it.block(n + p, 0, q, n) = both * part(target_to_pool, all(q), a);
    all_of_it.block(n + p, n, q, p) = target_to_known;
    return log_det(all_of_it.topLeftCorner(n + p, n + p)) + log_det(all_of_it.bottomRightCorner(p + q, p + q)) -
           log_det(all_of_it) - log_det(known);  // only the lower triangle is read
  }
};

Eigen::MatrixXd entries(const Kernel& kernel, double ridge) {
  Eigen::MatrixXd out(kernel.rows(), kernel.columns());
  for (Index i = 0; i < out.rows(); ++i)
    for (Index j = 0; j < out.cols(); ++j) out(i, j) = static_cast<double>(kernel(i, j)) + (i == j ? ridge : 0.0);
  return out;
}

struct Instance {
  Kernel pool;
  Reference target, known;
  Kernel target_to_known;

  Instance(Index n, const Metric& metric, Storage storage)
      : Instance(instances::normal(1, n, 8), instances::normal(2, 5, 8), instances::normal(3, 21, 8),
                 {.metric = metric, .storage = storage}) {}
  Instance(const Matrix& a, const Matrix& q, const Matrix& p, const SimilarityOptions& options)
      : pool(similarity(a.view(), options)),
        target{similarity(q.view(), a.view(), options), similarity(q.view(), options)},
        known{similarity(p.view(), a.view(), options), similarity(p.view(), options)},
        target_to_known(similarity(q.view(), p.view(), options)) {}

  Definitions definitions() const {
    return {entries(pool, epsilon),       entries(*target.within, epsilon), entries(*known.within, epsilon),
            entries(target.to_pool, 0.0), entries(known.to_pool, 0.0),      entries(target_to_known, 0.0)};
  }
};

}  // namespace

TEST_CASE("All four objectives are those of their definitions") {
  const Metric metric = GENERATE(Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Rbf{0.1}});
  const Storage storage = GENERATE(Storage::streamed, Storage::full);
  const Instance some(24, metric, storage);
  const Definitions expected = some.definitions();
  const LogDeterminant family{epsilon};
  const laws::Trials trials{.seed = 5, .chains = 2};
  CHECK(laws::gains_match(
            family.plain(some.pool), [&](Items set) { return expected.plain(set); }, 2e-5, trials) == "");
  CHECK(laws::gains_match(
            family.mutual_information(some.pool, some.target, eta),
            [&](Items set) { return expected.mutual_information(set); }, 5e-5, trials) == "");
  CHECK(laws::gains_match(
            family.conditional_gain(some.pool, some.known, nu),
            [&](Items set) { return expected.conditional_gain(set); }, 5e-5, trials) == "");
  CHECK(laws::gains_match(
            family.conditional_mutual_information(some.pool, some.target, some.known, some.target_to_known, both, both),
            [&](Items set) { return expected.conditional_mutual_information(set); }, 1e-4, trials) == "");
}

TEST_CASE("The conditional gain keeps the laws of submodular functions") {
  const Instance some(30, GENERATE(Metric{Cosine{}}, Metric{Rbf{0.1}}), GENERATE(Storage::streamed, Storage::full));
  const auto f = LogDeterminant{}.conditional_gain(some.pool, some.known, nu);
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::reset_empties(f) == "");
  CHECK(laws::lazy_is_naive(f, 30) == "");
  CHECK(set_function::again_is_harmless(f) == "");
  CHECK(laws::threads_change_nothing(f, 30, LazyGreedy{}) == "");
}

TEST_CASE(
    "With a weight above 1 items may lower the conditional gain: nothing is promised, and the certificate holds") {
  Matrix items{3, 3, {-1, 0.72f, 0.72f, 1, 0, 1, 1, 1, 0}}, known{1, 3, {1, 0, 0}};
  const SimilarityOptions dot{.metric = Dot{}};
  const Kernel pool = similarity(items.view(), dot), to_pool = similarity(known.view(), items.view(), dot);
  const Reference reference{.to_pool = to_pool, .within = similarity(known.view(), dot)};
  const LogDeterminant family{1.0};
  CHECK(family.conditional_gain(pool, reference, 1.0).monotone_holds());
  auto f = family.conditional_gain(pool, reference, std::sqrt(3.0)), g = f;
  CHECK(!f.monotone_holds());
  const double optimum = maximize(g, Count{2}, BruteForce{}).value;
  CHECK(maximize(f, Count{2}, LazyGreedy{}).upper_bound >= optimum);
}

TEST_CASE("Mutual information promises no diminishing returns, and keeps the other laws") {
  const Instance some(30, GENERATE(Metric{Cosine{}}, Metric{Rbf{0.1}}), GENERATE(Storage::streamed, Storage::full));
  const auto f = LogDeterminant{}.mutual_information(some.pool, some.target);
  static_assert(!has_diminishing_returns<LogDeterminantDifference> && BatchedObjective<LogDeterminantDifference>);
  CHECK(laws::reset_empties(f) == "");
  CHECK(set_function::again_is_harmless(f) == "");
  CHECK(laws::threads_change_nothing(f, 30, NaiveGreedy{}) == "");
  CHECK(LogDeterminant{}.target_needs_pool());
}

TEST_CASE("Weights of 0 leave nothing of the reference") {
  const Instance some(20, Cosine{}, GENERATE(Storage::streamed, Storage::full));
  auto plain = LogDeterminant{}.plain(some.pool), given = LogDeterminant{}.conditional_gain(some.pool, some.known, 0.0);
  auto shared = LogDeterminant{}.mutual_information(some.pool, some.target, 0.0);
  CHECK(maximize(plain, Count{10}, LazyGreedy{}).indices == maximize(given, Count{10}, LazyGreedy{}).indices);
  for (Index j = 0; j < 20; ++j) CHECK(shared.gain(j) == Approx(0.0).margin(1e-6));
}

TEST_CASE("Log determinant: what does not fit or makes no sense is refused by name") {
  const Instance some(6, Cosine{}, Storage::full), other(7, Cosine{}, Storage::full);
  const LogDeterminant family;
  const Reference bare{some.known.to_pool}, wrong{some.known.to_pool, some.target.within};
  CHECK_THAT(thrown<ShapeError>([&] { family.conditional_gain(some.pool, other.known); }),
             ContainsSubstring("7 columns"));
  CHECK_THAT(thrown<ValueError>([&] { family.conditional_gain(some.pool, bare); }),
             ContainsSubstring("known.within is missing"));
  CHECK_THAT(thrown<ShapeError>([&] { family.conditional_gain(some.pool, wrong); }),
             ContainsSubstring("known.within is 5 x 5") && ContainsSubstring("21 rows"));
  const auto known = instances::normal(6, some.known.to_pool.rows(), 5);
  const Reference two_sets{some.known.to_pool, similarity(known.view(), known.view(), {.storage = Storage::streamed})};
  CHECK_THAT(thrown<ValueError>([&] { family.conditional_gain(some.pool, two_sets); }),
             ContainsSubstring("known.within were given one by one"));
  CHECK_THAT(thrown<ShapeError>([&] {
               family.conditional_mutual_information(some.pool, some.target, some.known, some.target.to_pool);
             }),
             ContainsSubstring("target_to_known is 5 x 6"));
  Matrix crooked = set_function::uniform(1, 21, 21);
  CHECK_THAT(thrown<ValueError>([&] {
               family.conditional_gain(some.pool, {some.known.to_pool, set_function::kernel(crooked)});
             }),
             ContainsSubstring("symmetric"));
  const Kernel indefinite = instances::kernel(21, 21, [](Index i, Index j) { return i == j ? 0.0f : 1.5f; });
  CHECK_THAT(thrown<ValueError>([&] {
               family.conditional_gain(some.pool, {some.known.to_pool, indefinite});
             }),
             ContainsSubstring("not positive definite"));
  const auto rows = instances::normal(5, 6, 40);
  const Kernel one_by_one = similarity(rows.view(), rows.view(), {.storage = Storage::streamed});
  CHECK_THAT(thrown<ValueError>([&] { family.plain(one_by_one); }), ContainsSubstring("given one by one"));
  for (double bad : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THAT(thrown<ValueError>([&] { LogDeterminant{bad}.plain(some.pool); }), ContainsSubstring("epsilon is"));
    CHECK_THAT(thrown<ValueError>([&] { LogDeterminant{bad}.conditional_gain(some.pool, some.known); }),
               ContainsSubstring("epsilon is"));
    CHECK_THAT(thrown<ValueError>([&] { family.conditional_gain(some.pool, some.known, bad); }),
               ContainsSubstring("nu is"));
    CHECK_THAT(thrown<ValueError>([&] { family.mutual_information(some.pool, some.target, bad); }),
               ContainsSubstring("eta is"));
  }
}

TEST_CASE("An item that cannot be added to a mutual information leaves it as it was") {
  const auto pool = instances::normal(6, 20, 40);
  const auto target = instances::matrix(2, 40, [&](Index i, Index k) { return pool.view()(i, k); });
  const Kernel kernel = similarity(pool.view());
  auto f = LogDeterminant{}.mutual_information(
      kernel, {similarity(target.view(), pool.view()), similarity(target.view())}, 3.0);
  const double before = f.gain(7);
  CHECK_THROWS_AS(f.add(0), ValueError);
  f.reset();
  CHECK(f.gain(7) == before);
  f.add(9);
  const double behind = f.gain(7);
  CHECK_THROWS_AS(f.add(0), ValueError);
  CHECK(f.gain(7) == behind);
}

}
