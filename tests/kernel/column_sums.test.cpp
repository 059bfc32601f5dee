// SPDX-License-Identifier: MIT
// Column sums of every storage, against the entries.
#include <pickmix/kernel/column_sums.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

#include <memory>
#include <utility>

namespace kernel_column_sums_test {

using namespace pickmix;

namespace {

void check(const Kernel& kernel, double margin) {
  const auto sums = column_sums(cpu, kernel);
  REQUIRE(static_cast<Index>(sums.size()) == kernel.columns());
  for (Index j = 0; j < kernel.columns(); ++j) {
    double sum = 0.0;
    for (Index i = 0; i < kernel.rows(); ++i) sum += static_cast<double>(kernel(i, j));
    CHECK(sums[static_cast<std::size_t>(j)] == Approx(sum).margin(margin));
  }
  for (Index threads : {2, 3, 7}) CHECK(column_sums(cpu.threads(threads), kernel) == sums);
}

}  // namespace

TEST_CASE("Sums are those of the entries, for kernels that are square and not") {
  const auto rows = instances::normal(1, 300, 7), columns = instances::normal(2, 450, 7);
  for (const Metric& metric : {Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Dot{}}, Metric{Rbf{0.1}}})
    for (Storage storage : {Storage::streamed, Storage::full, Storage::half}) {
      check(similarity(rows.view(), {.metric = metric, .storage = storage}), 1e-4);
      check(similarity(rows.view(), columns.view(), {.metric = metric, .storage = storage}), 1e-4);
    }
}

TEST_CASE("What a sparse kernel does not store is zero") {
  auto entries = std::make_shared<SparseEntries>(3);
  entries->take({{0, 2, 1}, {0.5f, 0.25f, -1.0f}}, std::vector<Index>{0, 2}, std::vector<std::size_t>{2, 1});
  const Kernel kernel(3, 3, std::shared_ptr<const SparseEntries>(std::move(entries)));
  CHECK(column_sums(cpu, kernel) == std::vector<double>{0.75, 0.0, -1.0});
}

TEST_CASE("Equal columns have equal sums") {
  const auto one = instances::normal(3, 100, 5);
  const auto rows = instances::matrix(300, 5, [&](Index i, Index k) { return one.view()(i % 100, k); });
  for (const Metric& metric : {Metric{ShiftedCosine{}}, Metric{Rbf{0.1}}}) {
    const auto sums = column_sums(cpu, similarity(rows.view(), {.metric = metric, .storage = Storage::streamed}));
    for (std::size_t j = 0; j < 100; ++j) CHECK((sums[j] == sums[j + 100] && sums[j] == sums[j + 200]));
  }
}

}
