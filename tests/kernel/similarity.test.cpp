// SPDX-License-Identifier: MIT
// Tests of kernel/similarity.hpp.
#include <pickmix/kernel/similarity.hpp>

#include <pickmix/core/permutation.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/approximate_neighbors.hpp>
#include <pickmix/kernel/cells.hpp>
#include <pickmix/kernel/neighbors.hpp>
#include <pickmix/kernel/rescale.hpp>
#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/metric_definition.hpp>
#include <support/random_matrix.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace kernel_similarity_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using support::random_matrix;
using support::RowMajorMatrix;

namespace {

const SimilarityOptions unlimited{};

/// The number of entries (i, j) in which two square kernels of one size differ by a bit; `row` says what is compared
/// with row i of `a` in `b`.
template <class Row>
Index different_entries(const Kernel& a, const Kernel& b, Row&& row) {
  Index different = 0;
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < a.columns(); ++j) different += !support::same_bits(a(i, j), b(row(i), row(j)));
  return different;
}

Index different_entries(const Kernel& a, const Kernel& b) {
  return different_entries(a, b, [](Index i) { return i; });
}

/// The largest error of a kernel, measured with cosines in double precision.
double largest_error(const Kernel& kernel, const RowMajorMatrix& pool) {
  using Doubles = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Doubles unit = pool.cast<double>();
  unit.rowwise().normalize();
  const Doubles cosines = unit * unit.transpose();
  double largest = 0.0;
  for (Index i = 0; i < pool.rows(); ++i)
    for (Index j = 0; j < pool.rows(); ++j)
      largest = std::max(largest, std::abs(cosines(i, j) - static_cast<double>(kernel(i, j))));
  return largest;
}

std::string refusal_of(float entry, Index row, Index column) {
  RowMajorMatrix pool = random_matrix(20, 6);
  pool(row, column) = entry;
  return thrown<ValueError>([&] { similarity(pool); });
}

}  // namespace

TEST_CASE("similarities are cosines, as computed in double precision") {
  const Index n = GENERATE(1, 2, 50, 191, 192, 193, 400), d = GENERATE(1, 7, 100);
  CAPTURE(n, d);
  const RowMajorMatrix pool = random_matrix(n, d);
  const Kernel kernel = similarity(pool);
  REQUIRE(kernel.rows() == n);
  REQUIRE(kernel.columns() == n);
  CHECK(largest_error(kernel, pool) < 1e-6);
}

TEST_CASE("a pool of one row is similar to itself") {
  const float row[] = {-3.0f};
  CHECK(similarity(MatrixView<const float>(row, 1, 1))(0, 0) == 1.0f);
}

TEST_CASE("opposite, orthogonal and parallel rows have similarity -1, 0 and 1") {
  RowMajorMatrix pool(4, 2);
  pool << 2, 0, -8, 0, 0, 4, 32, 0;
  const Kernel kernel = similarity(pool);
  CHECK(kernel(0, 1) == -1.0f);
  CHECK(kernel(0, 2) == 0.0f);
  CHECK(kernel(0, 3) == 1.0f);
}

TEST_CASE("the matrix is symmetric to the last bit") {
  const Index n = GENERATE(5, 192, 500), d = GENERATE(3, 100);
  CAPTURE(n, d);
  const Kernel kernel = similarity(random_matrix(n, d));
  Index different = 0;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j) different += !support::same_bits(kernel(i, j), kernel(j, i));
  CHECK(different == 0);
}

TEST_CASE("the number of threads changes no bit") {
  const RowMajorMatrix pool = random_matrix(700, 33);
  const Kernel one = similarity(pool);
  for (Index threads : {1, 2, 3, 7}) {
    CAPTURE(threads);
    CHECK(different_entries(one, *similarity(cpu.threads(threads), pool, unlimited)) == 0);
  }
}

