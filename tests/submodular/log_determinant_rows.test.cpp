// SPDX-License-Identifier: MIT
// Rows in one piece, and vectors side by side.
#include <pickmix/submodular/log_determinant_rows.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>

#include <vector>

namespace submodular_log_determinant_rows_test {

using namespace pickmix;

TEST_CASE("A row is its packed entries and what comes after") {
  const auto rows = instances::normal(1, 200, 5), after = instances::normal(2, 200, 3);
  backend::PackedRows packed(200, 5);
  for (Index r = 0; r < 200; ++r)
    for (Index k = 0; k < 5; ++k) packed(r, k) = rows.view()(r, k);
  const detail::ContiguousRows copy(cpu.threads(2), packed, 3, after.entries.data());
  REQUIRE(copy.features() == 8);
  for (Index r = 0; r < 200; ++r)
    for (Index k = 0; k < 8; ++k) CHECK(copy[r][k] == (k < 5 ? rows.view()(r, k) : after.view()(r, k - 5)));
}

TEST_CASE("Vectors stand in lanes of sixteen, and lanes that are not filled are zero") {
  detail::Panels panels(2);
  for (int round = 0; round < 2; ++round) {
    for (int t = 0; t < 18; ++t) {
      const std::vector<double> vector{1.0 + t, -1.0 - t};
      panels.append(vector.data());
    }
    CHECK(panels.panel(0)[3] == 4.0f);
    CHECK(panels.panel(0)[16 + 3] == -4.0f);
    CHECK(panels.panel(1)[1] == 18.0f);
    CHECK(panels.panel(1)[2] == 0.0f);
    panels.clear();
  }
}

}
