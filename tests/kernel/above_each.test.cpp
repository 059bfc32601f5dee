// SPDX-License-Identifier: MIT
// Tests of kernel/above_each.hpp: nothing above the limits is missed, whichever way a column is looked at.
#include <pickmix/kernel/above_each.hpp>

#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace kernel_above_each_test {

using namespace pickmix;
using detail::ColumnAbove;
using instances::Matrix;

namespace {

constexpr Index n = 700;

/// Enough features that a streamed kernel is screened.
const Matrix& pool() {
  static const Matrix rows = instances::normal(1, n, 40);
  return rows;
}

std::vector<Index> items(Index count) {
  std::vector<Index> out;
  for (Index k = 0; k < count; ++k) out.push_back(k * 37 % n);
  return out;
}

using Raised = std::vector<std::pair<std::uint32_t, float>>;

/// What raises the limits, column after column, where they rise to what is found. Empty for a column that is read wrongly.
std::vector<Raised> raised(Cpu executor, const Kernel& kernel, std::span<const Index> columns, bool screen) {
  std::vector<float> limits(static_cast<std::size_t>(kernel.rows()), 0.0f);
  std::vector<Raised> out;
  const auto screened = screen ? detail::ScreenedRows::of(executor, kernel) : std::nullopt;
  detail::for_each_above(executor, kernel, screened, columns, limits, [&](std::size_t k, const ColumnAbove& above) {
    CHECK(k == out.size());
    CHECK(above.rows.size() == above.values.size());
    CHECK(std::is_sorted(above.rows.begin(), above.rows.end()));
    out.emplace_back();
    for (std::size_t e = 0; e < above.rows.size(); ++e) {
      float& limit = limits[above.rows[e]];
      if (!(above.values[e] > limit)) continue;
      out.back().emplace_back(above.rows[e], above.values[e]);
      limit = above.values[e];
    }
    return true;
  });
  return out;
}

/// The same by the definition.
std::vector<Raised> by_definition(const Kernel& kernel, std::span<const Index> columns) {
  std::vector<float> limits(static_cast<std::size_t>(kernel.rows()), 0.0f);
  std::vector<Raised> out;
  for (Index j : columns) {
    const auto column = detail::read_column(kernel, j);
    out.emplace_back();
    for (std::uint32_t i = 0; i < column.size(); ++i)
      if (column[i] > limits[i]) {
        out.back().emplace_back(i, column[i]);
        limits[i] = column[i];
      }
  }
  return out;
}

}  // namespace

TEST_CASE("All that rises above the limits is given, in every storage, screened or not, at every thread count") {
  for (Index count : {0, 1, 47, 48, 49, 240, 241, 700}) {
    const auto columns = items(count);
    for (const auto& [name, kernel] : storages::exact(pool().view())) {
      const auto expected = by_definition(kernel, columns);
      for (bool screen : {false, true})
        for (Index threads : {1, 3}) {
          CAPTURE(count, name, screen, threads);
          CHECK(raised(cpu.threads(threads), kernel, columns, screen) == expected);
        }
    }
  }
}

TEST_CASE("So it is for rows and columns of their own, and for an item that is asked for twice") {
  const Matrix columns = instances::normal(2, 300, 40);
  const Kernel kernel = similarity(pool().view(), columns.view(), {.storage = Storage::streamed});
  std::vector<Index> wanted = {5, 5};
  for (Index k = 0; k < 290; ++k) wanted.push_back(k);
  const auto found = raised(cpu, kernel, wanted, true);
  CHECK(found == by_definition(kernel, wanted));
  CHECK(found[1].empty());
}

TEST_CASE("So it is where all that comes late is above the limits, and there is no room for it at once") {
  const Matrix noise = instances::normal(3, 1300, 40);
  const auto sorted = instances::matrix(1300, 40, [&](Index i, Index k) {
    return noise.view()(i, k) + ((i < 300) == (k < 20) ? 8.0f : 0.0f);  // two clusters, one behind the other
  });
  const Kernel kernel = similarity(sorted.view(), {.storage = Storage::streamed});
  std::vector<Index> all;
  for (Index k = 0; k < 1300; ++k) all.push_back(k);
  for (Index threads : {1, 3}) CHECK(raised(cpu.threads(threads), kernel, all, true) == by_definition(kernel, all));
}

TEST_CASE("It ends where it is stopped, and passes on what is thrown") {
  const Kernel kernel = similarity(pool().view(), {.storage = Storage::streamed});
  const auto columns = items(400);
  const std::vector<float> limits(static_cast<std::size_t>(n), 0.0f);
  const auto screened = detail::ScreenedRows::of(cpu, kernel);
  for (std::size_t last : {0u, 47u, 48u, 300u}) {
    std::size_t calls = 0;
    detail::for_each_above(cpu, kernel, screened, columns, limits,
                           [&](std::size_t k, const ColumnAbove&) { return ++calls, k != last; });
    CHECK(calls == last + 1);
    CHECK_THROWS_AS(detail::for_each_above(cpu, kernel, screened, columns, limits,
                                           [&](std::size_t k, const ColumnAbove&) -> bool {
                                             if (k == last) throw std::logic_error("stop");
                                             return true;
                                           }),
                    std::logic_error);
  }
}

}