TEST_CASE("equal rows have equal similarities to the last bit, wherever they stand") {
  constexpr Index n = 500;
  const Index d = GENERATE(1, 7, 24, 100, 384);
  CAPTURE(d);
  RowMajorMatrix pool = random_matrix(n, d);
  const std::vector<Index> equal{0, 1, 5, 13, 47, 48, 100, 187, 191, 192, 193, 300, 383, 384, 385, 450, 497, 498, 499};
  for (Index row : equal) pool.row(row) = pool.row(0);

  const Kernel kernel = similarity(pool);
  Index different = 0;
  for (Index row : equal)
    for (Index i = 0; i < n; ++i) different += !support::same_bits(kernel(i, row), kernel(i, 0));
  CHECK(different == 0);
}

TEST_CASE("rows in another order give the same similarities in that order, to the last bit") {
  constexpr Index n = 500;
  const Index d = GENERATE(1, 7, 24, 100, 384);
  CAPTURE(d);
  const RowMajorMatrix pool = random_matrix(n, d);
  const Permutation order(n, RandomStream(1, 2, static_cast<std::uint64_t>(d)));
  RowMajorMatrix reordered(n, d);
  for (Index i = 0; i < n; ++i) reordered.row(i) = pool.row(order(i));
  CHECK(different_entries(similarity(reordered), similarity(pool), order) == 0);
}

TEST_CASE("rows left out change no similarity of the others") {
  const RowMajorMatrix pool = random_matrix(300, 40);
  CHECK(different_entries(similarity(pool.topRows(200)), similarity(pool)) == 0);
  CHECK(different_entries(similarity(pool.bottomRows(77)), similarity(pool), [](Index i) { return i + 223; }) == 0);
}

TEST_CASE("a pool with gaps between rows is read as if it had none") {
  const RowMajorMatrix wide = random_matrix(30, 20);
  const RowMajorMatrix dense = wide.middleCols(4, 9);
  CHECK(different_entries(similarity(wide.middleCols(4, 9)), similarity(dense)) == 0);
}

TEST_CASE("a zero row is similar to nothing, itself included") {
  RowMajorMatrix pool = random_matrix(200, 9);
  for (Index zero : {Index{0}, Index{150}, Index{199}}) pool.row(zero).setZero();
  const Kernel kernel = similarity(pool);
  for (Index i = 0; i < 200; ++i) {
    REQUIRE(kernel(i, 150) == 0.0f);
    REQUIRE(kernel(199, i) == 0.0f);
  }
  CHECK(kernel(1, 1) == Approx(1.0));
}

TEST_CASE("the length of a row does not matter, from the smallest to the largest numbers") {
  const float scale = GENERATE(1e-44f, 1e-38f, 1e-20f, 1e20f, 3e38f);
  CAPTURE(scale);
  RowMajorMatrix pool(3, 3);
  pool << 1, 0, 0, scale, 0, 0, scale, scale, scale;
  const Kernel kernel = similarity(pool);
  CHECK(kernel(0, 1) == 1.0f);
  CHECK(kernel(1, 2) == Approx(1.0 / std::sqrt(3.0)));
  CHECK(kernel(2, 2) == Approx(1.0));
}

TEST_CASE("an empty pool is a ShapeError that names its size") {
  const float one = 1;
  CHECK_THAT(thrown<ShapeError>([&] { similarity(MatrixView<const float>(&one, 0, 3)); }),
             ContainsSubstring("similarity: pool is 0 x 3"));
  CHECK_THAT(thrown<ShapeError>([&] { similarity(MatrixView<const float>(&one, 3, 0)); }),
             ContainsSubstring("similarity: pool is 3 x 0"));
}

TEST_CASE("an entry that is not finite is a ValueError that names its row and column") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK_THAT(refusal_of(std::numeric_limits<float>::quiet_NaN(), 17, 5), ContainsSubstring("pool(17, 5) is nan"));
  CHECK_THAT(refusal_of(infinity, 0, 0), ContainsSubstring("pool(0, 0) is inf"));
  CHECK_THAT(refusal_of(-infinity, 19, 2), ContainsSubstring("pool(19, 2) is -inf"));
}

