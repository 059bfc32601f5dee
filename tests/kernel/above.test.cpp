// SPDX-License-Identifier: MIT
// Tests of kernel/above.hpp.
#include <pickmix/kernel/above.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/metric_definition.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kernel_above_test {

using namespace pickmix;
using instances::Matrix;

namespace {

constexpr auto go_on = [](Index, Index) { return true; };
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Where `found` is not what the definition says: each column's entries above the thresholds, rows rising.
std::string wrong(const Kernel& found, const Kernel& kernel, const std::vector<float>& thresholds) {
  const SparseEntries* sparse = found.sparse();
  if (sparse == nullptr || found.rows() != kernel.rows() || found.columns() != kernel.columns())
    return "no such kernel";
  std::size_t total = 0;
  for (Index j = 0; j < kernel.columns(); ++j) {
    const auto rows = sparse->rows_of(j);
    const auto values = sparse->values_of(j);
    std::size_t e = 0;
    for (Index i = 0; i < kernel.rows(); ++i) {
      const float s = kernel(i, j);
      if (!(s > thresholds[static_cast<std::size_t>(i)])) continue;
      if (e == rows.size() || rows[e] != i || values[e] != s) return fmt::format("entry ({}, {}) is missing", i, j);
      ++e;
    }
    if (e != rows.size()) return "there are too many entries";
    total += e;
  }
  if (sparse->parts.size() != 1 || total != sparse->parts[0].row.size() || total != sparse->parts[0].value.size())
    return "entries belong to no column";
  return "";
}

}  // namespace

TEST_CASE("The entries above the thresholds are found in every storage, at every thread count") {
  for (const Metric& metric : support::metrics)
    for (Index n : {1, 64, 192, 193, 450}) {
      const Matrix pool = instances::normal(1, n, 4);
      auto kernels = storages::exact(pool.view(), metric);
      kernels.push_back({"half", similarity(pool.view(), {.metric = metric, .storage = Storage::half})});
      auto thresholds = storages::uniform(2, n, 0.0, 1.0);  // not negative: sparse kernels leave out zeros
      for (Index i = 0; i < n; i += 7) thresholds[static_cast<std::size_t>(i)] = infinity;
      for (const auto& [name, kernel] : kernels)
        for (Index threads : {1, 2, 3, 7}) {
          CAPTURE(metric.index(), n, name, threads);
          REQUIRE(wrong(*entries_above(cpu.threads(threads), kernel, thresholds, go_on), kernel, thresholds) == "");
        }
    }
}

TEST_CASE("Rectangular kernels are looked through as well") {
  const Matrix rows = instances::normal(3, 250, 4), columns = instances::normal(4, 420, 4);
  const auto thresholds = storages::uniform(5, 250, -1.0, 1.0);
  for (const Matrix* first : {&rows, &columns})
    for (Storage storage : {Storage::full, Storage::streamed}) {
      const Matrix& other = first == &rows ? columns : rows;
      const Kernel kernel = similarity(first->view(), other.view(), {.storage = storage});
      auto limits = thresholds;
      limits.resize(static_cast<std::size_t>(kernel.rows()), -0.5f);
      CHECK(wrong(*entries_above(cpu.threads(2), kernel, limits, go_on), kernel, limits) == "");
    }
}

TEST_CASE("An entry as large as its threshold is not above it; infinity drops a row, minus infinity keeps it") {
  const Kernel kernel =
      instances::kernel(3, 2, [](Index i, Index j) { return static_cast<float>(i) - static_cast<float>(j); });
  const std::vector<float> thresholds{-infinity, 0.0f, infinity};
  const Kernel found = *entries_above(cpu, kernel, thresholds, go_on);
  CHECK(found.sparse()->parts[0].row == backend::LineVector<std::uint32_t>{0, 1, 0});
  CHECK(found.sparse()->parts[0].value == backend::LineVector<float>{0.0f, 1.0f, -1.0f});
  CHECK(found.sparse()->rows_of(0).size() == 2);
  CHECK(found.sparse()->rows_of(1).size() == 1);
}

