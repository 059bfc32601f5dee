// SPDX-License-Identifier: MIT
// Products with a sparse matrix are those with the same matrix dense, at every thread count.
#include <pickmix/kernel/sparse_products.hpp>

#include <support/catch.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstdlib>

using namespace pickmix;

TEST_CASE("A product with a sparse matrix is the product with all its entries, at every thread count") {
  std::srand(1);
  const Eigen::MatrixXf left = Eigen::MatrixXf::Random(7, 5), right = Eigen::MatrixXf::Random(6, 9);
  Eigen::MatrixXf entries = Eigen::MatrixXf::Random(5, 6);
  entries = (entries.array() > 0.4f).select(entries, 0.0f);
  entries.col(3).setZero();
  const Eigen::SparseMatrix<float> sparse = entries.sparseView();
  REQUIRE(sparse.nonZeros() > 4);
  REQUIRE(sparse.nonZeros() < 20);
  const Eigen::MatrixXf from_left = detail::product(cpu, left, sparse),
                        from_right = detail::product(cpu, sparse, right);
  CHECK(from_left.isApprox(left.lazyProduct(entries), 1e-6f));
  CHECK(from_right.isApprox(entries.lazyProduct(right), 1e-6f));
  for (Index threads : {2, 3}) {
    CHECK(detail::product(cpu.threads(threads), left, sparse) == from_left);
    CHECK(detail::product(cpu.threads(threads), sparse, right) == from_right);
  }
}

TEST_CASE("With nothing in the sparse matrix the product is zero") {
  const Eigen::MatrixXf left = Eigen::MatrixXf::Ones(2, 3);
  const Eigen::SparseMatrix<float> nothing(3, 4);
  CHECK(detail::product(cpu, left, nothing) == Eigen::MatrixXf::Zero(2, 4));
}
