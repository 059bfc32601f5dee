// SPDX-License-Identifier: MIT
// Tests of kernel/metric.hpp; what the metrics come to is tried in streamed.test.cpp.
#include <pickmix/kernel/metric.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/metric_definition.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace kernel_metric_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;

namespace {

double product(const backend::PackedRows& rows, Index i, Index j) {
  double sum = 0.0;
  for (Index k = 0; k < rows.features(); ++k) sum += static_cast<double>(rows(i, k)) * static_cast<double>(rows(j, k));
  return sum;
}

}  // namespace

TEST_CASE("Packed rows are scaled so that their inner product is the similarity") {
  Matrix rows = instances::normal(1, 300, 7);
  for (Index k = 0; k < 7; ++k) rows(5, k) = 0.0f;
  for (const Metric& metric : {Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Dot{}}})
    for (Index threads : {1, 3}) {
      const auto packed = detail::pack(cpu.threads(threads), "rows", rows.view(), metric);
      CHECK(packed.rows() == 300);
      for (Index i : {0, 5, 191, 192, 299})
        for (Index j : {0, 5, 7, 299}) {
          CAPTURE(metric.index(), threads, i, j);
          CHECK(product(packed, i, j) ==
                Approx(support::similarity_of(metric, rows.view(), i, rows.view(), j)).margin(1e-6));
        }
    }
}

TEST_CASE("Only what a metric needs is changed: Dot and Rbf keep every bit") {
  const Matrix rows = instances::normal(2, 20, 5);
  for (const Metric& metric : {Metric{Dot{}}, Metric{Rbf{}}}) {
    const auto packed = detail::pack(cpu, "rows", rows.view(), metric);
    CHECK(packed.features() == 5);
    for (Index i = 0; i < 20; ++i)
      for (Index k = 0; k < 5; ++k) REQUIRE(packed(i, k) == rows.view()(i, k));
  }
}

TEST_CASE("Views with gaps between rows are read as if they had none") {
  Matrix wide = instances::normal(3, 4, 9);
  const auto packed = detail::pack(cpu, "rows", MatrixView<const float>(wide.entries.data() + 2, 4, 3, 9), Dot{});
  for (Index i = 0; i < 4; ++i)
    for (Index k = 0; k < 3; ++k) CHECK(packed(i, k) == wide(i, k + 2));
}

TEST_CASE("Rows of any length have unit length afterwards where cosines are asked for") {
  for (float scale : {1e-44f, 1e-30f, 1.0f, 1e30f, 3e38f}) {
    const auto rows = instances::matrix(2, 3, [&](Index i, Index) { return i == 0 ? scale : 1.0f; });
    CHECK(product(detail::pack(cpu, "rows", rows.view(), Cosine{}), 0, 0) == Approx(1.0));
    CHECK(product(detail::pack(cpu, "rows", rows.view(), ShiftedCosine{}), 0, 1) == Approx(1.0));
  }
}

TEST_CASE("No rows, no columns, and entries that are not finite are refused by name") {
  const auto refused = [](Index rows, Index columns) {
    return thrown<ShapeError>([&] { (void)detail::pack(cpu, "target", Matrix{rows, columns}.view(), Cosine{}); });
  };
  CHECK_THAT(refused(0, 3), ContainsSubstring("similarity: target is 0 x 3"));
  CHECK_THAT(refused(3, 0), ContainsSubstring("similarity: target is 3 x 0"));
  for (const Metric& metric : support::metrics)
    for (Index threads : {1, 2}) {
      Matrix rows = instances::normal(4, 400, 3);
      rows(399, 2) = std::numeric_limits<float>::infinity();
      rows(250, 1) = std::numeric_limits<float>::quiet_NaN();
      CHECK_THAT(thrown<ValueError>([&] { (void)detail::pack(cpu.threads(threads), "target", rows.view(), metric); }),
                 ContainsSubstring("target(250, 1) is nan"));
    }
}

TEST_CASE("Rows whose inner products no float holds are refused by name; the longest others are not") {
  Matrix rows = instances::normal(5, 30, 2);
  for (const Metric& metric : {Metric{Dot{}}, Metric{Rbf{}}}) {
    rows(17, 1) = 4e18f;
    CHECK(detail::pack(cpu, "rows", rows.view(), metric).rows() == 30);
    for (float large : {2e19f, 3e38f}) {
      rows(17, 1) = large;
      CHECK_THAT(thrown<ValueError>([&] { (void)detail::pack(cpu, "rows", rows.view(), metric); }),
                 ContainsSubstring("similarity: rows, row 17") && ContainsSubstring("scale the rows down"));
    }
  }
  CHECK(detail::pack(cpu, "rows", rows.view(), Cosine{}).rows() == 30);
}

}
