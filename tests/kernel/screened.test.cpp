// SPDX-License-Identifier: MIT
// Tests of kernel/screened.hpp: screened or not, the same is found, to the bit.
#include <pickmix/kernel/screened.hpp>

#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/emulated_tiles.hpp>
#include <support/instances.hpp>
#include <support/instruction_sets.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace kernel_screened_test {

using namespace pickmix;
using detail::FoundEntries;
using detail::ScreenedRows;
using instances::Matrix;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr Index edge = StreamedEntries::edge;

Kernel streamed(const Matrix& pool, const Metric& metric, InstructionSet set = largest_instruction_set()) {
  return *similarity(cpu.only(set), pool.view(), {.metric = metric, .storage = Storage::streamed});
}

/// Of every row the `rank`th largest entry, so that about as many are above it.
std::vector<float> thresholds_of(const Kernel& kernel, Index rank) {
  std::vector<Index> all(static_cast<std::size_t>(kernel.columns()));
  std::iota(all.begin(), all.end(), Index{0});
  Matrix columns{kernel.columns(), kernel.rows()};
  kernel.read(all, MatrixView<float>(columns.entries.data(), columns.rows, columns.columns));
  std::vector<float> out;
  for (Index i = 0; i < kernel.rows(); ++i) {
    std::vector<float> row;
    for (Index j = 0; j < kernel.columns(); ++j) row.push_back(columns.view()(j, i));
    const auto nth = row.begin() + std::min<Index>(rank, kernel.columns() - 1);
    std::nth_element(row.begin(), nth, row.end(), std::greater<>());
    out.push_back(*nth);
  }
  out.resize((out.size() + edge - 1) / edge * edge, infinity);
  return out;
}

/// What a pass over all blocks finds, column after column, in each of them in the order in which it is found: as numbers that
/// can be compared.
std::vector<std::uint64_t> pass(const StreamedEntries& entries, const std::optional<ScreenedRows>& screened,
                                const std::vector<float>& thresholds) {
  std::vector<std::uint64_t> out;
  detail::Room room(UINT64_MAX);
  for (Index task = 0; task < detail::parts(entries); ++task) {
    FoundEntries found;
    detail::find_above(entries, screened, detail::part_of(entries, task), thresholds, room, found);
    std::stable_sort(found.entries.begin(), found.entries.end(),
                     [](const auto& a, const auto& b) { return a.column < b.column; });
    for (const auto& e : found.entries) {
      out.push_back(std::uint64_t{e.row} << 32 | e.column);
      out.push_back(std::bit_cast<std::uint32_t>(e.value));
    }
  }
  return out;
}

/// Pools that are easy and pools that are meant to break it.
std::map<std::string, std::function<float(Index, Index, RandomStream&)>> pools() {
  const auto normal = [](RandomStream& random) { return static_cast<float>(random.normal()); };
  return {
      {"no structure", [=](Index, Index, auto& random) { return normal(random); }},
      {"clusters",
       [=](Index i, Index k, auto& random) { return (k % 17 == i % 17 ? 4.0f : 0.0f) + 0.5f * normal(random); }},
      {"a common mean", [=](Index, Index, auto& random) { return 5.0f + normal(random); }},
      {"equal rows", [=](Index i, Index k, auto&) { return static_cast<float>((i % 7 + 1) * (k % 5) - 3); }},
      {"nearly equal rows",
       [=](Index i, Index k, auto& random) {
         return static_cast<float>((i % 7 + 1) * (k % 5) - 3) + 1e-6f * normal(random);
       }},
      {"very different norms",
       [=](Index i, Index, auto& random) { return std::ldexp(normal(random), static_cast<int>(i % 40) - 20); }},
      {"one large number", [=](Index i, Index k, auto& random) { return i == k ? 1000.0f : normal(random); }},
      {"zeros", [=](Index i, Index k, auto& random) { return i % 5 == 0 || k % 3 != 0 ? 0.0f : normal(random); }},
      {"denormal", [=](Index i, Index, auto& random) { return normal(random) * (i % 2 == 0 ? 1e-40f : 1.0f); }},
  };
}

}  // namespace

TEST_CASE("A screened pass finds what a pass without finds, of each column in the same order", "[single-threaded]") {
  for (const auto& [name, entry] : pools())
    for (const Metric& metric : {Metric(Cosine{}), Metric(Dot{}), Metric(ShiftedCosine{})})
      for (Index features : {32, 50, 384}) {
        if (std::holds_alternative<ShiftedCosine>(metric) && features != 50) continue;
        RandomStream random(3, 4);
        const auto& make = entry;  // a lambda cannot take a binding with it
        const Matrix pool = instances::matrix(features == 384 ? 200 : 380, features,
                                              [&](Index i, Index k) { return make(i, k, random); });
        for (Index rank : {0, 5, 60}) {
          const auto thresholds = thresholds_of(streamed(pool, metric), rank);
          for (auto set : support::screening_sets()) {
            CAPTURE(name, features, rank, name_of(set));
            const Kernel kernel = streamed(pool, metric, set);
            const auto screened = ScreenedRows::of(cpu, *kernel.streamed());
            REQUIRE(screened);
            CHECK(
                (pass(*kernel.streamed(), screened, thresholds) == pass(*kernel.streamed(), std::nullopt, thresholds)));
          }
        }
      }
}