TEST_CASE("the result may take memory_limit bytes and not one more") {
  const RowMajorMatrix pool = random_matrix(10, 3);
  CHECK(similarity(cpu, pool, {.memory_limit = 400}).has_value());
  for (std::uint64_t limit : {0u, 1u, 3u, 4u, 399u})
    CHECK_THROWS_AS(similarity(cpu, pool, {.memory_limit = limit}), CapacityError);
}

TEST_CASE("a pool beyond memory_limit is refused with its size, both amounts and a way out") {
  const RowMajorMatrix pool = RowMajorMatrix::Ones(32'768, 1);
  const auto message = thrown<CapacityError>([&] { similarity(cpu, pool, {.memory_limit = 1u << 30}); });
  CHECK_THAT(message, ContainsSubstring("similarity: 32768 x 32768 similarities take 4.0 GiB"));
  CHECK_THAT(message, ContainsSubstring("memory_limit is 1.0 GiB") && ContainsSubstring("Storage::streamed"));
}

TEST_CASE("an observer is told of every block of columns") {
  std::vector<Index> done;
  const auto observer = [&](const Progress& progress) {
    CHECK(progress.task == "similarity");
    CHECK(progress.total == 3);
    done.push_back(progress.done);
  };
  CHECK(similarity(cpu, random_matrix(500, 4), unlimited, observer).has_value());
  CHECK(done == std::vector<Index>{1, 2, 3});
}

TEST_CASE("a pool of whole blocks has no block of nothing") {
  Index total = 0;
  const auto observer = [&](const Progress& progress) { total = progress.total; };
  CHECK(similarity(cpu, random_matrix(384, 1), unlimited, observer).has_value());
  CHECK(total == 2);
}

TEST_CASE("the executor's threads share the tiles: helpers work while the caller's observer sleeps") {
  int told = 0;
  const auto sleepy = [&](const Progress&) {
    ++told;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  CHECK(similarity(cpu.threads(3), random_matrix(1900, 4), unlimited, sleepy).has_value());
  CHECK(told < 10);  // of ten tiles
}

TEST_CASE("an observer that says stop ends the work without a result") {
  int told = 0;
  const auto observer = [&](const Progress&) { return ++told == 2 ? Flow::stop : Flow::proceed; };
  CHECK(!similarity(cpu, random_matrix(500, 4), unlimited, observer).has_value());
  CHECK(told == 2);
}

TEST_CASE("observers run on the caller's thread, and what they throw passes through") {
  const auto caller = std::this_thread::get_id();
  const auto observer = [&](const Progress& progress) {
    if (std::this_thread::get_id() != caller) throw std::logic_error("another thread");
    if (progress.done == progress.total) throw std::out_of_range("the end");
  };
  CHECK_THROWS_AS(similarity(cpu, random_matrix(300, 4), unlimited, observer), std::out_of_range);
}

TEST_CASE("every metric is computed alike at every thread count, from pools and from rows and columns") {
  const RowMajorMatrix rows = random_matrix(250, 9, 1), columns = random_matrix(210, 9, 2);
  for (const Metric& metric : support::metrics)
    for (Storage storage : {Storage::full, Storage::half, Storage::streamed}) {
      const SimilarityOptions options{metric, storage};
      const Kernel one = similarity(rows, columns, options), square = similarity(rows, options);
      CHECK(one.rows() == 250);
      CHECK(one.columns() == 210);
      const double error = storage == Storage::half ? 3.2e-4 : 2e-6;  // up to 9, in units of 1/32767 of it
      CHECK(support::largest_error(one, metric, rows, columns) < error);
      for (Index threads : {2, 3, 7}) {
        CAPTURE(metric.index(), static_cast<int>(storage), threads);
        CHECK(different_entries(*similarity(cpu.threads(threads), rows, columns, options), one) == 0);
        CHECK(different_entries(*similarity(cpu.threads(threads), rows, options), square) == 0);
      }
    }
}

TEST_CASE("half the size is rounded to the nearest of 32767 steps to the largest possible similarity") {
  RowMajorMatrix pool = random_matrix(200, 6);
  pool.row(7) *= 4.0f;
  pool.row(9).setZero();
  for (const Metric& metric : support::metrics) {
    const Kernel exact = similarity(pool, {.metric = metric});
    const Kernel half = similarity(pool, {.metric = metric, .storage = Storage::half});
    REQUIRE(half.half() != nullptr);
    const double largest = std::holds_alternative<Dot>(metric) ? static_cast<double>(pool.row(7).squaredNorm()) : 1.0;
    CHECK(half.half()->unit == Approx(largest / 32767.0));
    CAPTURE(metric.index());
    double most = 0.0;
    for (Index i = 0; i < 200; ++i)
      for (Index j = 0; j < 200; ++j)
        most = std::max(most, std::abs(static_cast<double>(half(i, j)) - static_cast<double>(exact(i, j))));
    CHECK(most <= largest / 32767.0 * 0.51);
    CHECK(most > largest / 32767.0 * 0.45);
    CHECK(different_entries(half, similarity(pool, pool, {.metric = metric, .storage = Storage::half})) == 0);
  }
  CHECK(similarity(pool, {.storage = Storage::half})(3, 3) == Approx(1.0));
}

TEST_CASE("half the size holds the smallest and the largest similarities, and none at all") {
  for (float scale : {0.0f, 1e-44f, 1e-22f, 1e-18f, 1.0f, 3e18f}) {
    CAPTURE(scale);
    RowMajorMatrix pool(3, 2);
    pool << scale, 0, -scale, 0, 0, scale;
    const Kernel half = similarity(pool, {.metric = Dot{}, .storage = Storage::half});
    const double square = static_cast<double>(scale) * static_cast<double>(scale);
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j < 3; ++j) {
        const double expected = i == j ? square : i + j == 1 ? -square : 0.0;
        CHECK(static_cast<double>(half(i, j)) == Approx(expected).epsilon(1e-4).margin(1.2e-38));
      }
  }
}

TEST_CASE("what fits into memory_limit is kept, at full size if it can be") {
  const RowMajorMatrix pool = random_matrix(10, 3), rows = random_matrix(5, 3);
  const auto kind = [&](Storage storage, std::uint64_t limit) {
    const Kernel k = *similarity(cpu, pool, {.storage = storage, .memory_limit = limit});
    return k.dense() != nullptr ? "full" : k.half() != nullptr ? "half" : k.streamed() != nullptr ? "streamed" : "";
  };
  CHECK(kind(Storage::automatic, UINT64_MAX) == std::string("full"));
  CHECK(kind(Storage::automatic, 400) == std::string("full"));
  CHECK(kind(Storage::automatic, 399) == std::string("half"));
  CHECK(kind(Storage::automatic, 200) == std::string("half"));
  CHECK(kind(Storage::automatic, 199) == std::string("streamed"));
  CHECK(kind(Storage::automatic, 0) == std::string("streamed"));
  CHECK(kind(Storage::half, 200) == std::string("half"));
  CHECK(kind(Storage::streamed, 0) == std::string("streamed"));
  CHECK_THROWS_AS(similarity(cpu, pool, {.storage = Storage::half, .memory_limit = 199}), CapacityError);
  CHECK(similarity(rows, pool, {.storage = Storage::automatic, .memory_limit = 200}).dense() != nullptr);
  CHECK(similarity(rows, pool, {.storage = Storage::automatic, .memory_limit = 199}).half() != nullptr);
  const Kernel streamed = similarity(pool, {.storage = Storage::streamed, .memory_limit = 77});
  CHECK(streamed.streamed()->memory_limit() == 77);
}

TEST_CASE("bytes are counted without overflow") {
  CHECK(detail::bytes_of(3, 5, 4) == 60);
  CHECK(detail::bytes_of(0, 0, 4) == 0);
  CHECK(detail::bytes_of(INT64_MAX, INT64_MAX, 4) == UINT64_MAX);
  CHECK(detail::bytes_of(Index{1} << 31, Index{1} << 30, 4) == std::uint64_t{1} << 63);
  CHECK(detail::bytes_of(Index{1} << 31, Index{1} << 31, 4) == UINT64_MAX);
}

TEST_CASE("a streamed kernel asks for no time and tells of no progress") {
  int told = 0;
  const auto observer = [&](const Progress&) {
    ++told;
    return Flow::stop;
  };
  CHECK(similarity(cpu, random_matrix(500, 4), {.storage = Storage::streamed}, observer).has_value());
  CHECK(told == 0);
  CHECK_FALSE(similarity(cpu, random_matrix(500, 4), {.storage = Storage::half}, observer).has_value());
  CHECK_FALSE(similarity(cpu, random_matrix(50, 4), random_matrix(500, 4), unlimited, observer).has_value());
}

TEST_CASE("a gamma that is not a positive float is refused by name") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const RowMajorMatrix pool = random_matrix(5, 2);
  for (double gamma : {0.0, -1.0, infinity, -infinity, std::numeric_limits<double>::quiet_NaN(), 1e-50, 1e50}) {
    CAPTURE(gamma);
    CHECK_THAT(thrown<ValueError>([&] { similarity(pool, {.metric = Rbf{gamma}}); }),
               ContainsSubstring("Rbf: gamma is"));
    CHECK_THAT(thrown<ValueError>([&] { similarity(pool, pool, {.metric = Rbf{gamma}}); }),
               ContainsSubstring("Rbf: gamma is"));
  }
  CHECK(similarity(pool, {.metric = Rbf{1e-40}})(0, 1) == 1.0f);
  CHECK(similarity(pool, {.metric = Rbf{1e38}})(0, 1) < 1e-37f);
}

