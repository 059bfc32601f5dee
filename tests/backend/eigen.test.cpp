// SPDX-License-Identifier: MIT
// Tests of backend/eigen.hpp.
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/random_matrix.hpp"

#include <pickmix/backend/eigen.hpp>
#include <pickmix/core/rng.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

using namespace pickmix;
using backend::RowMajorMatrix;
using support::random_matrix;

namespace {

std::vector<float> random_vector(Index n, std::uint64_t seed) {
  const RowMajorMatrix m = random_matrix(1, n, seed);
  return {m.data(), m.data() + n};
}

double gain(const std::vector<float>& column, const std::vector<float>& coverage) {
  return backend::coverage_gain(column.data(), coverage.data(), static_cast<Index>(column.size()));
}

/// The sum in double precision of the same float differences, in the plain order.
double gain_in_double(const std::vector<float>& column, const std::vector<float>& coverage) {
  double total = 0.0;
  for (std::size_t i = 0; i < column.size(); ++i) total += std::max(column[i] - coverage[i], 0.0f);
  return total;
}

/// The order of operations that is promised: sixteen float sums side by side within 256 rows, then halves onto halves.
double gain_as_promised(const std::vector<float>& column, const std::vector<float>& coverage) {
  double total = 0.0;
  for (std::size_t begin = 0; begin < column.size(); begin += 256) {
    std::array<float, 16> sum{};
    for (std::size_t i = begin; i < std::min(begin + 256, column.size()); ++i)
      sum[i % 16] += std::max(column[i] - coverage[i], 0.0f);
    for (std::size_t width : {8u, 4u, 2u, 1u})
      for (std::size_t lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
    total += sum[0];
  }
  return total;
}

}  // namespace

TEST_CASE("a view becomes an Eigen matrix over the same memory, gaps between rows left out") {
  float data[] = {0, 1, -1, 10, 11, -1};
  const auto m = backend::as_eigen(MatrixView<const float>(data, 2, 2, 3));
  CHECK(m.data() == data);
  CHECK(m(1, 0) == 10);
  CHECK(m.sum() == 22);
  backend::as_eigen(MatrixView<float>(data, 2, 2, 3)).setZero();
  CHECK(data[2] == -1);
  CHECK(data[4] == 0);
}

TEST_CASE("inner products are those of a loop in double precision") {
  const Index m = GENERATE(1, 3, 40), n = GENERATE(1, 5, 33), d = GENERATE(1, 2, 7, 16, 300);
  CAPTURE(m, n, d);
  const RowMajorMatrix a = random_matrix(m, d, 1), b = random_matrix(n, d, 2);
  RowMajorMatrix out = RowMajorMatrix::Constant(m, n, std::numeric_limits<float>::quiet_NaN());
  backend::inner_products(a, b, out);

  const double error = (out.cast<double>() - a.cast<double>() * b.cast<double>().transpose()).cwiseAbs().maxCoeff();
  CHECK(error < 1e-7 * static_cast<double>(d));
}

TEST_CASE("inner products read and write blocks of larger matrices") {
  const RowMajorMatrix a = random_matrix(30, 20, 1), b = random_matrix(40, 25, 2);
  RowMajorMatrix out = RowMajorMatrix::Zero(50, 60);
  backend::inner_products(a.block(3, 2, 10, 9), b.block(5, 4, 12, 9), out.block(7, 8, 10, 12));

  const RowMajorMatrix expected = a.block(3, 2, 10, 9) * b.block(5, 4, 12, 9).transpose();
  CHECK(out.block(7, 8, 10, 12).isApprox(expected, 1e-5f));
  out.block(7, 8, 10, 12).setZero();
  CHECK(out.isZero(0.0f));
}

TEST_CASE("coverage gain is the sum of the rises, around the edges of lanes and blocks") {
  const Index n = GENERATE(0, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 271, 272, 273, 511, 512, 513, 1000, 100'000);
  CAPTURE(n);
  const auto column = random_vector(n, 1), coverage = random_vector(n, 2);
  CHECK(gain(column, coverage) == Approx(gain_in_double(column, coverage)).epsilon(1e-6));
  CHECK(support::same_bits(gain(column, coverage), gain_as_promised(column, coverage)));
}

TEST_CASE("every row counts once: a rise of one row alone is the gain") {
  for (Index n : {1, 15, 16, 17, 255, 256, 257, 300}) {
    const auto size = static_cast<std::size_t>(n);
    const std::vector<float> coverage(size, 0.5f);
    for (std::size_t i = 0; i < size; ++i) {
      CAPTURE(n, i);
      std::vector<float> column(size, 0.25f);
      column[i] = 2.0f;
      REQUIRE(gain(column, coverage) == 1.5);
    }
  }
}

TEST_CASE("no gain where nothing rises") {
  const auto column = random_vector(300, 1);
  auto above = column;
  for (float& c : above) c += 0.5f;
  CHECK(support::same_bits(gain(column, column), 0.0));
  CHECK(support::same_bits(gain(column, above), 0.0));
}

TEST_CASE("the blocks are summed in double: small gains are not lost in a long column") {
  constexpr Index n = 1 << 20;
  std::vector<float> column(n, 1.0f / 1024), coverage(n);
  column[0] = 65536.0f;
  CHECK(gain(column, coverage) == Approx(65536.0 + (n - 1) / 1024.0).epsilon(1e-6));
}

TEST_CASE("a gain never rises when coverage does, to the last bit") {
  RandomStream random(5, 0);
  for (Index n : {1, 16, 17, 100, 257, 1000}) {
    const auto column = random_vector(n, random.bits());
    std::vector<float> coverage(static_cast<std::size_t>(n), -1.0f);
    double last = gain(column, coverage);
    for (int trial = 0; trial < 500; ++trial) {
      // One entry rises: by one step of float or by a good deal.
      float& c = coverage[static_cast<std::size_t>(random.below(n))];
      c = trial % 2 ? std::nextafter(c, 2.0f) : c + 0.1f * static_cast<float>(random.uniform());
      const double now = gain(column, coverage);
      CAPTURE(n, trial);
      REQUIRE(now <= last);
      last = now;
    }
  }
}

TEST_CASE("coverage is raised to the column where that is higher, and nowhere else") {
  const std::vector<float> column{1.0f, -2.0f, 0.5f, 0.0f};
  std::vector<float> coverage{0.0f, -1.0f, 0.5f, -3.0f};
  backend::raise_coverage(column.data(), coverage.data(), 4);
  CHECK(coverage == std::vector{1.0f, -1.0f, 0.5f, 0.0f});
}

TEST_CASE("raising coverage touches the first n rows only, and takes the whole gain") {
  const auto column = random_vector(100, 1);
  auto coverage = random_vector(101, 2);
  const float behind = coverage[100];
  backend::raise_coverage(column.data(), coverage.data(), 100);
  CHECK(coverage[100] == behind);
  CHECK(backend::coverage_gain(column.data(), coverage.data(), 100) == 0.0);
}
