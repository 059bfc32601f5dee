// SPDX-License-Identifier: MIT
// Saturated coverage: values computed by hand, the definition, the laws.
#include <pickmix/submodular/saturated_coverage.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace submodular_saturated_coverage_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<SaturatedCoverageObjective> && has_diminishing_returns<SaturatedCoverageObjective> &&
              BatchedObjective<SaturatedCoverageObjective>);

namespace {

struct Definition {
  Kernel s;
  double alpha;

  double operator()(Items set) const {
    double value = 0.0;
    for (Index i = 0; i < s.rows(); ++i) {
      double covered = 0.0, all = 0.0;
      for (Index j : set_function::items(set)) covered += static_cast<double>(s(i, j));
      for (Index j = 0; j < s.columns(); ++j) all += static_cast<double>(s(i, j));
      value += std::min(covered, alpha * all);
    }
    return value;
  }
};

void check(const Matrix& similarities, double alpha, double tolerance) {
  const Kernel kernel = set_function::kernel(similarities);
  set_function::check_monotone_submodular(SaturatedCoverage{alpha}.plain(kernel), Definition{kernel, alpha}, tolerance);
}

}  // namespace

TEST_CASE("The values of three candidates and two rows are those computed by hand") {
  // a row has enough at 4 and at 6
  const Kernel kernel = set_function::kernel({2, 3, {5, 1, 2, 2, 2, 8}});
  auto f = SaturatedCoverage{.alpha = 0.5}.plain(kernel);
  CHECK(f.size() == 3);
  CHECK(f.gain(0) == 4.0 + 2.0);
  CHECK(f.gain(1) == 1.0 + 2.0);
  CHECK(f.gain(2) == 2.0 + 6.0);
  f.add(1);
  CHECK(f.gain(0) == 3.0 + 2.0);
  CHECK(f.gain(2) == 2.0 + 4.0);
  f.add(2);
  CHECK(f.gain(0) == 1.0);
}

TEST_CASE("Rows are what is covered and columns are the candidates; by default a tenth is enough") {
  const auto f =
      SaturatedCoverage{}.plain(instances::kernel(2, 5, [](Index i, Index) { return i == 0 ? 0.0f : 1.0f; }));
  CHECK(f.size() == 5);
  CHECK(f.gain(4) == 0.5);
}

TEST_CASE("Saturated coverage keeps the laws, without any tolerance where sums are exact") {
  for (double alpha : {0.1, 0.3, 1.0}) {
    check(set_function::uniform(1, 15, 15), alpha, 1e-12);
    check(set_function::uniform(2, 3, 20), alpha, 1e-12);
  }
  for (double alpha : {0.125, 0.5, 1.0}) {
    check(set_function::quarters(3, 40, 12), alpha, 0.0);
    check(set_function::quarters(4, 1, 9), alpha, 0.0);
  }
}

TEST_CASE("Duplicate candidates and rows of zeros keep the laws") {
  const Matrix one = set_function::quarters(5, 6, 4);
  check(instances::matrix(6, 12, [&](Index i, Index j) { return i == 2 ? 0.0f : one.view()(i, j % 4); }), 0.25, 0.0);
  check(Matrix{2, 3}, 0.5, 0.0);
}

TEST_CASE("Greedy and its certificate hold on saturated coverage") {
  const Kernel kernel = set_function::kernel(set_function::quarters(6, 12, 9));
  CHECK(laws::guarantee_holds(SaturatedCoverage{0.25}.plain(kernel), Definition{kernel, 0.25}) == "");
}

TEST_CASE("Saturated coverage: gains do not rise by a bit where similarities are of all sizes") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 4)));
  const double alpha = GENERATE(0.01, 0.37, 1.0);
  const auto f = SaturatedCoverage{alpha}.plain(set_function::kernel(set_function::of_all_sizes(seed, 21, 70)));
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::lazy_is_naive(f, 70) == "");
}

TEST_CASE("Saturated coverage: many gains are the single ones to the last bit") {
  auto f = SaturatedCoverage{}.plain(set_function::kernel(set_function::uniform(7, 6, 150)));
  f.add(3);
  std::vector<Index> items;
  for (Index j = 149; j >= 0; --j) items.push_back(j);
  std::vector<double> out(items.size(), -1.0);
  f.gains(cpu.threads(2), items, out);
  for (std::size_t k = 0; k < items.size(); ++k) REQUIRE(out[k] == f.gain(items[k]));
}

TEST_CASE("Saturated coverage: one item, and copies with sets of their own") {
  const auto f = SaturatedCoverage{.alpha = 0.5}.plain(set_function::kernel({1, 1, {2}}));
  auto other = f;
  other.add(0);
  CHECK(f.gain(0) == 1.0);
  CHECK(other.gain(0) == 0.0);
}

TEST_CASE("Saturated coverage: rounding noise below 0 counts as 0") {
  const auto with = [](float noise) {
    return SaturatedCoverage{0.5}.plain(set_function::kernel({2, 3, {noise, 1, 0.5f, 1, noise, noise}}));
  };
  auto f = with(-5e-7f), exact = with(0.0f);
  for (Index j = 0; j < 3; ++j) {
    for (Index k = 0; k < 3; ++k) CHECK(f.gain(k) == exact.gain(k));
    f.add(j);
    exact.add(j);
  }
}

TEST_CASE("Saturated coverage: negative similarities are refused by place, with the way out") {
  const Kernel kernel = set_function::kernel({2, 3, {0, 1, 0, 1, 0, -0.5f}});
  CHECK_THAT(thrown<ValueError>([&] { SaturatedCoverage{}.plain(kernel); }),
             ContainsSubstring("SaturatedCoverage: kernel(1, 2) is -0.5") && ContainsSubstring("(1 + s)/2"));
}

TEST_CASE("An alpha outside (0, 1] is refused") {
  const Kernel kernel = set_function::kernel({1, 1, {1}});
  for (double alpha : {0.0, -0.1, 1.01, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(thrown<ValueError>([&] { SaturatedCoverage{alpha}.plain(kernel); }),
               ContainsSubstring("SaturatedCoverage: alpha is "));
}

}
