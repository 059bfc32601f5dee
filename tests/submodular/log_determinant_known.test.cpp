// SPDX-License-Identifier: MIT
// The rows of known items have the inner products that the definition says.
#include <pickmix/submodular/log_determinant_known.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

#include <array>

namespace submodular_log_determinant_known_test {

using namespace pickmix;

TEST_CASE("Inner products of the rows are what known items explain, on any number of threads") {
  const auto pool = instances::normal(1, 300, 6), first = instances::normal(2, 3, 6),
             second = instances::normal(3, 17, 6);
  const auto all =
      instances::matrix(20, 6, [&](Index i, Index k) { return i < 3 ? first.view()(i, k) : second.view()(i - 3, k); });
  const Kernel a = similarity(first.view(), pool.view()), b = similarity(second.view(), pool.view());
  const Eigen::MatrixXd within = detail::regularised(similarity(all.view()), 0.5);
  CHECK(within(4, 4) == Approx(1.5).margin(1e-6));
  const std::array<detail::WeightedRows, 2> references{{{&a, 0.5}, {&b, 2.0}}};
  const auto rows = detail::known_rows(cpu, "test", references, within);
  REQUIRE(rows.width == 32);
  Eigen::MatrixXd p(20, 300);
  for (Index i = 0; i < 20; ++i)
    for (Index j = 0; j < 300; ++j)
      p(i, j) = i < 3 ? 0.5 * static_cast<double>(a(i, j)) : 2.0 * static_cast<double>(b(i - 3, j));
  const Eigen::MatrixXd expected = p.transpose() * within.llt().solve(p);
  for (Index i = 0; i < 300; i += 7)
    for (Index j = 0; j < 300; j += 11) {
      double product = 0.0;
      for (Index t = 0; t < rows.width; ++t)
        product += static_cast<double>(rows.row(i)[t]) * static_cast<double>(rows.row(j)[t]);
      CHECK(product == Approx(expected(i, j)).margin(1e-5));
    }
  CHECK(detail::known_rows(cpu.threads(3), "test", references, within).entries == rows.entries);
}

}
