// SPDX-License-Identifier: MIT
// Sum redundancy: values computed by hand, the definition, the laws.
#include <pickmix/submodular/sum_redundancy.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cstdint>
#include <vector>

namespace submodular_sum_redundancy_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<SumRedundancyObjective> && has_diminishing_returns<SumRedundancyObjective>);

namespace {

struct Definition {
  Kernel s;

  double operator()(Items set) const {
    double value = 0.0;
    for (Index i : set_function::items(set))
      for (Index j : set_function::items(set)) value -= static_cast<double>(s(i, j));
    return value;
  }
};

/// Told to fill the budget, lazy greedy picks what naive greedy picks.
std::string lazy_is_naive_when_filling(SumRedundancyObjective f) {
  auto other = f;
  const Count all{f.size()};
  return laws::difference(maximize(f, all, LazyGreedy{.fill = true}), maximize(other, all, NaiveGreedy{.fill = true}));
}

void check(const Matrix& similarities, double tolerance) {
  const Kernel kernel = set_function::kernel(similarities);
  const auto f = SumRedundancy{}.plain(kernel);
  set_function::check_submodular(f, Definition{kernel}, tolerance);
  CHECK(lazy_is_naive_when_filling(f) == "");
}

}  // namespace

TEST_CASE("Sum redundancy: the values of three items are those computed by hand, from both entries of a pair") {
  auto f = SumRedundancy{}.plain(set_function::kernel({3, 3, {1, 2, 3, 40, 5, 6, 70, 80, 9}}));
  CHECK(f.size() == 3);
  CHECK(f.gain(1) == -5.0);
  f.add(0);
  CHECK(f.gain(1) == -(5.0 + 2.0 + 40.0));
  f.add(1);
  CHECK(f.gain(2) == -(9.0 + 3.0 + 70.0 + 6.0 + 80.0));
}

TEST_CASE("Sum redundancy keeps the laws, on kernels that are symmetric and not") {
  check(set_function::uniform(1, 15, 15), 1e-12);
  check(set_function::quarters(2, 20, 20), 0.0);
  const Matrix half = set_function::quarters(3, 12, 12);
  check(instances::matrix(12, 12, [&](Index i, Index j) { return half.view()(i, j) + half.view()(j, i); }), 0.0);
}

TEST_CASE("Duplicate items keep the laws") {
  const Matrix one = set_function::quarters(4, 5, 5);
  check(instances::matrix(15, 15, [&](Index i, Index j) { return one.view()(i % 5, j % 5); }), 0.0);
}

TEST_CASE("Sum redundancy: gains do not rise by a bit where similarities are of all sizes") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 4)));
  const auto f = SumRedundancy{}.plain(set_function::kernel(set_function::of_all_sizes(seed, 60, 60)));
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(lazy_is_naive_when_filling(f) == "");
}

TEST_CASE("Alone, it selects only what is similar to nothing, or fills with the least redundant") {
  auto f = SumRedundancy{}.plain(set_function::kernel({3, 3, {1, 0, 1, 0, 0, 0, 1, 0, 2}}));
  CHECK(maximize(f, Count{3}, LazyGreedy{}).indices == std::vector<Index>{1});
  f.reset();
  CHECK(maximize(f, Count{3}, LazyGreedy{.fill = true}).indices == std::vector<Index>{1, 0, 2});
}

TEST_CASE("Sum redundancy: one item, and copies with sets of their own") {
  const auto f = SumRedundancy{}.plain(set_function::kernel({1, 1, {2}}));
  auto other = f;
  other.add(0);
  CHECK(f.gain(0) == -2.0);
  CHECK(other.gain(0) == 0.0);
}

TEST_CASE("Sum redundancy: rounding noise below 0 counts as 0") {
  const auto with = [](float noise) {
    return SumRedundancy{}.plain(set_function::kernel({3, 3, {noise, 1, noise, 1, 0.5f, noise, noise, noise, noise}}));
  };
  auto f = with(-5e-7f), exact = with(0.0f);
  for (Index j = 0; j < 3; ++j) {
    for (Index k = 0; k < 3; ++k) CHECK(f.gain(k) == exact.gain(k));
    f.add(j);
    exact.add(j);
  }
}

TEST_CASE("Sum redundancy: negative similarities are refused by place, with the way out") {
  const Kernel kernel = set_function::kernel({2, 2, {1, 0, -0.5f, 1}});
  CHECK_THAT(thrown<ValueError>([&] { SumRedundancy{}.plain(kernel); }),
             ContainsSubstring("SumRedundancy: kernel(1, 0) is -0.5") && ContainsSubstring("(1 + s)/2"));
}

TEST_CASE("Sum redundancy: a kernel that is not square is refused") {
  const Kernel kernel = set_function::kernel({1, 2, {1, 1}});
  CHECK_THAT(thrown<ShapeError>([&] { SumRedundancy{}.plain(kernel); }),
             ContainsSubstring("SumRedundancy: kernel is 1 x 2"));
}

}
