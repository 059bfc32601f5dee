// SPDX-License-Identifier: MIT
// Tests of kernel/streamed.hpp: one entry has one value, however it is asked for.
#include <pickmix/kernel/streamed.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/metric_definition.hpp>

#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace kernel_streamed_test {

using namespace pickmix;
using instances::Matrix;

namespace {

Kernel kernel(const Matrix& pool, const Metric& metric, Storage storage = Storage::streamed) {
  return similarity(pool.view(), {.metric = metric, .storage = storage});
}
Kernel kernel(const Matrix& rows, const Matrix& columns, const Metric& metric, Storage storage = Storage::streamed) {
  return similarity(rows.view(), columns.view(), {.metric = metric, .storage = storage});
}

/// The number of entries in which two kernels of one size differ by a bit.
Index different_entries(const Kernel& a, const Kernel& b) {
  Index different = 0;
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < a.columns(); ++j) different += !support::same_bits(a(i, j), b(i, j));
  return different;
}

std::vector<float> read(const Kernel& k, const std::vector<Index>& items) {
  std::vector<float> out(items.size() * static_cast<std::size_t>(k.rows()));
  k.read(items, MatrixView<float>(out.data(), static_cast<Index>(items.size()), k.rows()));
  return out;
}

}  // namespace

TEST_CASE("Entries are those of the definition, in every metric and around the edges of tiles") {
  for (const Metric& metric : support::metrics)
    for (const auto& [n, d] :
         {std::pair<Index, Index>{1, 1}, {2, 7}, {47, 1}, {48, 60}, {191, 7}, {192, 1}, {193, 60}, {250, 7}}) {
      CAPTURE(metric.index(), n, d);
      Matrix pool = instances::normal(1, n, d);
      for (Index k = 0; k < d; ++k) pool(n / 2, k) = 0.0f;
      const double scale = std::holds_alternative<Dot>(metric) ? static_cast<double>(d) * 3.0 : 1.0;
      REQUIRE(support::largest_error(kernel(pool, metric), metric, pool.view(), pool.view()) < 4e-6 * scale);
    }
}

TEST_CASE("Rectangular kernels are those of the definition, and the same bits stored") {
  for (const Metric& metric : support::metrics)
    for (auto [m, n] : {std::pair<Index, Index>{1, 200}, {200, 1}, {193, 50}, {30, 390}}) {
      CAPTURE(metric.index(), m, n);
      const Matrix rows = instances::normal(2, m, 6), columns = instances::normal(3, n, 6);
      const Kernel streamed = kernel(rows, columns, metric);
      CHECK(support::largest_error(streamed, metric, rows.view(), columns.view()) < 2e-5);
      CHECK(different_entries(streamed, kernel(rows, columns, metric, Storage::full)) == 0);
      CHECK_FALSE(streamed.streamed()->symmetric());
    }
}

TEST_CASE("A streamed entry has the bits of the stored one, and of its mirror image") {
  for (const Metric& metric : support::metrics)
    for (Index n : {1, 50, 192, 401}) {
      CAPTURE(metric.index(), n);
      const Matrix pool = instances::normal(4, n, 9);
      const Kernel streamed = kernel(pool, metric), dense = kernel(pool, metric, Storage::full);
      CHECK(streamed.streamed()->symmetric());
      CHECK(different_entries(streamed, dense) == 0);
      CHECK(different_entries(streamed, kernel(pool, pool, metric)) == 0);
      Index asymmetric = 0;
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < i; ++j) asymmetric += !support::same_bits(dense(i, j), dense(j, i));
      CHECK(asymmetric == 0);
    }
}

TEST_CASE("Whole columns, in any order, have the bits of the entries") {
  for (const Metric& metric : support::metrics) {
    const Matrix rows = instances::normal(5, 230, 5), columns = instances::normal(6, 260, 5);
    const Kernel k = kernel(rows, columns, metric);
    std::vector<Index> items;
    for (Index j = 0; j < 110; ++j) items.push_back((j * 97 + 13) % 260);
    items.push_back(items.front());
    const auto out = read(k, items);
    Index different = 0;
    for (std::size_t c = 0; c < items.size(); ++c)
      for (Index i = 0; i < 230; ++i)
        different += !support::same_bits(out[c * 230 + static_cast<std::size_t>(i)], k(i, items[c]));
    CHECK(different == 0);
    CHECK(read(k, {}).empty());
  }
}

