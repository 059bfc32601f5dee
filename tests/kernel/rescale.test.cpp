// SPDX-License-Identifier: MIT
// Tests of kernel/rescale.hpp.
#include <pickmix/kernel/rescale.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace kernel_rescale_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr float largest = std::numeric_limits<float>::max(), smallest = std::numeric_limits<float>::denorm_min();

/// Calls check(i, j, old entry, new entry) for every entry.
template <class Check>
void for_each_entry(const Kernel& before, const Kernel& after, const Check& check) {
  REQUIRE(after.rows() == before.rows());
  REQUIRE(after.columns() == before.columns());
  REQUIRE(after.dense() != nullptr);
  for (Index i = 0; i < before.rows(); ++i)
    for (Index j = 0; j < before.columns(); ++j) check(i, j, before(i, j), after(i, j));
}

/// Rectangular kernels in every storage.
std::vector<storages::Named> kernels() {
  const auto rows = instances::normal(1, 60, 4), columns = instances::normal(2, 101, 4);
  auto out = storages::exact(rows.view(), columns.view(), Cosine{});
  out.push_back({"half", similarity(rows.view(), columns.view(), {.storage = Storage::half})});
  return out;
}

Kernel row(std::vector<float> entries) {
  return Kernel(MatrixView<const float>(entries.data(), 1, static_cast<Index>(entries.size())));
}
std::vector<float> entries(const Kernel& kernel) {
  std::vector<float> out;
  for (Index i = 0; i < kernel.rows(); ++i)
    for (Index j = 0; j < kernel.columns(); ++j) out.push_back(kernel(i, j));
  return out;
}

}  // namespace

TEST_CASE("Clipping makes negative entries zero and leaves the others as they are") {
  for (const auto& [name, kernel] : kernels())
    for_each_entry(kernel, rescale(kernel, ClipAtZero{}),
                   [](Index, Index, float before, float after) { REQUIRE(after == std::max(before, 0.0f)); });
  CHECK(entries(rescale(row({-1, 0, largest, -smallest}), ClipAtZero{})) == std::vector<float>{0, 0, largest, 0});
}

TEST_CASE("The whole range of a matrix becomes that from 0 to 1") {
  for (const auto& [name, kernel] : kernels()) {
    const auto all = entries(kernel);
    const double low = *std::min_element(all.begin(), all.end()), high = *std::max_element(all.begin(), all.end());
    const Kernel scaled = rescale(kernel, MinMax{});
    for_each_entry(kernel, scaled, [&](Index, Index, float before, float after) {
      REQUIRE(static_cast<double>(after) == Approx((static_cast<double>(before) - low) / (high - low)).margin(1e-7));
    });
    const auto changed = entries(scaled);
    CHECK(*std::min_element(changed.begin(), changed.end()) == 0.0f);
    CHECK(*std::max_element(changed.begin(), changed.end()) == 1.0f);
  }
}

TEST_CASE("The range of each row becomes that from 0 to 1") {
  for (const auto& [name, kernel] : kernels()) {
    const Kernel scaled = rescale(kernel, RowMinMax{});
    for (Index i = 0; i < kernel.rows(); ++i) {
      double low = 1e9, high = -1e9;
      for (Index j = 0; j < kernel.columns(); ++j) {
        low = std::min(low, static_cast<double>(kernel(i, j)));
        high = std::max(high, static_cast<double>(kernel(i, j)));
      }
      for (Index j = 0; j < kernel.columns(); ++j)
        REQUIRE(static_cast<double>(scaled(i, j)) ==
                Approx((static_cast<double>(kernel(i, j)) - low) / (high - low)).margin(1e-7));
    }
  }
}

TEST_CASE("What is constant becomes ones") {
  for (float value : {-3.0f, 0.0f, 0.5f, largest, -largest}) {
    const Kernel constant = instances::kernel(3, 4, [&](Index, Index) { return value; });
    CHECK(entries(rescale(constant, MinMax{})) == std::vector<float>(12, 1.0f));
    CHECK(entries(rescale(constant, RowMinMax{})) == std::vector<float>(12, 1.0f));
  }
  const Kernel rows = instances::kernel(2, 3, [](Index i, Index j) { return i == 0 ? 5.0f : static_cast<float>(j); });
  CHECK(entries(rescale(rows, RowMinMax{})) == std::vector<float>{1, 1, 1, 0, 0.5f, 1});
}

TEST_CASE("The widest and the narrowest ranges keep their order") {
  CHECK(entries(rescale(row({-largest, 0, largest}), MinMax{})) == std::vector<float>{0, 0.5f, 1});
  CHECK(entries(rescale(row({-largest, 0, largest}), RowMinMax{})) == std::vector<float>{0, 0.5f, 1});
  CHECK(entries(rescale(row({0, smallest, 2 * smallest}), MinMax{})) == std::vector<float>{0, 0.5f, 1});
  const float next = std::nextafter(1.0f, 2.0f);
  CHECK(entries(rescale(row({1.0f, next}), RowMinMax{})) == std::vector<float>{0, 1});
}

TEST_CASE("Rows are multiplied by their weights") {
  const auto weights = storages::uniform(3, 60, 0.0, 5.0);
  const std::vector<double> weight(weights.begin(), weights.end());
  for (const auto& [name, kernel] : kernels())
    for_each_entry(kernel, rescale(kernel, RowWeights{weight}), [&](Index i, Index, float before, float after) {
      REQUIRE(after == static_cast<float>(weight[static_cast<std::size_t>(i)] * static_cast<double>(before)));
    });
  const std::vector<double> zero{0.0};
  CHECK(entries(rescale(row({-1, 0, largest}), RowWeights{zero})) == std::vector<float>{0, 0, 0});
}

TEST_CASE("Weights of another number than rows, and bad ones, are refused by name") {
  const Kernel kernel = instances::real(1, 3, 2);
  const auto refusal = [&](std::vector<double> weight) {
    return thrown<ValueError>([&] { (void)rescale(kernel, RowWeights{weight}); });
  };
  const std::vector<double> two{1.0, 1.0};
  CHECK_THAT(thrown<ShapeError>([&] { (void)rescale(kernel, RowWeights{two}); }),
             ContainsSubstring("weight has 2 entries and the kernel 3 rows"));
  CHECK_THAT(refusal({1.0, -0.5, 1.0}), ContainsSubstring("weight[1] is -0.5"));
  CHECK_THAT(refusal({1.0, 1.0, std::numeric_limits<double>::infinity()}), ContainsSubstring("weight[2] is inf"));
  CHECK_THAT(refusal({std::numeric_limits<double>::quiet_NaN(), 1.0, 1.0}), ContainsSubstring("weight[0] is nan"));
  CHECK_THAT(refusal({1.0, 1e300, 1.0}), ContainsSubstring("weight[1] = 1e+300 makes entry (1, 0) larger"));
}

TEST_CASE("Each row by its largest: negative entries and rows without a positive one are zero") {
  const Kernel k = instances::kernel(3, 3, [](Index i, Index j) {
    static constexpr float s[3][3] = {{0.5f, 0.25f, -0.5f}, {-1.0f, -2.0f, 0.0f}, {-0.25f, 1.0f, 0.75f}};
    return s[i][j];
  });
  const Kernel scaled = rescale(k, RowMax{});
  static constexpr float expected[3][3] = {{1.0f, 0.5f, 0.0f}, {0.0f, 0.0f, 0.0f}, {0.0f, 1.0f, 0.75f}};
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) CHECK(scaled(i, j) == expected[i][j]);
}

}
