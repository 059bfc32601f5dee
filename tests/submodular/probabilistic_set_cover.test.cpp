// SPDX-License-Identifier: MIT
// Probabilistic set cover and its information measures: values computed by hand, the definitions, the laws.
#include <pickmix/submodular/probabilistic_set_cover.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace submodular_probabilistic_set_cover_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<ProbabilisticSetCoverObjective> &&
              has_diminishing_returns<ProbabilisticSetCoverObjective>);

namespace {

/// 1 − Π (1 − p_ru) over the rows r.
template <class Rows>
double chance(const Matrix& p, const Rows& rows, Index u) {
  double none = 1.0;
  for (Index r : rows) none *= 1.0 - static_cast<double>(p.view()(r, u));
  return 1.0 - none;
}

std::vector<Index> all_rows(const Matrix& p) {
  std::vector<Index> rows;
  for (Index r = 0; r < p.rows; ++r) rows.push_back(r);
  return rows;
}

double weight(const std::vector<double>& weights, Index u) {
  return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(u)];
}

struct Definition {
  Matrix p;
  std::vector<double> weights = {};

  double operator()(Items set) const {
    double value = 0.0;
    for (Index u = 0; u < p.columns; ++u) value += weight(weights, u) * chance(p, set_function::items(set), u);
    return value;
  }
};

void check(const Definition& d, double tolerance) {
  set_function::check_monotone_submodular(ProbabilisticSetCover{d.weights}.plain(d.p.view()), d, tolerance);
}

}  // namespace

TEST_CASE("The values of three items with two concepts are those computed by hand") {
  const Matrix p{3, 2, {0.5f, 0, 0.5f, 1, 0.25f, 0.75f}};
  auto f = ProbabilisticSetCover{}.plain(p.view());
  CHECK(f.size() == 3);
  CHECK(f.gain(0) == 0.5);
  CHECK(f.gain(1) == 1.5);
  f.add(0);
  CHECK(f.gain(1) == 1.25);
  CHECK(f.gain(2) == 0.875);
  f.add(1);
  CHECK(f.gain(2) == 0.0625);

  const ProbabilisticSetCover weighted{.weights = {1.0, 16.0}};
  const Matrix q{2, 2, {0.5f, 0, 0.5f, 0.25f}};  // has the concepts with probability 3/4 and 1/4
  CHECK(weighted.plain(p.view()).gain(2) == 12.25);
  CHECK(weighted.mutual_information(p.view(), q.view()).gain(2) == 0.75 * 0.25 + 4.0 * 0.75);
  CHECK(weighted.conditional_gain(p.view(), q.view()).gain(2) == 0.25 * 0.25 + 12.0 * 0.75);
  const Matrix k{1, 2, {0.5f, 1}};
  CHECK(weighted.conditional_mutual_information(p.view(), q.view(), k.view()).gain(2) == 0.375 * 0.25);
}

TEST_CASE("Probabilistic set cover keeps the laws") {
  check({set_function::uniform(1, 15, 6)}, 1e-12);
  check({set_function::uniform(2, 10, 21), std::vector<double>(21, 0.7)}, 1e-12);
  check({set_function::thrice(set_function::uniform(3, 5, 3)), {1.0, 0.0, 2.5}}, 1e-12);
  check({set_function::quarters(4, 12, 5)}, 0.0);  // exact: many ties, and concepts that are certain
}

TEST_CASE("The information measures are the definition with other weights") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 4)));
  const Matrix p = set_function::uniform(seed, 12, 7), q = set_function::uniform(seed + 10, 2, 7),
               k = set_function::uniform(seed + 20, 3, 7);
  Definition mutual{p}, gain{p}, both{p};
  const std::vector<double> weights{1.0, 2.0, 0.5, 0.0, 3.0, 1.0, 1.0};
  for (Index u = 0; u < 7; ++u) {
    const double wanted = chance(q, all_rows(q), u), unknown = 1.0 - chance(k, all_rows(k), u);
    mutual.weights.push_back(weight(weights, u) * wanted);
    gain.weights.push_back(weight(weights, u) * unknown);
    both.weights.push_back(weight(weights, u) * wanted * unknown);
  }
  const ProbabilisticSetCover family{weights};
  set_function::check_monotone_submodular(family.mutual_information(p.view(), q.view()), mutual, 1e-12);
  set_function::check_monotone_submodular(family.conditional_gain(p.view(), k.view()), gain, 1e-12);
  set_function::check_monotone_submodular(family.conditional_mutual_information(p.view(), q.view(), k.view()), both,
                                          1e-12);
}

