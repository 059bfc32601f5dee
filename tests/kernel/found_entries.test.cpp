// SPDX-License-Identifier: MIT
// Tests of kernel/found_entries.hpp.
#include <pickmix/kernel/found_entries.hpp>

#include <pickmix/core/rng.hpp>

#include <support/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kernel_found_entries_test {

using namespace pickmix;
using detail::FoundEntries;

namespace {

/// Parts of `sizes` entries in some of 500 columns: rows rise from part to part, and say with the column what the value is.
std::vector<FoundEntries> parts_of(const std::vector<std::size_t>& sizes) {
  RandomStream random(7, 1);
  std::vector<FoundEntries> parts(sizes.size());
  Index row = 0;
  for (std::size_t p = 0; p < sizes.size(); ++p)
    for (std::size_t e = 0; e < sizes[p]; ++e, ++row) {
      const auto column = static_cast<Index>(500.0 * random.uniform() * random.uniform());
      parts[p].add(row, column, static_cast<float>(row % 1000 + 1000 * column));
    }
  return parts;
}

}  // namespace

TEST_CASE("Entries come into their columns, in the order in which they were found, at any number of threads") {
  const std::vector<std::vector<std::size_t>> cases{
      {}, {0}, {1}, {0, 0, 3, 0}, {100, 50, 7}, {70'000, 0, 100'000, 1, 200'000, 90'000}, {500'000}, {1, 1, 400'000}};
  for (const auto& sizes : cases)
    for (Index threads : {1, 2, 3, 40}) {
      CAPTURE(sizes, threads);
      std::vector<std::vector<std::pair<std::uint32_t, float>>> expected(500);
      auto parts = parts_of(sizes);
      for (const auto& part : parts)
        for (const auto& entry : part.entries) expected[entry.column].emplace_back(entry.row, entry.value);

      const auto out = detail::by_column(cpu.threads(threads), 500, parts);
      Index wrong = 0;
      for (Index j = 0; j < 500; ++j) {
        const auto& column = expected[static_cast<std::size_t>(j)];
        const auto rows = out->rows_of(j);
        const auto values = out->values_of(j);
        REQUIRE(rows.size() == column.size());
        REQUIRE(values.size() == column.size());
        for (std::size_t e = 0; e < column.size(); ++e) wrong += std::pair(rows[e], values[e]) != column[e];
      }
      CHECK(wrong == 0);
      for (const auto& part : parts) CHECK(part.entries.capacity() == 0);  // given back
    }
}

}
