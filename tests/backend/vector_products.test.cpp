// SPDX-License-Identifier: MIT
// Sums of packed rows and inner products with them, against the definition.
#include <pickmix/backend/vector_products.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>

#include <vector>

namespace backend_vector_products_test {

using namespace pickmix;

namespace {

backend::PackedRows packed(const instances::Matrix& rows) {
  backend::PackedRows out(rows.rows, rows.columns);
  for (Index r = 0; r < rows.rows; ++r)
    for (Index k = 0; k < rows.columns; ++k) out(r, k) = rows.view()(r, k);
  return out;
}

}  // namespace

TEST_CASE("The sum of rows is theirs, on any number of threads") {
  const Index n = GENERATE(1, 15, 16, 17, 1000, 5000);
  const auto rows = instances::normal(1, n, 5);
  const auto sums = backend::sum_of_rows(cpu, packed(rows));
  std::vector<double> expected(5, 0.0);
  for (Index r = 0; r < n; ++r)
    for (Index k = 0; k < 5; ++k) expected[static_cast<std::size_t>(k)] += static_cast<double>(rows.view()(r, k));
  REQUIRE(sums.size() == 5);
  for (std::size_t k = 0; k < 5; ++k) CHECK(sums[k] == Approx(expected[k]).margin(1e-9));
  for (Index threads : {2, 3, 7}) CHECK(backend::sum_of_rows(cpu.threads(threads), packed(rows)) == sums);
}

TEST_CASE("A panel's products are those of its rows, and a row is added as it is") {
  const auto rows = instances::normal(2, 40, 6);
  const auto pack = packed(rows);
  std::vector<double> y(6, 0.0);
  backend::add_row(pack, 21, y);
  for (Index k = 0; k < 6; ++k) CHECK(y[static_cast<std::size_t>(k)] == static_cast<double>(rows.view()(21, k)));
  for (Index r = 0; r < 40; ++r) {
    double sum = 0.0;
    for (Index k = 0; k < 6; ++k) sum += static_cast<double>(rows.view()(r, k)) * y[static_cast<std::size_t>(k)];
    CHECK(backend::panel_products(pack, r, y)[static_cast<std::size_t>(r % 16)] == Approx(sum).margin(1e-12));
  }
}

}