TEST_CASE("rows of different lengths are refused; bad rows and columns are told apart") {
  CHECK_THAT(thrown<ShapeError>([] { similarity(random_matrix(3, 4), random_matrix(3, 5)); }),
             ContainsSubstring("rows have 4 entries and columns 5"));
  RowMajorMatrix bad = random_matrix(3, 4);
  bad(1, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(thrown<ValueError>([&] { similarity(bad, random_matrix(3, 4)); }), ContainsSubstring("rows(1, 2) is nan"));
  CHECK_THAT(thrown<ValueError>([&] { similarity(random_matrix(3, 4), bad); }),
             ContainsSubstring("columns(1, 2) is nan"));
}

TEST_CASE("A kernel goes on with the instructions it was made with, in every storage") {
  const auto pool = instances::normal(40, 5, 3);
  for (const Storage storage : {Storage::full, Storage::half, Storage::streamed}) {
    const Kernel one = *similarity(cpu.only(InstructionSet::portable), pool.view(), {.storage = storage});
    CHECK(one.instructions() == InstructionSet::portable);
    CHECK(similarity(pool.view(), {.storage = storage}).instructions() == largest_instruction_set());
  }
  CHECK(Kernel(pool.view()).instructions() == largest_instruction_set());
}

TEST_CASE("What is made of a kernel goes on with its instructions") {
  const auto portable = cpu.only(InstructionSet::portable);
  const auto pool = instances::normal(40, 2000, 3);  // so many that near neighbours are looked for in cells
  const auto check = [](const Kernel& made) { CHECK(made.instructions() == InstructionSet::portable); };
  const std::vector<Index> some{0, 2, 4};
  const std::vector<float> thresholds(2000, 0.9f);
  const auto go_on = [](Index, Index) { return true; };
  for (const Storage storage : {Storage::full, Storage::half, Storage::streamed}) {
    const Kernel one = *similarity(portable, pool.view(), {.storage = storage});
    check(rescale(one, ClipAtZero{}));
    check(one.among(cpu, some));
    check(*entries_above(cpu, one, thresholds, go_on));
    if (storage == Storage::streamed) check(*Cells(cpu, one, some).entries_above(thresholds, 1, go_on));
  }
  check(*nearest_neighbors(portable, pool.view(), 3, Cosine{}));
  const auto near_ones = approximate_neighbors(portable, pool.view(), 3, {.wanted_recall = 0.1});
  REQUIRE(near_ones->recall < 1.0);
  check(near_ones->kernel);
}

}
