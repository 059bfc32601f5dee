// SPDX-License-Identifier: MIT
// Disparity min: values computed by hand, the definition, and that it is neither monotone nor submodular.
#include <pickmix/submodular/disparity_min.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace submodular_disparity_min_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<DisparityMinObjective> && !has_diminishing_returns<DisparityMinObjective>);

namespace {

struct Definition {
  Kernel s;

  double operator()(Items set) const {
    const auto items = set_function::items(set);
    if (items.size() < 2) return 0.0;
    double smallest = std::numeric_limits<double>::infinity();
    for (Index i : items)
      for (Index j : items)
        if (i != j)
          smallest = std::min(smallest, 1.0 - 0.5 * (static_cast<double>(s(i, j)) + static_cast<double>(s(j, i))));
    return smallest;
  }
};

/// Points on a line, with similarity 1 - distance.
Kernel line(std::vector<double> at) {
  const auto n = static_cast<Index>(at.size());
  return instances::kernel(n, n, [&](Index i, Index j) {
    return static_cast<float>(1.0 - std::abs(at[static_cast<std::size_t>(i)] - at[static_cast<std::size_t>(j)]));
  });
}

}  // namespace

TEST_CASE("Disparity min: the values of three items are those computed by hand, the mean of both entries of a pair") {
  auto f = DisparityMin{}.plain(set_function::kernel({3, 3, {1, 0.5f, 0.25f, 0, 1, 0, 0.75f, 1, 1}}));
  CHECK(f.size() == 3);
  CHECK(f.gain(0) == 0.0);
  f.add(0);
  CHECK(f.gain(1) == 0.75);
  CHECK(f.gain(2) == 0.5);
  f.add(1);
  CHECK(f.gain(2) == -0.25);
}

TEST_CASE("Disparity min is its definition, on kernels that are symmetric and not, with negative entries too") {
  for (const Matrix& similarities : {set_function::quarters(1, 15, 15), set_function::quarters(2, 1, 1)}) {
    const Kernel kernel = set_function::kernel(similarities);
    set_function::check_set_function(DisparityMin{}.plain(kernel), Definition{kernel}, 0.0);
  }
  const auto dyadic = instances::dyadic(3, 12, 12), real = instances::real(4, 12, 12);
  set_function::check_set_function(DisparityMin{}.plain(dyadic), Definition{dyadic}, 0.0);
  set_function::check_set_function(DisparityMin{}.plain(real), Definition{real}, 1e-12);
}

TEST_CASE("A distance above 1 is not cut off, as it is where the first minimum is taken to be 1") {
  auto f = DisparityMin{}.plain(line({0, 3, 5}));
  f.add(0);
  CHECK(f.gain(2) == 5.0);
  f.add(2);
  CHECK(f.gain(1) == -3.0);
}

TEST_CASE("It is neither monotone nor submodular") {
  const auto f = DisparityMin{}.plain(line({0, 1, 3, 7}));
  CHECK(laws::monotone(f) != "");
  CHECK(laws::diminishing_returns(f) != "");
}

TEST_CASE("Naive greedy told to fill takes the item farthest from the set; otherwise it ends where distance shrinks") {
  auto f = DisparityMin{}.plain(line({0, 1, 4, 10}));
  CHECK(maximize(f, Count{4}, NaiveGreedy{.fill = true}).indices == std::vector<Index>{0, 3, 2, 1});
  f.reset();
  CHECK(maximize(f, Count{4}, NaiveGreedy{}).indices == std::vector<Index>{0, 3});
}

TEST_CASE("Copies of an item are as close to it as the kernel says") {
  auto f = DisparityMin{}.plain(line({0, 0, 2}));
  f.add(0);
  CHECK(f.gain(1) == 0.0);
  f.add(2);
  CHECK(f.gain(1) == -2.0);
}

TEST_CASE("Copies of a disparity min have sets of their own") {
  const auto f = DisparityMin{}.plain(line({0, 1}));
  auto other = f;
  other.add(0);
  CHECK(f.gain(1) == 0.0);
  CHECK(other.gain(1) == 1.0);
}

TEST_CASE("Disparity min: a kernel that is not square is refused") {
  const Kernel kernel = set_function::kernel({1, 2, {1, 1}});
  CHECK_THAT(thrown<ShapeError>([&] { DisparityMin{}.plain(kernel); }),
             ContainsSubstring("DisparityMin: kernel is 1 x 2"));
}

}
