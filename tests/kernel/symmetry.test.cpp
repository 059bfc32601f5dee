// SPDX-License-Identifier: MIT
// Pairs that break symmetry are found, in every storage.
#include <pickmix/kernel/symmetry.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

#include <memory>
#include <utility>

namespace kernel_symmetry_test {

using namespace pickmix;

TEST_CASE("Computed kernels of one set of embeddings are symmetric, those of two are not") {
  const auto rows = instances::normal(1, 150, 4), columns = instances::normal(2, 150, 4);
  for (Storage storage : {Storage::streamed, Storage::full, Storage::half}) {
    CHECK_FALSE(asymmetric_pair(similarity(rows.view(), {.storage = storage}), 0.0f));
    CHECK(asymmetric_pair(similarity(rows.view(), columns.view(), {.storage = storage}), 1e-5f));
  }
}

TEST_CASE("The pair of a streamed kernel of two sets is of items that are there") {
  const auto rows = instances::normal(1, 1, 4), columns = instances::normal(2, 1, 4);
  const auto pair = asymmetric_pair(similarity(rows.view(), columns.view(), {.storage = Storage::streamed}), 0.0f);
  REQUIRE(pair);
  CHECK((pair->i == 0 && pair->j == 0));
}

TEST_CASE("One pair among many is found, unless it is within the share") {
  const auto kernel = instances::kernel(200, 200, [](Index i, Index j) {
    return i == j ? 2.0f : i == 3 && j == 170 ? 0.51f : 0.5f;
  });
  const auto pair = asymmetric_pair(kernel, 0.0f);
  REQUIRE(pair);
  CHECK((pair->i == 3 && pair->j == 170));
  CHECK(asymmetric_pair(kernel, 0.004f));
  CHECK_FALSE(asymmetric_pair(kernel, 0.006f));
}

TEST_CASE("In a sparse kernel, an entry whose mirror image is not stored breaks symmetry") {
  auto entries = std::make_shared<SparseEntries>(2);
  entries->take({{0, 0}, {1.0f, 0.5f}}, std::vector<Index>{0, 1}, std::vector<std::size_t>{1, 1});
  const Kernel kernel(2, 2, std::shared_ptr<const SparseEntries>(std::move(entries)));
  const auto pair = asymmetric_pair(kernel, 0.0f);
  REQUIRE(pair);
  CHECK((pair->i == 0 && pair->j == 1));
}

}