TEST_CASE("So it does with products of tiles, emulated where the processor has none", "[single-threaded]") {
  const support::Tiles tiles;
  if (!tiles.there() || !has(InstructionSet::avx2)) return;
  for (const auto& [name, entry] : pools())
    for (Index features : {32, 50, 100}) {
      RandomStream random(3, 4);
      const auto& make = entry;
      const Matrix pool = instances::matrix(250, features, [&](Index i, Index k) { return make(i, k, random); });
      const Kernel kernel = streamed(pool, Dot{});
      for (Index rank : {0, 20}) {
        CAPTURE(name, features, rank);
        const auto thresholds = thresholds_of(kernel, rank);
        const auto screened = ScreenedRows::of(cpu, *kernel.streamed(), InstructionSet::amx);
        REQUIRE(screened);
        CHECK(screened->rows->bytes.features() % 64 == 0);
        CHECK((pass(*kernel.streamed(), screened, thresholds) == pass(*kernel.streamed(), std::nullopt, thresholds)));
      }
    }
  const Matrix rows = instances::normal(6, 333, 64), columns = instances::normal(7, 401, 64);
  const Kernel kernel =
      *similarity(cpu, rows.view(), columns.view(), {.metric = Cosine{}, .storage = Storage::streamed});
  const auto thresholds = thresholds_of(kernel, 10);
  CHECK((pass(*kernel.streamed(), ScreenedRows::of(cpu, *kernel.streamed(), InstructionSet::amx), thresholds) ==
         pass(*kernel.streamed(), std::nullopt, thresholds)));
}

TEST_CASE("So it does where everything is above, where nothing is, and where rows are left out", "[single-threaded]") {
  const Matrix pool = instances::normal(5, 700, 40);
  for (float threshold : {-infinity, -2.0f, 0.0f, infinity}) {
    std::vector<float> thresholds(4 * edge, threshold);
    for (std::size_t i = 0; i < thresholds.size(); i += 3) thresholds[i] = infinity;
    for (std::size_t i = 700; i < thresholds.size(); ++i) thresholds[i] = infinity;
    for (auto set : support::screening_sets()) {
      const Kernel kernel = streamed(pool, Cosine{}, set);
      CHECK((pass(*kernel.streamed(), ScreenedRows::of(cpu, *kernel.streamed()), thresholds) ==
             pass(*kernel.streamed(), std::nullopt, thresholds)));
    }
  }
}

TEST_CASE("So it does for rows and columns of their own") {
  const Matrix rows = instances::normal(6, 333, 64), columns = instances::normal(7, 401, 64);
  for (auto set : support::screening_sets()) {
    const Kernel kernel =
        *similarity(cpu.only(set), rows.view(), columns.view(), {.metric = Cosine{}, .storage = Storage::streamed});
    const auto thresholds = thresholds_of(kernel, 10);
    CHECK((pass(*kernel.streamed(), ScreenedRows::of(cpu, *kernel.streamed()), thresholds) ==
           pass(*kernel.streamed(), std::nullopt, thresholds)));
  }
}

TEST_CASE("Bytes are the same at every thread count") {
  const Matrix pool = instances::normal(8, 1000, 33);
  for (auto set : support::screening_sets()) {
    const Kernel kernel = streamed(pool, Cosine{}, set);
    const auto one = ScreenedRows::of(cpu, *kernel.streamed());
    for (Index threads : {2, 3}) {
      const auto several = ScreenedRows::of(cpu.threads(threads), *kernel.streamed());
      for (Index row = 0; row < 1152; row += 16)
        CHECK(std::equal(one->rows->bytes.from(row), one->rows->bytes.from(row) + 16 * one->rows->bytes.features(),
                         several->rows->bytes.from(row)));
    }
  }
}

TEST_CASE("What shifts cosines takes none of the bytes") {
  const Matrix pool = instances::normal(8, 200, 64);
  for (auto set : support::screening_sets()) {
    const auto plain = ScreenedRows::of(cpu, *streamed(pool, Cosine{}, set).streamed()),
               shifted = ScreenedRows::of(cpu, *streamed(pool, ShiftedCosine{}, set).streamed());
    REQUIRE((plain && shifted));
    for (Index row = 0; row < 200; ++row) {
      CHECK(shifted->rows->bytes.errors()[row] ==
            Approx(plain->rows->bytes.errors()[row] / std::sqrt(2.0)).epsilon(0.01));
      CHECK(shifted->rows->bytes.norms()[row] == Approx(std::sqrt(0.5)).epsilon(1e-4));
    }
  }
}

TEST_CASE("Nothing is screened where that is of no use") {
  const auto of = [](Index features, const Metric& metric, float factor) {
    Matrix pool = instances::normal(9, 300, features);
    for (float& x : pool.entries) x *= factor;
    for (auto set : support::instruction_sets())
      if (ScreenedRows::of(cpu, *streamed(pool, metric, set).streamed())) return true;
    return false;
  };
  CHECK(of(32, Cosine{}, 1.0f) == !support::screening_sets().empty());
  CHECK_FALSE(of(31, Cosine{}, 1.0f));           // too few features to save anything
  CHECK_FALSE(of(40, Rbf{.gamma = 1.0}, 1.0f));  // more than inner products
  CHECK_FALSE(of(40, Dot{}, 1e16f));             // products may overflow
}

}
