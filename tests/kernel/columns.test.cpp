// SPDX-License-Identifier: MIT
// Reading columns: the right ones, each once, from kernels of any shape.
#include <pickmix/kernel/columns.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/thrown.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace kernel_columns_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

Kernel numbered(Index rows, Index columns) {
  return instances::kernel(rows, columns, [](Index i, Index j) { return static_cast<float>(1000 * i + j); });
}

}  // namespace

TEST_CASE("A column is what the kernel holds") {
  const Kernel kernel = numbered(3, 5);
  CHECK(detail::read_column(kernel, 4) == std::vector<float>{4, 1004, 2004});
  CHECK(detail::read_column(numbered(1, 1), 0) == std::vector<float>{0});
}

TEST_CASE("A row is what the kernel holds, stored or computed") {
  CHECK(detail::read_row(numbered(3, 5), 2) == std::vector<float>{2000, 2001, 2002, 2003, 2004});
  const auto rows = instances::normal(3, 30, 6), columns = instances::normal(4, 70, 6);
  const Kernel streamed = similarity(rows.view(), columns.view(), {.storage = Storage::streamed});
  const auto row = detail::read_row(streamed, 17);
  REQUIRE(row.size() == 70);
  for (Index j = 0; j < 70; ++j) CHECK(row[static_cast<std::size_t>(j)] == streamed(17, j));
}

TEST_CASE("Every candidate's column is visited once and in order, at every number of candidates") {
  for (Index n : {1, 2, 63, 64, 65, 130}) {
    const Kernel kernel = numbered(2, n);
    Index next = 0;
    detail::for_each_column(kernel, [&](Index j, std::span<const float> column) {
      CHECK(j == next++);
      CHECK(std::vector<float>(column.begin(), column.end()) == detail::read_column(kernel, j));
    });
    CHECK(next == n);
  }
}

TEST_CASE("The columns of some items come with their place in the list, on any number of threads") {
  const Kernel kernel = numbered(2, 200);
  std::vector<Index> items;
  for (Index k = 0; k < 150; ++k) items.push_back(k * 7 % 200);
  for (Index threads : {1, 3}) {
    std::vector<float> seen(items.size(), -1.0f);
    detail::for_each_column(cpu.threads(threads), kernel, items,
                            [&](std::size_t k, std::span<const float> column) { seen[k] = column[0]; });
    for (std::size_t k = 0; k < items.size(); ++k) REQUIRE(seen[k] == static_cast<float>(items[k]));
  }
  detail::for_each_column(cpu, kernel, {},
                          [](std::size_t, std::span<const float>) { FAIL("there is nothing to visit"); });
}

TEST_CASE("Stored columns are read singly") { CHECK(detail::columns_at_once(numbered(2, 2)) == 1); }

TEST_CASE("Both similarities of a pair are added, the diagonal twice") {
  CHECK(detail::both_ways(numbered(3, 3), 1) == std::vector<double>{1001, 2002, 3003});
}

TEST_CASE("A negative similarity is refused by place and value, with the way out; zero is not") {
  detail::NotNegative seen;
  seen.look(3, std::vector<float>{0.0f, 0.5f});
  CHECK_NOTHROW(seen.check("Caller", "kernel"));
  seen.look(7, std::vector<float>{0.5f, -0.125f, -0.25f, -0.25f});
  seen.look(9, std::vector<float>{-0.125f});
  CHECK_THAT(thrown<ValueError>([&] { seen.check("Caller", "kernel"); }),
             ContainsSubstring("Caller: kernel(2, 7) is -0.25") && ContainsSubstring("max(s, 0)"));
}

TEST_CASE("Rounding noise, at any scale, is no negative similarity, and counts as 0") {
  for (const float scale : {1e-9f, 1.0f, 1e9f}) {
    detail::NotNegative noise, negative;
    noise.look(0, std::vector<float>{-2e-4f * scale});
    noise.look(1, std::vector<float>{scale});
    CHECK_NOTHROW(noise.check("Caller", "kernel"));
    negative.look(0, std::vector<float>{-3e-4f * scale});
    negative.look(1, std::vector<float>{scale});
    CHECK_THROWS_AS(negative.check("Caller", "kernel"), ValueError);
  }
  CHECK(detail::amount(-5e-7f) == 0.0);
  CHECK(detail::amount(0.25f) == 0.25);
}

TEST_CASE("Shifted cosines are not negative, however many features opposite rows have") {
  for (const Index features : {3, 384, 4096}) {
    const auto opposite = instances::matrix(2, features, [](Index i, Index) { return i == 0 ? 1.0f : -1.0f; });
    const Kernel shifted = similarity(opposite.view(), {.metric = ShiftedCosine{}});
    detail::NotNegative seen;
    detail::for_each_column(shifted, [&](Index j, std::span<const float> column) { seen.look(j, column); });
    CHECK_NOTHROW(seen.check("Caller", "kernel"));
  }
}

TEST_CASE("A streamed kernel is read like a stored one, several columns at once") {
  const auto pool = instances::normal(1, 20, 6), other = instances::normal(2, 20, 6);
  const SimilarityOptions streamed{.storage = Storage::streamed};
  for (const Kernel& kernel : {similarity(pool.view(), streamed), similarity(pool.view(), other.view(), streamed)}) {
    CHECK(detail::columns_at_once(kernel) == 64);
    const auto sums = detail::both_ways(kernel, 7);
    for (Index i = 0; i < 20; ++i) {
      CHECK(sums[static_cast<std::size_t>(i)] == static_cast<double>(kernel(i, 7)) + static_cast<double>(kernel(7, i)));
      CHECK(detail::read_column(kernel, 7)[static_cast<std::size_t>(i)] == kernel(i, 7));
    }
  }
}

TEST_CASE("A kernel that is not square is refused by its shape") {
  CHECK_THAT(thrown<ShapeError>([] { detail::check_square("Caller", numbered(2, 3)); }),
             ContainsSubstring("Caller: kernel is 2 x 3"));
  CHECK_NOTHROW(detail::check_square("Caller", numbered(3, 3)));
}

}
