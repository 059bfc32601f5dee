// SPDX-License-Identifier: MIT
// Tests of submodular/coverage_gains.hpp.
#include <pickmix/submodular/coverage_gains.hpp>

#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace submodular_coverage_gains_test {

using namespace pickmix;

namespace {

constexpr Index n = 250;

const Kernel& dense() {
  static const Kernel kernel = similarity(instances::normal(1, n, 12).view());
  return kernel;
}
const std::vector<float>& coverage() {
  static const std::vector<float> values(static_cast<std::size_t>(n), 0.25f);
  return values;
}
const std::vector<float>& cap() {
  static const std::vector<float> values(static_cast<std::size_t>(n), 0.5f);
  return values;
}
const std::vector<Index> items{0, 249, 17, 17, 100, 191, 192, 3, 48};

double defined(Index j, bool capped) {
  double sum = 0.0;
  for (Index i = 0; i < n; ++i) {
    const float s = capped ? std::min(dense()(i, j), 0.5f) : dense()(i, j);
    sum += std::max(static_cast<double>(s) - 0.25, 0.0);
  }
  return sum;
}

}  // namespace

TEST_CASE("gains are what they are defined as, and have the same bits in every full-size storage") {
  const bool capped = GENERATE(false, true);
  const backend::Covered rows{coverage().data(), capped ? cap().data() : nullptr};
  std::vector<double> of_dense(items.size()), of_sparse(items.size()), of_streamed(items.size());
  detail::coverage_gains(cpu, *dense().dense(), rows, items, of_dense);
  for (std::size_t k = 0; k < items.size(); ++k) CHECK(of_dense[k] == Approx(defined(items[k], capped)).epsilon(1e-6));

  const Kernel sparse = *entries_above(cpu, dense(), coverage(), [](Index, Index) { return true; });
  detail::coverage_gains(*sparse.sparse(), rows, items, of_sparse);
  CHECK(of_sparse == of_dense);

  const Kernel streamed = similarity(instances::normal(1, n, 12).view(), {.storage = Storage::streamed});
  for (Index threads : {1, 2, 3}) {
    detail::coverage_gains(cpu.threads(threads), *streamed.streamed(), rows, items, of_streamed);
    CHECK(of_streamed == of_dense);
  }
}

TEST_CASE("gains over a half-size kernel are exact in its unit") {
  const Kernel half = similarity(instances::normal(1, n, 12).view(), {.storage = Storage::half});
  const HalfEntries& entries = *half.half();
  const std::vector<std::int16_t> covered(static_cast<std::size_t>(n), 8000);
  std::vector<double> gains(items.size());
  detail::coverage_gains(cpu, entries, {covered.data()}, items, gains);
  for (std::size_t k = 0; k < items.size(); ++k) {
    std::int64_t sum = 0;
    for (Index i = 0; i < n; ++i) sum += std::max(entries.column(items[k])[i] - 8000, 0);
    CHECK(gains[k] == static_cast<double>(entries.unit) * static_cast<double>(sum));
  }
}

}
