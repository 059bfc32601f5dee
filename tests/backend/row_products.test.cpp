// SPDX-License-Identifier: MIT
// Eight rows by sixteen vectors: every instruction set against sums in double precision.
#include <pickmix/backend/row_products.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/instruction_sets.hpp>

#include <vector>

namespace backend_row_products_test {

using namespace pickmix;

TEST_CASE("Products are those of the definition, in every instruction set that the processor has") {
  const Index features = GENERATE(0, 1, 7, 64, 385);
  const auto x = instances::normal(1, 8, features + 1), y = instances::normal(2, 16, features + 1);
  std::vector<float> panel(static_cast<std::size_t>(16 * (features + 1)));
  backend::EightRows rows{};
  for (Index r = 0; r < 8; ++r) rows[static_cast<std::size_t>(r)] = x.view().row(r).data();
  for (Index t = 0; t < 16; ++t)
    for (Index k = 0; k < features; ++k) panel[static_cast<std::size_t>(k * 16 + t)] = y.view()(t, k);
  for (InstructionSet set : support::instruction_sets()) {
    backend::RowProducts out{};
    backend::row_products(rows, panel.data(), features, out, set);
    for (Index r = 0; r < 8; ++r)
      for (Index t = 0; t < 16; ++t) {
        double sum = 0.0;
        for (Index k = 0; k < features; ++k)
          sum += static_cast<double>(x.view()(r, k)) * static_cast<double>(y.view()(t, k));
        CHECK(out[static_cast<std::size_t>(16 * r + t)] == Approx(sum).margin(1e-4));
      }
  }
}

TEST_CASE("A product has the same bits wherever its row and its vector stand") {
  const Index features = 100;
  const auto x = instances::normal(3, 1, features), y = instances::normal(4, 1, features);
  backend::EightRows rows{};
  rows.fill(x.entries.data());
  std::vector<float> panel;
  for (Index k = 0; k < features; ++k) panel.insert(panel.end(), 16, y.view()(0, k));
  for (InstructionSet set : support::instruction_sets()) {
    backend::RowProducts out{};
    backend::row_products(rows, panel.data(), features, out, set);
    for (float product : out) CHECK(product == out[0]);
  }
}

}
