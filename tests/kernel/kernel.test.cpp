// SPDX-License-Identifier: MIT
// Tests of kernel/kernel.hpp.
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/instances.hpp"
#include "support/random_matrix.hpp"
#include "support/thrown.hpp"

#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/similarity.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace kernel_kernel_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using support::RowMajorMatrix;

namespace {

/// The message for a 3 × 4 matrix of zeros with one bad entry.
std::string refusal_of(float entry, Index row, Index column) {
  RowMajorMatrix m = RowMajorMatrix::Zero(3, 4);
  m(row, column) = entry;
  return thrown<ValueError>([&] { Kernel{m}; });
}

}  // namespace

TEST_CASE("a kernel has the entries of its matrix, which need be neither square nor symmetric") {
  const Index rows = GENERATE(1, 2, 5), columns = GENERATE(1, 3, 5);
  const RowMajorMatrix m = support::random_matrix(rows, columns);
  const Kernel kernel(m);
  REQUIRE(kernel.rows() == rows);
  REQUIRE(kernel.columns() == columns);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) CHECK(support::same_bits(kernel(i, j), m(i, j)));
}

TEST_CASE("a column holds the similarities of all rows to one candidate") {
  const float matrix[] = {1, 2, 3, 4, 5, 6};
  const Kernel kernel(MatrixView<const float>(matrix, 2, 3));
  CHECK(std::vector(kernel.dense()->column(0), kernel.dense()->column(0) + 2) == std::vector<float>{1, 4});
  CHECK(std::vector(kernel.dense()->column(2), kernel.dense()->column(2) + 2) == std::vector<float>{3, 6});
}

TEST_CASE("a kernel of a block leaves out the gaps between rows") {
  const RowMajorMatrix m = support::random_matrix(6, 7);
  const Kernel kernel(m.block(1, 2, 3, 4));
  CHECK(kernel(2, 3) == m(3, 5));
  CHECK(kernel(0, 1) == m(1, 3));
}

TEST_CASE("a kernel keeps a copy: the matrix may change afterwards") {
  RowMajorMatrix m = RowMajorMatrix::Ones(2, 2);
  const Kernel kernel(m);
  m.setZero();
  CHECK(kernel(1, 1) == 1);
}

TEST_CASE("copies of a kernel share one storage, which lives as long as any of them") {
  const RowMajorMatrix m = RowMajorMatrix::Constant(2, 2, 0.5f);
  auto first = std::make_unique<Kernel>(m);
  const Kernel second = *first;
  CHECK(second.dense()->column(1) == first->dense()->column(1));
  first.reset();
  CHECK(second(1, 1) == 0.5f);
}

TEST_CASE("a kernel takes over finished storage without a copy, column after column") {
  const auto entries = Kernel::allocate<float>("test", 2, 3);
  for (int i = 0; i < 6; ++i) entries[i] = static_cast<float>(i);
  const Kernel kernel(2, 3, DenseEntries{entries, 2});
  CHECK(kernel.dense()->column(0) == entries.get());
  CHECK(kernel(0, 1) == 2);
  CHECK(kernel(1, 2) == 5);
}

TEST_CASE("a matrix does not become a kernel unasked: it is a copy") {
  STATIC_REQUIRE(!std::is_convertible_v<MatrixView<const float>, Kernel>);
}

TEST_CASE("an empty matrix is a ShapeError that names its size") {
  const float one = 1;
  const auto message_for = [&](Index rows, Index columns) {
    return thrown<ShapeError>([&] { Kernel(MatrixView<const float>(&one, rows, columns)); });
  };
  CHECK_THAT(message_for(0, 3), ContainsSubstring("Kernel: matrix is 0 x 3"));
  CHECK_THAT(message_for(3, 0), ContainsSubstring("Kernel: matrix is 3 x 0"));
  CHECK_THAT(message_for(0, 0), ContainsSubstring("Kernel: matrix is 0 x 0"));
}

TEST_CASE("an entry that is not finite is a ValueError that names it") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK_THAT(refusal_of(std::numeric_limits<float>::quiet_NaN(), 2, 1), ContainsSubstring("matrix(2, 1) is nan"));
  CHECK_THAT(refusal_of(infinity, 0, 3), ContainsSubstring("matrix(0, 3) is inf"));
  CHECK_THAT(refusal_of(-infinity, 0, 0), ContainsSubstring("matrix(0, 0) is -inf"));
}

TEST_CASE("the largest, the smallest and negative entries are fine") {
  for (const float entry : {std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min(), -1.0f, -0.0f})
    CHECK(support::same_bits(Kernel(MatrixView<const float>(&entry, 1, 1))(0, 0), entry));
}

