// SPDX-License-Identifier: MIT
// Tests of backend/coverage.hpp.
#include <pickmix/backend/coverage.hpp>

#include <pickmix/core/rng.hpp>
#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace backend_coverage_test {

using namespace pickmix;
using backend::Covered;
using backend::HalfCovered;

using backend::LaneSums;

namespace {

std::vector<float> random_floats(Index n, std::uint64_t seed, double low, double high) {
  RandomStream random(seed, 1);
  std::vector<float> out;
  for (Index i = 0; i < n; ++i) out.push_back(static_cast<float>(low + (high - low) * random.uniform()));
  return out;
}

std::vector<std::int16_t> random_halves(Index n, std::uint64_t seed, Index low, Index high) {
  RandomStream random(seed, 1);
  std::vector<std::int16_t> out;
  for (Index i = 0; i < n; ++i) out.push_back(static_cast<std::int16_t>(low + random.below(high - low + 1)));
  return out;
}

float rise(float similarity, float coverage, float cap) { return std::max(std::min(similarity, cap) - coverage, 0.0f); }

/// The order of operations that is promised: sixteen sums in double, row i into sum i mod 16, then halves onto halves.
double total_as_promised(const std::vector<float>& column, const std::vector<float>& coverage,
                         const std::vector<float>& cap) {
  std::array<double, 16> sum{};
  for (std::size_t i = 0; i < column.size(); ++i)
    sum[i % 16] += rise(column[i], coverage[i], cap.empty() ? INFINITY : cap[i]);
  for (std::size_t width : {8u, 4u, 2u, 1u})
    for (std::size_t lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
  return sum[0];
}

double gain(const std::vector<float>& column, const std::vector<float>& coverage, const std::vector<float>& cap,
            InstructionSet set) {
  LaneSums sum;
  const float* const first = column.data();
  backend::add_rises(std::span(&first, 1), Covered{coverage.data(), cap.empty() ? nullptr : cap.data()},
                     static_cast<Index>(column.size()), std::span(&sum, 1), set);
  return sum.total();
}

}  // namespace

TEST_CASE("A rise is what lies above the coverage and below the cap") {
  const float coverage[] = {0.25f, 0.25f}, cap[] = {0.5f, 0.125f};
  CHECK(backend::rise(0.75f, {coverage}, 0) == 0.5f);
  CHECK(backend::rise(0.125f, {coverage}, 0) == 0.0f);
  CHECK(backend::rise(-1.0f, {coverage}, 0) == 0.0f);
  CHECK(backend::rise(0.75f, {coverage, cap}, 0) == 0.25f);
  CHECK(backend::rise(0.375f, {coverage, cap}, 0) == 0.125f);
  CHECK(backend::rise(0.75f, {coverage, cap}, 1) == 0.0f);
}

TEST_CASE("The total of sixteen sums adds halves onto halves") {
  LaneSums sums;
  for (Index row = 0; row < 40; ++row) sums.add(row, static_cast<float>(row));
  CHECK(sums.sum[3] == 3 + 19 + 35);
  CHECK(sums.total() == 780.0);
  LaneSums order;
  order.sum = {1.0, 0, 0, 0, 1e-16, 0, 0, 0, 1e-16, 0, 0, 0, 1e-16, 0, 0, 0};
  CHECK(order.total() == 1.0 + 2e-16);  // 1 + 1e-16 is 1; 1e-16 + 1e-16 comes first in the other half
}

TEST_CASE("Gains have the promised bits on every instruction set, for any number of rows and of columns") {
  for (auto set : support::instruction_sets())
    for (Index n : {0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 191, 192, 193, 1000})
      for (bool capped : {false, true}) {
        const auto coverage = random_floats(n, 1, 0.0, 0.8);
        const auto cap = capped ? random_floats(n, 2, -0.1, 1.0) : std::vector<float>();
        std::vector<std::vector<float>> columns;
        for (std::size_t count = 0; count <= 11; ++count) {
          CAPTURE(static_cast<int>(set), n, capped, count);
          std::vector<const float*> firsts;
          for (const auto& column : columns) firsts.push_back(column.data());
          std::vector<LaneSums> sums(count);
          backend::add_rises(firsts, Covered{coverage.data(), capped ? cap.data() : nullptr}, n, sums, set);
          for (std::size_t c = 0; c < count; ++c)
            REQUIRE(support::same_bits(sums[c].total(), total_as_promised(columns[c], coverage, cap)));
          columns.push_back(random_floats(n, 10 + count, -1.0, 1.0));
        }
      }
}

TEST_CASE("A column may be added part by part, the parts beginning at multiples of 16") {
  const auto column = random_floats(500, 1, -1.0, 1.0), coverage = random_floats(500, 2, 0.0, 0.8);
  for (auto set : support::instruction_sets()) {
    LaneSums sum;
    for (Index begin = 0; begin < 500; begin += 192) {
      const float* const part = column.data() + begin;
      backend::add_rises(std::span(&part, 1), Covered{coverage.data() + begin}, std::min<Index>(192, 500 - begin),
                         std::span(&sum, 1), set);
    }
    CHECK(support::same_bits(sum.total(), gain(column, coverage, {}, set)));
  }
}

TEST_CASE("Rows with no rise may be left out") {
  const auto column = random_floats(300, 3, -1.0, 1.0), coverage = random_floats(300, 4, 0.0, 0.8);
  LaneSums some;
  Index left_out = 0;
  for (std::size_t i = 0; i < 300; ++i)
    if (const float r = rise(column[i], coverage[i], INFINITY); r > 0.0f)
      some.add(static_cast<Index>(i), r);
    else
      ++left_out;
  CHECK(left_out > 100);
  for (auto set : support::instruction_sets()) CHECK(support::same_bits(some.total(), gain(column, coverage, {}, set)));
}

TEST_CASE("Every row counts once: a rise of one row alone is the gain") {
  for (auto set : support::instruction_sets())
    for (std::size_t n : {1u, 15u, 16u, 17u, 33u, 200u})
      for (std::size_t i = 0; i < n; ++i) {
        CAPTURE(static_cast<int>(set), n, i);
        std::vector<float> column(n, 0.25f);
        column[i] = 2.0f;
        REQUIRE(gain(column, std::vector<float>(n, 0.5f), {}, set) == 1.5);
        REQUIRE(gain(column, std::vector<float>(n, 0.5f), std::vector<float>(n, 1.0f), set) == 0.5);
      }
}

TEST_CASE("Small gains are not lost in a long column") {
  constexpr std::size_t n = 1 << 20;
  std::vector<float> column(n, 1.0f / 1024);
  column[0] = 65536.0f;
  for (auto set : support::instruction_sets())
    CHECK(gain(column, std::vector<float>(n), {}, set) == 65536.0 + (n - 1) / 1024.0);
}

TEST_CASE("A gain never rises when coverage does or a cap falls, to the last bit") {
  RandomStream random(5, 0);
  for (auto set : support::instruction_sets())
    for (Index n : {1, 16, 17, 257}) {
      const auto column = random_floats(n, random.bits(), -1.0, 1.0);
      std::vector<float> coverage(static_cast<std::size_t>(n), 0.0f), cap(static_cast<std::size_t>(n), 1.0f);
      double last = gain(column, coverage, cap, set);
      for (int trial = 0; trial < 500; ++trial) {
        const auto i = static_cast<std::size_t>(random.below(n));
        switch (trial % 3) {
          case 0:
            coverage[i] = std::nextafter(coverage[i], 2.0f);
            break;
          case 1:
            coverage[i] += 0.1f * static_cast<float>(random.uniform());
            break;
          default:
            cap[i] = std::nextafter(cap[i], -1.0f);
        }
        const double now = gain(column, coverage, cap, set);
        CAPTURE(static_cast<int>(set), n, trial);
        REQUIRE(now <= last);
        last = now;
      }
    }
}

TEST_CASE("Gains of 16-bit entries are exact on every instruction set") {
  for (auto set : support::instruction_sets())
    for (Index n : {0, 1, 15, 16, 17, 100, 1000})
      for (bool capped : {false, true})
        for (std::size_t count = 0; count <= 9; ++count) {
          CAPTURE(static_cast<int>(set), n, capped, count);
          const auto coverage = random_halves(n, 1, 0, 32767), cap = random_halves(n, 2, 0, 32767);
          std::vector<std::vector<std::int16_t>> columns;
          std::vector<const std::int16_t*> firsts;
          for (std::size_t c = 0; c < count; ++c) columns.push_back(random_halves(n, 10 + c, -32767, 32767));
          for (const auto& column : columns) firsts.push_back(column.data());
          std::vector<std::int64_t> sums(count, 5);  // they are added to
          backend::add_rises(firsts, HalfCovered{coverage.data(), capped ? cap.data() : nullptr}, n, sums, set);
          for (std::size_t c = 0; c < count; ++c) {
            std::int64_t expected = 5;
            for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
              expected += std::max(std::min<int>(columns[c][i], capped ? cap[i] : 32767) - coverage[i], 0);
            REQUIRE(sums[c] == expected);
          }
        }
}

TEST_CASE("16-bit gains do not overflow, however many rows there are and however large they are") {
  constexpr Index n = (Index{3} << 18) + 37;
  const std::vector<std::int16_t> most(n, 32767), least(n, -32767), nothing(n, 0);
  const std::int16_t* const columns[] = {most.data(), least.data(), most.data(), nothing.data(), most.data()};
  for (auto set : support::instruction_sets())
    for (const std::int16_t* cap : {static_cast<const std::int16_t*>(nullptr), most.data()}) {
      std::array<std::int64_t, 5> sums{};
      backend::add_rises(columns, HalfCovered{nothing.data(), cap}, n, sums, set);
      CHECK(sums == std::array<std::int64_t, 5>{32767 * n, 0, 32767 * n, 0, 32767 * n});
      sums.fill(0);
      backend::add_rises(columns, HalfCovered{most.data(), cap}, n, sums, set);
      CHECK(sums == std::array<std::int64_t, 5>{});
    }
}

}
