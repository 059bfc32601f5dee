// SPDX-License-Identifier: MIT
// Tests of kernel/ridge_regression.hpp.
#include "support/catch.hpp"

#include <pickmix/core/rng.hpp>
#include <pickmix/kernel/ridge_regression.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace kernel_ridge_regression_test {

using namespace pickmix;
using Catch::Matchers::WithinAbs;

template <std::size_t width>
using Rows = std::vector<std::array<double, width>>;

TEST_CASE("ridge regression of a linear function is that function") {
  RandomStream random(1, 0);
  Rows<4> x;
  std::vector<double> y;
  const auto f = [](const std::array<double, 4>& r) { return 2.0 - 3.0 * r[1] + 0.5 * r[2] + 100.0 * r[3]; };
  for (int k = 0; k < 50; ++k) {
    x.push_back({1.0, random.uniform(), 1000.0 * random.uniform(), 0.001 * random.uniform()});
    y.push_back(f(x.back()));
  }
  const RidgeRegression<4> predict(x, y, 1e-9);
  for (const auto& row : x) CHECK_THAT(predict(row), WithinAbs(f(row), 1e-6));
  const std::array<double, 4> between{1.0, 0.5, 500.0, 0.0005};
  CHECK_THAT(predict(between), WithinAbs(f(between), 1e-6));
}

TEST_CASE("ridge shrinks the slope and not the mean") {
  const Rows<2> x{{1.0, -1.0}, {1.0, 1.0}, {1.0, -1.0}, {1.0, 1.0}};  // mean 0, variance 1
  const std::vector<double> y{4.0, 8.0, 5.0, 9.0};                    // mean 6.5, sum of x y is 8
  const RidgeRegression<2> predict(x, y, 12.0);
  CHECK_THAT(predict({1.0, 1.0}), WithinAbs(6.5 + 8.0 / (4.0 + 12.0), 1e-8));
  CHECK_THAT(predict({1.0, 0.0}), WithinAbs(6.5, 1e-8));
}

TEST_CASE("ridge regression leaves out a feature that does not vary") {
  const Rows<2> x{{1.0, 0.0}, {1.0, 1.0}, {1.0, 3.0}};
  const Rows<3> with_constant{{1.0, 0.0, 1e9}, {1.0, 1.0, 1e9}, {1.0, 3.0, 1e9}};
  const std::vector<double> y{1.0, -2.0, 5.0};
  const RidgeRegression<2> predict(x, y, 1.0);
  const RidgeRegression<3> with(with_constant, y, 1.0);
  CHECK_THAT(with({1.0, 2.0, 1e9}), WithinAbs(predict({1.0, 2.0}), 1e-12));
  CHECK(with({1.0, 2.0, 0.0}) == with({1.0, 2.0, 1e9}));
}

TEST_CASE("ridge regression says nothing beyond what it has seen") {
  const Rows<2> x{{1.0, -2.0}, {1.0, 0.0}, {1.0, 3.0}};
  const RidgeRegression<2> predict(x, std::vector{1.0, 2.0, 3.0}, 0.1);
  CHECK(predict({1.0, 50.0}) == predict({1.0, 3.0}));
  CHECK(predict({1.0, -50.0}) == predict({1.0, -2.0}));
  CHECK(predict({1.0, 3.0}) > predict({1.0, 2.0}));
}

TEST_CASE("ridge regression on no row predicts 0, on one row that row") {
  CHECK(RidgeRegression<2>(Rows<2>{}, {}, 1.0)({1.0, 5.0}) == 0.0);
  const RidgeRegression<2> one(Rows<2>{{1.0, 7.0}}, std::vector{3.0}, 1.0);
  CHECK_THAT(one({1.0, -1.0}), WithinAbs(3.0, 1e-8));
}

}
