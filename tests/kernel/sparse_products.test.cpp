// SPDX-License-Identifier: MIT
// The product with a sparse matrix is that with the same matrix dense, at every thread count.
#include <pickmix/kernel/sparse_products.hpp>

#include <support/catch.hpp>

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstdlib>

namespace kernel_sparse_products_test {

using namespace pickmix;

TEST_CASE("A product with a sparse matrix is the product with all its entries, at every thread count") {
  std::srand(1);
  const Eigen::MatrixXf left = Eigen::MatrixXf::Random(7, 5);
  Eigen::MatrixXf entries = Eigen::MatrixXf::Random(5, 6);
  entries = (entries.array() > 0.4f).select(entries, 0.0f);
  entries.col(3).setZero();
  const Eigen::SparseMatrix<float> sparse = entries.sparseView();
  REQUIRE(sparse.nonZeros() > 4);
  REQUIRE(sparse.nonZeros() < 20);
  const Eigen::MatrixXf product = detail::product(cpu, left, sparse);
  CHECK(product.isApprox(left.lazyProduct(entries), 1e-6f));
  for (Index threads : {2, 3}) CHECK(detail::product(cpu.threads(threads), left, sparse) == product);
}

TEST_CASE("With nothing in the sparse matrix the product is zero") {
  const Eigen::MatrixXf left = Eigen::MatrixXf::Ones(2, 3);
  const Eigen::SparseMatrix<float> nothing(3, 4);
  CHECK(detail::product(cpu, left, nothing) == Eigen::MatrixXf::Zero(2, 4));
}

}
