// SPDX-License-Identifier: MIT
// Concave over modular: values computed by hand, the definition, the laws.
#include <pickmix/submodular/concave_over_modular.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace submodular_concave_over_modular_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<ConcaveOverModularObjective> &&
              has_diminishing_returns<ConcaveOverModularObjective> && BatchedObjective<ConcaveOverModularObjective>);

namespace {

struct Definition {
  Kernel s;
  Concave psi;
  double eta;

  double of(double x) const {
    return psi == Concave::square_root ? std::sqrt(x) : psi == Concave::logarithm ? std::log(1.0 + x) : x / (1.0 + x);
  }
  double operator()(Items set) const {
    double value = 0.0;
    for (Index j : set_function::items(set)) {
      double relevance = 0.0;
      for (Index q = 0; q < s.rows(); ++q) relevance += static_cast<double>(s(q, j));
      value += eta * of(relevance);
    }
    for (Index q = 0; q < s.rows(); ++q) {
      double resemblance = 0.0;
      for (Index j : set_function::items(set)) resemblance += static_cast<double>(s(q, j));
      value += of(resemblance);
    }
    return value;
  }
};

void check(const Matrix& target_by_pool, Concave psi, double eta) {
  const Kernel to_pool = set_function::kernel(target_by_pool);
  set_function::check_monotone_submodular(ConcaveOverModular{psi}.mutual_information(to_pool, eta),
                                          Definition{to_pool, psi, eta}, 1e-9);
}

}  // namespace

TEST_CASE("The values of three candidates and two target items are those computed by hand") {
  const Kernel to_pool = set_function::kernel({2, 3, {4, 5, 0, 0, 4, 9}});
  auto f = ConcaveOverModular{.psi = Concave::square_root}.mutual_information(to_pool, 0.5);
  CHECK(f.size() == 3);
  CHECK(f.gain(0) == 0.5 * 2.0 + 2.0);
  CHECK(f.gain(1) == Approx(0.5 * 3.0 + std::sqrt(5.0) + 2.0));
  f.add(0);
  CHECK(f.gain(1) == Approx(0.5 * 3.0 + 1.0 + 2.0));
  f.add(1);
  CHECK(f.gain(2) == Approx(0.5 * 3.0 + std::sqrt(13.0) - 2.0));
}

TEST_CASE("The default is the logarithm, with eta 1") {
  const Kernel to_pool = set_function::kernel({1, 1, {2}});
  CHECK(ConcaveOverModular{}.mutual_information(to_pool).gain(0) == Approx(2.0 * std::log(3.0)));
}

TEST_CASE("Without eta only the resemblance of the target counts") {
  const Kernel to_pool = set_function::kernel({2, 1, {1, 4}});
  CHECK(ConcaveOverModular{.psi = Concave::square_root}.mutual_information(to_pool, 0.0).gain(0) == 3.0);
}

TEST_CASE("Concave over modular keeps the laws, with every concave function") {
  const auto psi = GENERATE(Concave::square_root, Concave::logarithm, Concave::inverse);
  check(set_function::uniform(1, 4, 18), psi, 1.0);
  check(set_function::uniform(2, 30, 10), psi, 0.25);
  check(set_function::quarters(3, 3, 14), psi, 0.0);
}

TEST_CASE("Duplicate candidates keep the laws") {
  const Matrix pool = set_function::thrice(set_function::uniform(4, 5, 3));
  check(instances::matrix(3, 15, [&](Index q, Index j) { return pool.view()(j, q); }), Concave::logarithm, 1.0);
}

TEST_CASE("Concave over modular: gains do not rise by a bit where similarities are of all sizes") {
  const auto psi = GENERATE(Concave::square_root, Concave::logarithm, Concave::inverse);
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 4)));
  const auto to_pool = set_function::kernel(set_function::of_all_sizes(seed, 9, 70));
  const auto f = ConcaveOverModular{psi}.mutual_information(to_pool, 0.01);
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::lazy_is_naive(f, 70) == "");
}

TEST_CASE("Concave over modular: many gains are the single ones to the last bit") {
  auto f = ConcaveOverModular{}.mutual_information(set_function::kernel(set_function::uniform(5, 6, 150)));
  f.add(3);
  std::vector<Index> items;
  for (Index j = 149; j >= 0; --j) items.push_back(j);
  std::vector<double> out(items.size(), -1.0);
  f.gains(cpu.threads(2), items, out);
  for (std::size_t k = 0; k < items.size(); ++k) REQUIRE(out[k] == f.gain(items[k]));
}

TEST_CASE("Copies of a concave-over-modular objective have sets of their own") {
  const auto f = ConcaveOverModular{}.mutual_information(set_function::kernel(set_function::uniform(6, 2, 3)));
  auto other = f;
  other.add(1);
  CHECK(f.gain(1) > 0.0);
  CHECK(other.gain(1) == 0.0);
}

TEST_CASE("Concave over modular: rounding noise below 0 counts as 0") {
  const auto with = [](float noise) {
    return ConcaveOverModular{}.mutual_information(set_function::kernel({2, 3, {noise, 1, 0.5f, 1, noise, noise}}));
  };
  auto f = with(-5e-7f), exact = with(0.0f);
  for (Index j = 0; j < 3; ++j) {
    for (Index k = 0; k < 3; ++k) CHECK(f.gain(k) == exact.gain(k));
    f.add(j);
    exact.add(j);
  }
}

TEST_CASE("Concave over modular: negative similarities are refused by place, with the way out") {
  const Kernel to_pool = set_function::kernel({2, 3, {0, 1, 0, 1, 0, -0.5f}});
  CHECK_THAT(thrown<ValueError>([&] { ConcaveOverModular{}.mutual_information(to_pool); }),
             ContainsSubstring("ConcaveOverModular: to_pool(1, 2) is -0.5") && ContainsSubstring("(1 + s)/2"));
}

TEST_CASE("An eta that is negative or not finite is refused") {
  const Kernel to_pool = set_function::kernel({1, 1, {1}});
  for (double eta : {-0.1, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(thrown<ValueError>([&] { ConcaveOverModular{}.mutual_information(to_pool, eta); }),
               ContainsSubstring("ConcaveOverModular: eta is "));
}

}