TEST_CASE("a size beyond all addresses is a CapacityError that names the caller, the size and a way out") {
  constexpr Index large = Index{1} << 40;
  const auto message = thrown<CapacityError>([] { Kernel::allocate<float>("similarity", large, large); });
  CHECK_THAT(message, ContainsSubstring("similarity: 1099511627776 x 1099511627776 similarities need"));
  CHECK_THAT(message, ContainsSubstring("GiB of memory") && ContainsSubstring("use fewer rows"));
}

TEST_CASE("no size overflows on its way to the allocator") {
  for (Index rows : {INT64_MAX, INT64_MAX / 2, INT64_MAX / 3, INT64_MAX / 4, INT64_MAX / 4 + 1})
    for (Index columns : {Index{1}, Index{2}, Index{4}, Index{5}, INT64_MAX}) {
      CAPTURE(rows, columns);
      CHECK_THROWS_AS(Kernel::allocate<float>("test", rows, columns), CapacityError);
    }
}

TEST_CASE("the memory a size needs is told in GiB") {
  const auto message = thrown<CapacityError>([] { Kernel::allocate<float>("test", Index{1} << 62, 4); });
  CHECK_THAT(message, ContainsSubstring(" need 68719476736.0 GiB"));
}

TEST_CASE(
    "entries of half the size are multiples of their unit; those of a sparse kernel are zero where none is kept") {
  const auto stored = Kernel::allocate<std::int16_t>("test", 2, 2);
  for (int i = 0; i < 4; ++i) stored[i] = static_cast<std::int16_t>(3 - 2 * i);
  const Kernel half(2, 2, HalfEntries{stored, 0.25f, 2});
  CHECK(half(0, 0) == 0.75f);
  CHECK(half(1, 1) == -0.75f);
  CHECK((half.half() != nullptr && half.dense() == nullptr && half.sparse() == nullptr && half.streamed() == nullptr));

  auto kept = std::make_shared<SparseEntries>(3);
  kept->take({{0, 4}, {0.5f, -1.0f}}, std::vector<Index>{0}, std::vector<std::size_t>{2});
  kept->take({{3}, {2.0f}}, std::vector<Index>{2}, std::vector<std::size_t>{1});
  const Kernel sparse(5, 3, kept);
  for (Index i = 0; i < 5; ++i) {
    CHECK(sparse(i, 0) == (i == 0 ? 0.5f : i == 4 ? -1.0f : 0.0f));
    CHECK(sparse(i, 1) == 0.0f);
    CHECK(sparse(i, 2) == (i == 3 ? 2.0f : 0.0f));
  }
  CHECK((sparse.sparse() == kept.get() && sparse.half() == nullptr && sparse.dense() == nullptr));

  for (const Kernel& kernel : {half, sparse}) {
    const std::vector<Index> items{1, 0, 1};
    std::vector<float> out(items.size() * static_cast<std::size_t>(kernel.rows()), 9.0f);
    kernel.read(items, MatrixView<float>(out.data(), 3, kernel.rows()));
    for (std::size_t c = 0; c < 3; ++c)
      for (Index i = 0; i < kernel.rows(); ++i)
        CHECK(out[c * static_cast<std::size_t>(kernel.rows()) + static_cast<std::size_t>(i)] == kernel(i, items[c]));
  }
}

TEST_CASE("the similarities of some items to each other are a dense kernel of them, also of none") {
  const RowMajorMatrix m = support::random_matrix(9, 9);
  const Kernel kernel(m);
  const std::vector<Index> items{8, 0, 3, 0};
  const Kernel some = kernel.among(cpu, items);
  REQUIRE(some.rows() == 4);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 4; ++j)
      CHECK(some(i, j) == m(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(j)]));
  CHECK(kernel.among(cpu, {}).columns() == 0);
}

TEST_CASE("items are compared as a row with a candidate, whether that is stored or computed") {
  const auto rows = instances::normal(1, 9, 4), columns = instances::normal(2, 9, 4);
  const Kernel stored = similarity(rows.view(), columns.view());
  const Kernel computed = similarity(rows.view(), columns.view(), {.storage = Storage::streamed});
  const std::vector<Index> items{8, 0, 3, 0};
  const Kernel some = stored.among(cpu, items), others = computed.among(cpu, items);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 4; ++j) CHECK(others(i, j) == Approx(some(i, j)).margin(1e-6));
  CHECK(std::abs(some(0, 1) - some(1, 0)) > 0.01f);
}

}
