// SPDX-License-Identifier: MIT
// Tests of core/matrix_view.hpp.
#include "support/catch.hpp"

#include <pickmix/core/matrix_view.hpp>

#include <Eigen/Core>

#include <concepts>
#include <numeric>
#include <string>
#include <vector>

namespace core_matrix_view_test {

using namespace pickmix;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace {

/// Entry (i, j) is 10·i + j.
RowMajor numbered(Index rows, Index columns) {
  return RowMajor::NullaryExpr(rows, columns, [](Index i, Index j) { return static_cast<float>(10 * i + j); });
}

/// What a function of the library sees of its argument.
std::vector<float> entries(MatrixView<const float> m) {
  std::vector<float> out;
  for (Index i = 0; i < m.rows(); ++i)
    for (Index j = 0; j < m.columns(); ++j) out.push_back(m(i, j));
  return out;
}

}  // namespace

TEST_CASE("a default view is empty") {
  const MatrixView<const float> view;
  CHECK(view.data() == nullptr);
  CHECK(view.rows() == 0);
  CHECK(view.columns() == 0);
  CHECK(view.stride() == 0);
}

TEST_CASE("a view of a pointer without stride is dense") {
  const float data[] = {0, 1, 2, 10, 11, 12};
  const MatrixView<const float> view(data, 2, 3);
  CHECK(view.rows() == 2);
  CHECK(view.columns() == 3);
  CHECK(view.stride() == 3);
  CHECK(view(1, 0) == 10);
  CHECK(view(0, 2) == 2);
}

TEST_CASE("a view of a pointer with stride skips the gap between rows") {
  const float data[] = {0, 1, -1, -1, 10, 11, -1, -1, 20, 21};
  CHECK(entries(MatrixView<const float>(data, 3, 2, 4)) == std::vector<float>{0, 1, 10, 11, 20, 21});
}

TEST_CASE("a row is a span of its columns only") {
  const float data[] = {0, 1, -1, 10, 11, -1};
  const auto row = MatrixView<const float>(data, 2, 2, 3).row(1);
  CHECK(row.size() == 2);
  CHECK(row.data() == data + 3);
}

TEST_CASE("a row-major Eigen matrix is seen without a copy") {
  RowMajor m = numbered(2, 3);
  const MatrixView<float> view = m;
  CHECK(view.data() == m.data());
  CHECK(entries(view) == std::vector<float>{0, 1, 2, 10, 11, 12});
  view(1, 2) = 7;
  view.row(0)[1] = 8;
  CHECK(m(1, 2) == 7);
  CHECK(m(0, 1) == 8);
}

TEST_CASE("a constant matrix, an array, a map, a row and a temporary convert") {
  const RowMajor m = numbered(2, 2);
  const Eigen::Array<float, 2, 2, Eigen::RowMajor> array = m.array();
  const std::vector<float> expected{0, 1, 10, 11};
  CHECK(entries(m) == expected);
  CHECK(entries(array) == expected);
  CHECK(entries(Eigen::Map<const RowMajor>(m.data(), 2, 2)) == expected);
  CHECK(entries(m.row(1)) == std::vector<float>{10, 11});
  CHECK(entries(numbered(2, 2)) == expected);
}

TEST_CASE("a block keeps the outer stride of its matrix") {
  RowMajor m = numbered(4, 5);
  const MatrixView<float> view = m.block(1, 2, 2, 3);
  CHECK(view.stride() == 5);
  CHECK(entries(view) == std::vector<float>{12, 13, 14, 22, 23, 24});
}

TEST_CASE("a map keeps its outer stride") {
  std::vector<float> data(12);
  std::iota(data.begin(), data.end(), 0.0f);
  const Eigen::Map<RowMajor, 0, Eigen::OuterStride<>> map(data.data(), 3, 2, Eigen::OuterStride<>(4));
  CHECK(entries(map) == std::vector<float>{0, 1, 4, 5, 8, 9});
}

TEST_CASE("the transpose of a column-major matrix is row-major and converts") {
  const Eigen::MatrixXf columns = numbered(2, 3).transpose();
  CHECK(entries(columns.transpose()) == std::vector<float>{0, 1, 2, 10, 11, 12});
}

TEST_CASE("a matrix of fixed size converts") {
  const Eigen::Matrix<float, 2, 3, Eigen::RowMajor> m = numbered(2, 3);
  CHECK(entries(m) == std::vector<float>{0, 1, 2, 10, 11, 12});
}

TEST_CASE("a view of mutable entries becomes a view of constant ones, all of it the same") {
  float data[] = {0, 1, 2, 3, 4, 5};
  const MatrixView<float> view(data, 2, 2, 3);
  const MatrixView<const float> constant = view;
  CHECK(constant.data() == data);
  CHECK(constant.rows() == 2);
  CHECK(constant.columns() == 2);
  CHECK(constant.stride() == 3);
}

TEST_CASE("const is never taken away and the entry type never changed") {
  STATIC_REQUIRE(std::convertible_to<RowMajor&, MatrixView<float>>);
  STATIC_REQUIRE(std::convertible_to<const RowMajor&, MatrixView<const float>>);
  STATIC_REQUIRE(std::convertible_to<MatrixView<float>, MatrixView<const float>>);
  STATIC_REQUIRE(!std::convertible_to<const RowMajor&, MatrixView<float>>);
  STATIC_REQUIRE(!std::convertible_to<Eigen::Map<const RowMajor>&, MatrixView<float>>);
  STATIC_REQUIRE(!std::convertible_to<MatrixView<const float>, MatrixView<float>>);
  STATIC_REQUIRE(!std::convertible_to<MatrixView<double>, MatrixView<const float>>);
  using Doubles = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  STATIC_REQUIRE(!std::convertible_to<Doubles&, MatrixView<const float>>);
}

TEST_CASE("what has no storage of its own, or is no matrix, does not convert") {
  using Sum = decltype(std::declval<RowMajor>() + std::declval<RowMajor>());
  STATIC_REQUIRE(!std::convertible_to<Sum, MatrixView<const float>>);
  STATIC_REQUIRE(!std::convertible_to<std::vector<float>&, MatrixView<const float>>);
  STATIC_REQUIRE(!std::convertible_to<float*, MatrixView<const float>>);
  STATIC_REQUIRE(!std::convertible_to<std::string&, MatrixView<const char>>);
}

}
