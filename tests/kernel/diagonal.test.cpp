// SPDX-License-Identifier: MIT
// The diagonal of every storage is that of its entries.
#include <pickmix/kernel/diagonal.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

namespace kernel_diagonal_test {

using namespace pickmix;

TEST_CASE("The diagonal is that of the entries") {
  const auto rows = instances::normal(1, 50, 4), columns = instances::normal(2, 50, 4);
  const auto check = [](const Kernel& kernel) {
    const auto own = diagonal(kernel);
    REQUIRE(own.size() == 50);
    for (Index j = 0; j < 50; ++j)
      CHECK(own[static_cast<std::size_t>(j)] == Approx(static_cast<double>(kernel(j, j))).margin(1e-6));
  };
  for (const Metric& metric : {Metric{Cosine{}}, Metric{ShiftedCosine{}}, Metric{Dot{}}, Metric{Rbf{0.1}}})
    for (Storage storage : {Storage::streamed, Storage::full, Storage::half}) {
      check(similarity(rows.view(), {.metric = metric, .storage = storage}));
      check(similarity(rows.view(), columns.view(), {.metric = metric, .storage = storage}));
    }
}

}