TEST_CASE("The entries of some items among each other are those of the whole") {
  for (const Metric& metric : support::metrics) {
    const Matrix pool = instances::normal(7, 420, 5);
    std::vector<Index> items;
    for (Index j = 0; j < 200; ++j) items.push_back((j * 131 + 7) % 420);
    const Kernel whole = kernel(pool, metric);
    for (Storage storage : {Storage::streamed, Storage::full})
      for (Index threads : {1, 3}) {
        const Kernel some = kernel(pool, metric, storage).among(cpu.threads(threads), items);
        REQUIRE(some.dense() != nullptr);
        Index different = 0;
        for (Index i = 0; i < 200; ++i)
          for (Index j = 0; j < 200; ++j)
            different += !support::same_bits(
                some(i, j), whole(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(j)]));
        CHECK(different == 0);
      }
    CHECK(whole.streamed()->among(items).symmetric());
    CHECK(whole.among(cpu, {}).rows() == 0);
  }
}

TEST_CASE("Equal rows have a Gaussian similarity of exactly 1, wherever they stand, and no entry is above it") {
  for (double gamma : {1e-3, 1.0, 1e4})
    for (float scale : {1e-25f, 1e-3f, 1.0f, 1e3f, 1e17f}) {
      CAPTURE(gamma, scale);
      Matrix pool = instances::normal(8, 300, 33);
      for (float& x : pool.entries) x *= scale;
      for (Index row : {15, 191, 192, 299})
        for (Index k = 0; k < 33; ++k) pool(row, k) = pool(3, k);
      const Kernel k = kernel(pool, Rbf{gamma});
      for (Index i : {3, 15, 191, 192, 299})
        for (Index j : {3, 15, 191, 192, 299}) REQUIRE(k(i, j) == 1.0f);
      for (Index i = 0; i < 300; ++i) {
        REQUIRE(k(i, i) == 1.0f);
        REQUIRE((k(i, 0) >= 0.0f && k(i, 0) <= 1.0f));
      }
    }
}

TEST_CASE("Zero rows: a cosine of 0, a shifted one of a half, a Gaussian of their distance") {
  Matrix pool = instances::normal(9, 20, 3);
  for (Index k = 0; k < 3; ++k) pool(4, k) = pool(11, k) = 0.0f;
  for (Index i : {4, 11}) {
    CHECK(kernel(pool, Cosine{})(i, 11) == 0.0f);
    CHECK(kernel(pool, Cosine{})(i, 0) == 0.0f);
    CHECK(kernel(pool, ShiftedCosine{})(i, 11) == Approx(0.5));
    CHECK(kernel(pool, ShiftedCosine{})(i, 0) == Approx(0.5));
    CHECK(kernel(pool, Dot{})(i, 0) == 0.0f);
    CHECK(kernel(pool, Rbf{})(i, 11) == 1.0f);
  }
}

TEST_CASE("Parts of columns cover every entry once, at every thread count, with progress") {
  for (bool symmetric : {true, false})
    for (Index threads : {1, 2, 3, 7}) {
      CAPTURE(symmetric, threads);
      const Matrix pool = instances::normal(10, 400, 4);
      const Kernel k = symmetric ? kernel(pool, Cosine{}) : kernel(pool, pool, Cosine{});
      std::vector<int> seen(400 * 400, 0);
      Index told = 0;
      const auto store = [&](Index j, Index first, const float* values, Index count) {
        for (Index i = 0; i < count; ++i)
          seen[static_cast<std::size_t>(j * 400 + first + i)] +=
              support::same_bits(values[i], k(first + i, j)) ? 1 : 100;
      };
      CHECK(for_each_column_part(cpu.threads(threads), *k.streamed(), store, [&](Index done) {
        told = done;
        return true;
      }));
      CHECK(told == 3);
      CHECK(seen == std::vector<int>(400 * 400, 1));
      CHECK_FALSE(for_each_column_part(cpu.threads(threads), *k.streamed(), store, [](Index) { return false; }));
    }
}

TEST_CASE("The columns of some items can be asked for tile by tile") {
  const Matrix pool = instances::normal(11, 250, 4);
  for (const Metric& metric : support::metrics) {
    const Kernel k = kernel(pool, metric);
    std::vector<Index> items;
    for (Index j = 0; j < 60; ++j) items.push_back(249 - 4 * j);
    const auto columns = k.streamed()->gather(items);
    CHECK(columns.size() == 60);
    CHECK(columns.blocks() == 2);
    CHECK(columns.columns_in(0) == 48);
    CHECK(columns.columns_in(1) == 12);
    StreamedEntries::Tile tile(192 * 48);
    for (Index a : {0, 1})
      for (Index b : {0, 1}) {
        columns.tile(a, b, tile);
        for (Index c = 0; c < columns.columns_in(b); ++c)
          for (Index r = 0; r < k.streamed()->rows_in(a); ++r)
            REQUIRE(support::same_bits(tile[c * 192 + r], k(a * 192 + r, items[static_cast<std::size_t>(b * 48 + c)])));
      }
  }
}

}