TEST_CASE("Mutual information is f(A) + f(Q) - f(A and Q), conditional gain f(A and P) - f(P)") {
  // one matrix holds the pool, then the query, then what is known; exact in quarters
  const Index pool = 6, extra = 2;
  const Matrix every = set_function::quarters(5, pool + 2 * extra, 3);
  const auto rows = [&](Index begin, Index count) {
    return MatrixView<const float>(every.entries.data() + begin * 3, count, 3);
  };
  const Definition f{every};
  const auto with = [](Items set, std::vector<Index> more) {
    more.insert(more.end(), set.begin(), set.end());
    return more;
  };
  const std::vector<Index> q{6, 7}, k{8, 9};
  CHECK(laws::gains_match(
            ProbabilisticSetCover{}.mutual_information(rows(0, pool), rows(pool, extra)),
            [&](Items set) { return f(set) + f(q) - f(with(set, q)); }, 1e-12) == "");
  CHECK(laws::gains_match(
            ProbabilisticSetCover{}.conditional_gain(rows(0, pool), rows(pool + extra, extra)),
            [&](Items set) { return f(with(set, k)) - f(k); }, 1e-12) == "");
  CHECK(laws::gains_match(
            ProbabilisticSetCover{}.conditional_mutual_information(rows(0, pool), rows(pool, extra),
                                                                   rows(pool + extra, extra)),
            [&](Items set) { return f(with(set, k)) + f(with(q, k)) - f(with(set, with(q, k))) - f(k); }, 1e-12) == "");
}

TEST_CASE("Greedy and its certificate hold on probabilistic set cover") {
  const Definition d{set_function::quarters(6, 9, 6)};
  CHECK(laws::guarantee_holds(ProbabilisticSetCover{}.plain(d.p.view()), d) == "");
}

TEST_CASE("Gains do not rise by a bit where probabilities and weights are of all sizes") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 4)));
  Matrix p = set_function::of_all_sizes(seed, 50, 11);
  for (float& x : p.entries) x = x < 1.0f ? x : x < 1024.0f ? 1.0f - 1.0f / x : 1.0f;
  std::vector<double> weights;
  for (int u = 0; u < 11; ++u) weights.push_back(std::exp2(5.3 * u) / 7);
  const auto f = ProbabilisticSetCover{weights}.plain(p.view());
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::lazy_is_naive(f, 50) == "");
}

TEST_CASE("A small chance that the query has a concept keeps its digits") {
  const Matrix one{1, 1, {1.0f}}, rare{1, 1, {1e-20f}};
  CHECK(ProbabilisticSetCover{}.mutual_information(one.view(), rare.view()).gain(0) == static_cast<double>(1e-20f));
}

TEST_CASE("One item with one concept, and a query or known items without rows") {
  const Matrix p{1, 1, {0.5f}};
  const MatrixView<const float> none(nullptr, 0, 1);
  CHECK(ProbabilisticSetCover{}.plain(p.view()).gain(0) == 0.5);
  CHECK(ProbabilisticSetCover{}.mutual_information(p.view(), none).gain(0) == 0.0);
  CHECK(ProbabilisticSetCover{}.conditional_gain(p.view(), none).gain(0) == 0.5);
}

TEST_CASE("The probabilities are copied, row by row whatever the stride, and copies have sets of their own") {
  Matrix p{2, 3, {0.5f, 0.25f, 9, 1, 0.125f, 9}};  // the third column is not part of the view
  const auto f = ProbabilisticSetCover{}.plain(MatrixView<const float>(p.entries.data(), 2, 2, 3));
  p(0, 0) = 0.0f;
  auto other = f;
  other.add(1);
  CHECK(f.gain(0) == 0.75);
  CHECK(f.gain(1) == 1.125);
  CHECK(other.gain(1) == 0.0);
}

TEST_CASE("What is no probability is refused by name") {
  const Matrix good{1, 2, {0, 1}};
  for (float bad : {-0.25f, 1.25f, std::numeric_limits<float>::quiet_NaN()}) {
    const Matrix p{2, 2, {0, 1, 0.5f, bad}};
    const ProbabilisticSetCover family;
    CHECK_THAT(thrown<ValueError>([&] { family.plain(p.view()); }), ContainsSubstring("probabilities(1, 1) is "));
    CHECK_THAT(thrown<ValueError>([&] { family.mutual_information(good.view(), p.view()); }),
               ContainsSubstring("ProbabilisticSetCover: query(1, 1) is "));
    CHECK_THAT(thrown<ValueError>([&] { family.conditional_gain(good.view(), p.view()); }),
               ContainsSubstring("ProbabilisticSetCover: known(1, 1) is "));
  }
}

TEST_CASE("Numbers of concepts and of weights that differ are refused, as are none") {
  const Matrix p{2, 3}, narrow{1, 2};
  const ProbabilisticSetCover family;
  CHECK_THAT(thrown<ShapeError>([&] { family.mutual_information(p.view(), narrow.view()); }),
             ContainsSubstring("query has 2 columns and probabilities has 3"));
  CHECK_THAT(thrown<ShapeError>([&] { family.conditional_mutual_information(p.view(), p.view(), narrow.view()); }),
             ContainsSubstring("known has 2 columns and probabilities has 3"));
  CHECK_THAT(thrown<ShapeError>([&] { ProbabilisticSetCover{.weights = {1.0}}.plain(p.view()); }),
             ContainsSubstring("weights has 1 entries") && ContainsSubstring("3 concepts"));
  CHECK_THAT(thrown<ShapeError>([&] { family.plain(MatrixView<const float>(nullptr, 0, 3)); }),
             ContainsSubstring("probabilities is 0 x 3"));
  CHECK_THAT(thrown<ShapeError>([&] { family.plain(MatrixView<const float>(nullptr, 2, 0)); }),
             ContainsSubstring("probabilities is 2 x 0"));
}

}
