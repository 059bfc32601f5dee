// SPDX-License-Identifier: MIT
// Disparity sum: values computed by hand, the definition, and that it is not submodular.
#include <pickmix/submodular/disparity_sum.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <vector>

namespace submodular_disparity_sum_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<DisparitySumObjective> && !has_diminishing_returns<DisparitySumObjective>);

namespace {

struct Definition {
  Kernel s;

  double operator()(Items set) const {
    double value = 0.0;
    for (Index i : set_function::items(set))
      for (Index j : set_function::items(set))
        if (i != j) value += 0.5 * (1.0 - static_cast<double>(s(i, j)));
    return value;
  }
};

}  // namespace

TEST_CASE("Disparity sum: the values of three items are those computed by hand, the mean of both entries of a pair") {
  auto f = DisparitySum{}.plain(set_function::kernel({3, 3, {1, 0.5f, 0.25f, 0, 1, 0, 0.75f, 1, 1}}));
  CHECK(f.size() == 3);
  CHECK(f.gain(0) == 0.0);
  f.add(0);
  CHECK(f.gain(1) == 0.75);
  CHECK(f.gain(2) == 0.5);
  f.add(1);
  CHECK(f.gain(2) == 1.0);
}

TEST_CASE("Disparity sum is its definition, on kernels that are symmetric and not, with negative entries too") {
  for (const Matrix& similarities : {set_function::quarters(1, 15, 15), set_function::quarters(2, 1, 1)}) {
    const Kernel kernel = set_function::kernel(similarities);
    set_function::check_set_function(DisparitySum{}.plain(kernel), Definition{kernel}, 0.0);
  }
  const auto dyadic = instances::dyadic(3, 12, 12), real = instances::real(4, 12, 12);
  set_function::check_set_function(DisparitySum{}.plain(dyadic), Definition{dyadic}, 0.0);
  set_function::check_set_function(DisparitySum{}.plain(real), Definition{real}, 1e-12);
}

TEST_CASE("Gains rise with the set, and never fall where similarities are at most 1") {
  const auto f = DisparitySum{}.plain(instances::real(5, 12, 12));
  CHECK(laws::diminishing_returns(f) != "");
  CHECK(laws::monotone(f) == "");
}

TEST_CASE("A copy of an item is as far from it as the kernel says") {
  auto f = DisparitySum{}.plain(instances::kernel(2, 2, [](Index, Index) { return 1.0f; }));
  f.add(0);
  CHECK(f.gain(1) == 0.0);
}

TEST_CASE("Naive greedy takes the item farthest from all that were taken") {
  // four points on a line, at 0, 1, 2 and 10, with similarity 1 - distance
  const double at[] = {0, 1, 2, 10};
  auto f = DisparitySum{}.plain(
      instances::kernel(4, 4, [&](Index i, Index j) { return static_cast<float>(1.0 - std::abs(at[i] - at[j])); }));
  const auto s = maximize(f, Count{4}, NaiveGreedy{});
  CHECK(s.indices == std::vector<Index>{0, 3, 1, 2});
  CHECK(s.gains == std::vector<double>{0, 10, 10, 11});
}

TEST_CASE("Copies of a disparity sum have sets of their own") {
  const auto f = DisparitySum{}.plain(set_function::kernel({2, 2, {1, 0, 0, 1}}));
  auto other = f;
  other.add(0);
  CHECK(f.gain(1) == 0.0);
  CHECK(other.gain(1) == 1.0);
}

TEST_CASE("Disparity sum: a kernel that is not square is refused") {
  const Kernel kernel = set_function::kernel({1, 2, {1, 1}});
  CHECK_THAT(thrown<ShapeError>([&] { DisparitySum{}.plain(kernel); }),
             ContainsSubstring("DisparitySum: kernel is 1 x 2"));
}

}