TEST_CASE("Nothing above, and everything above") {
  const Matrix pool = instances::normal(6, 200, 3);
  for (const auto& [name, kernel] : storages::exact(pool.view())) {
    CHECK(entries_above(cpu, kernel, std::vector<float>(200, infinity), go_on)->sparse()->parts[0].row.empty());
    CHECK(entries_above(cpu, kernel, std::vector<float>(200, -2.0f), go_on)->sparse()->parts[0].row.size() == 40'000);
  }
}

TEST_CASE("Progress is told in blocks of columns; a stop or an exception ends the work without a result") {
  const Matrix pool = instances::normal(7, 400, 3);
  const std::vector<float> thresholds(400, 0.5f);
  for (const auto& [name, kernel] : storages::exact(pool.view())) {
    std::vector<Index> told;
    CHECK(entries_above(cpu, kernel, thresholds, [&](Index done, Index total) {
            CHECK(total == 3);
            told.push_back(done);
            return true;
          }).has_value());
    CHECK(told == std::vector<Index>{1, 2, 3});
    for (Index threads : {1, 3}) {
      CHECK_FALSE(
          entries_above(cpu.threads(threads), kernel, thresholds, [](Index, Index) { return false; }).has_value());
      CHECK_THROWS_AS(entries_above(cpu.threads(threads), kernel, thresholds,
                                    [](Index, Index) -> bool { throw std::logic_error("enough"); }),
                      std::logic_error);
    }
  }
}

TEST_CASE("Memory that runs out in an observer is not the pass's") {
  const Matrix pool = instances::normal(6, 400, 3);
  const std::vector<float> thresholds(400, 0.5f);
  for (const Storage storage : {Storage::full, Storage::half, Storage::streamed}) {
    const Kernel kernel = similarity(pool.view(), {.storage = storage});
    CHECK_THROWS_AS(entries_above(cpu, kernel, thresholds, [](Index, Index) -> bool { throw std::bad_alloc(); }),
                    std::bad_alloc);
  }
}

TEST_CASE("More than there is room for is refused, in every storage and at every thread count") {
  const Matrix pool = instances::normal(7, 400, 40);
  const std::vector<float> thresholds(400, 0.0f);
  for (Storage storage : {Storage::full, Storage::streamed}) {
    const Kernel kernel = similarity(pool.view(), {.storage = storage});
    const std::size_t all = entries_above(cpu, kernel, thresholds, go_on)->sparse()->parts[0].row.size();
    for (Index threads : {1, 2, 3})
      for (std::size_t room : {std::size_t{0}, all - 1, all}) {
        const auto find = [&] {
          return detail::entries_above(cpu.threads(threads), kernel, detail::ScreenedRows::of(cpu, kernel), thresholds,
                                       20 * room, go_on);
        };
        if (room < all)
          CHECK(thrown<detail::OutOfRoom>(find).find(
                    "the memory limit, " + detail::bytes_text(20.0 * static_cast<double>(room)) + ", allows") !=
                std::string::npos);
        else
          CHECK(find()->sparse()->parts[0].row.size() == all);
      }
  }
}

TEST_CASE("Any number of thresholds but one for each row is refused by name") {
  const Matrix pool = instances::normal(8, 200, 5);
  for (Storage storage : {Storage::full, Storage::half, Storage::streamed}) {
    const Kernel kernel = similarity(pool.view(), {.storage = storage});
    for (std::size_t count : {0u, 10u, 199u, 201u}) {
      const std::vector<float> thresholds(count, 0.0f);
      CHECK(thrown<ShapeError>([&] { (void)entries_above(cpu, kernel, thresholds, go_on); }) ==
            fmt::format("entries_above: thresholds has {} entries and the kernel 200 rows; needs one for each", count));
    }
  }
}

TEST_CASE("The parts of a kernel are all of it, once, whether they are one block of columns or several") {
  constexpr Index edge = StreamedEntries::edge;
  for (Index blocks : {1, 5, 127, 128, 300})
    for (bool symmetric : {true, false}) {
      CAPTURE(blocks, symmetric);
      const auto packed = [](Index count) { return std::make_shared<const backend::PackedRows>(count * edge - 7, 1); };
      const auto columns = packed(blocks), rows = symmetric ? columns : packed(70);
      const StreamedEntries entries(rows, columns, Dot{}, 0, largest_instruction_set());
      std::vector<char> looked_at(static_cast<std::size_t>(entries.row_blocks() * blocks), 0);
      Index most = 0;
      bool rising = true;
      std::vector<Index> last(static_cast<std::size_t>(blocks), -1);
      for (Index task = 0; task < detail::parts(entries); ++task) {
        const auto part = detail::part_of(entries, symmetric ? detail::parts(entries) - 1 - task : task);
        most = std::max(most, part.end_column_block - part.first_column_block);
        for (Index a = part.first_row_block; a < part.end_row_block; ++a)
          for (Index b = std::max(part.first_column_block, symmetric ? a : 0); b < part.end_column_block; ++b) {
            ++looked_at[static_cast<std::size_t>(a * blocks + b)];
            auto& row = last[static_cast<std::size_t>(b)];
            rising = rising && row < a;
            row = a;
          }
      }
      CHECK(rising);
      CHECK(most == (blocks < 128 ? 1 : blocks < 256 ? 2 : 4));
      Index wrong = 0;
      for (Index a = 0; a < entries.row_blocks(); ++a)
        for (Index b = 0; b < blocks; ++b)
          if (looked_at[static_cast<std::size_t>(a * blocks + b)] != (symmetric && a > b ? 0 : 1)) ++wrong;
      CHECK(wrong == 0);
    }
}

TEST_CASE("In a part of several blocks of columns the same is found, and the rows of a column rise") {
  const Matrix pool = instances::normal(11, 900, 48), others = instances::normal(12, 500, 48);
  for (bool symmetric : {true, false}) {
    const Kernel kernel = symmetric ? similarity(pool.view(), {.metric = Cosine{}, .storage = Storage::streamed})
                                    : *similarity(cpu, others.view(), pool.view(), {.storage = Storage::streamed});
    const StreamedEntries& entries = *kernel.streamed();
    const std::vector<float> thresholds(static_cast<std::size_t>(entries.row_blocks() * StreamedEntries::edge), 0.3f);
    const auto screened = detail::ScreenedRows::of(cpu, kernel);
    const auto all_of = [&](std::initializer_list<Index> ends, const std::optional<detail::ScreenedRows>& bytes) {
      detail::Room room(UINT64_MAX);
      std::vector<detail::FoundEntries> found;
      Index first = 0;
      for (Index end : ends) {
        const detail::KernelPart part{first, end, 0, symmetric ? end : entries.row_blocks()};
        detail::find_above(entries, bytes, part, thresholds, room, found.emplace_back());
        first = end;
      }
      const auto out = detail::by_column(cpu, entries.columns(), found);
      return std::pair(out->parts[0].row, out->parts[0].value);
    };
    const auto expected = all_of({1, 2, 3, 4, 5}, std::nullopt);
    CHECK(expected.first.size() > 1000);
    CHECK((all_of({5}, std::nullopt) == expected));
    CHECK((all_of({5}, screened) == expected));
    CHECK((all_of({2, 4, 5}, screened) == expected));
    CHECK((all_of({1, 5}, screened) == expected));
  }
}

}
