// SPDX-License-Identifier: MIT
// Tests of kernel/nearest_columns.hpp.
#include <pickmix/kernel/nearest_columns.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kernel_nearest_columns_test {

using namespace pickmix;
using instances::Matrix;

TEST_CASE("Each row's nearest column is that of the definition, of equal ones the first, in every storage") {
  const Matrix distinct = instances::normal(1, 150, 40);
  const Matrix pool = instances::matrix(500, 40, [&](Index i, Index k) { return distinct.view()(i % 150, k); });
  for (Index count : {1, 48, 60, 400}) {
    std::vector<Index> items;
    for (Index k = 0; k < count; ++k) items.push_back(k * 7 % 500);
    const Kernel dense = similarity(pool.view(), {.storage = Storage::full});
    std::vector<std::uint32_t> column;
    std::vector<float> similarity_of;
    for (Index i = 0; i < 500; ++i) {
      std::uint32_t best = 0;
      for (std::uint32_t k = 1; k < items.size(); ++k)
        if (dense(i, items[k]) > dense(i, items[best])) best = k;
      column.push_back(best);
      similarity_of.push_back(dense(i, items[best]));
    }
    for (Storage storage : {Storage::full, Storage::streamed})
      for (Index threads : {1, 2}) {
        CAPTURE(count, threads);
        const Kernel kernel = similarity(pool.view(), {.storage = storage});
        const Cpu executor = cpu.threads(threads);
        const auto nearest =
            detail::nearest_columns(executor, kernel, detail::ScreenedRows::of(executor, kernel), items);
        CHECK(nearest.column == column);
        CHECK(nearest.similarity == similarity_of);
      }
  }
}

TEST_CASE("Where everything is below zero there is a nearest as well") {
  const Kernel kernel = instances::kernel(2, 3, [](Index i, Index j) { return static_cast<float>(-1 - i - j); });
  const std::vector<Index> items{2, 1};
  const auto nearest = detail::nearest_columns(cpu, kernel, std::nullopt, items);
  CHECK(nearest.column == std::vector<std::uint32_t>{1, 1});
  CHECK(nearest.similarity == std::vector<float>{-2.0f, -3.0f});
}

}
