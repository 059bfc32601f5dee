// SPDX-License-Identifier: MIT
// Tests of backend/inner_products.hpp.
#include <pickmix/backend/inner_products.hpp>

#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/instruction_sets.hpp>
#include <support/random_matrix.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace backend_inner_products_test {

using namespace pickmix;

using backend::PackedRows;
using support::RowMajorMatrix;

namespace {

PackedRows packed(const RowMajorMatrix& m) {
  PackedRows out(m.rows(), m.cols());
  for (Index r = 0; r < m.rows(); ++r)
    for (Index k = 0; k < m.cols(); ++k) out(r, k) = m(r, k);
  return out;
}

/// All of `a` by all of `b`, padding included, as one call.
RowMajorMatrix products(const PackedRows& a, const PackedRows& b, InstructionSet set) {
  RowMajorMatrix out = RowMajorMatrix::Constant(a.blocks() * PackedRows::block, b.blocks() * PackedRows::block,
                                                std::numeric_limits<float>::quiet_NaN());
  backend::inner_products(a, 0, out.rows(), b, 0, out.cols(), out.data(), out.cols(), set);
  return out;
}

}  // namespace

TEST_CASE("Rows are padded with zeros to a multiple of 192") {
  for (Index rows : {1, 15, 16, 191, 192, 193, 400}) {
    PackedRows p = packed(RowMajorMatrix::Ones(rows, 3));
    CHECK(p.rows() == rows);
    CHECK(p.features() == 3);
    CHECK(p.blocks() == (rows + 191) / 192);
    for (Index r = 0; r < p.blocks() * 192; ++r)
      for (Index k = 0; k < 3; ++k) REQUIRE(p(r, k) == (r < rows ? 1.0f : 0.0f));
  }
}

TEST_CASE("A panel holds 16 rows, feature after feature") {
  const RowMajorMatrix m = support::random_matrix(40, 5);
  const PackedRows p = packed(m);
  for (Index r = 0; r < 40; ++r)
    for (Index k = 0; k < 5; ++k) CHECK(p.from(r / 16 * 16)[k * 16 + r % 16] == m(r, k));
}

TEST_CASE("Gathered rows come in the order asked for, also again") {
  const RowMajorMatrix m = support::random_matrix(300, 4);
  const PackedRows p = packed(m);
  const std::vector<Index> rows{299, 0, 17, 0};
  const PackedRows some = p.gather(rows);
  REQUIRE(some.rows() == 4);
  for (Index r = 0; r < 192; ++r)
    for (Index k = 0; k < 4; ++k) REQUIRE(some(r, k) == (r < 4 ? m(rows[static_cast<std::size_t>(r)], k) : 0.0f));
  CHECK(p.gather({}).blocks() == 0);
}

TEST_CASE("Inner products are those of a loop in double precision, on every instruction set") {
  for (auto set : support::instruction_sets())
    for (Index m : {1, 16, 47, 48, 193})
      for (Index n : {1, 17, 192})
        for (Index d : {1, 2, 7, 64, 301}) {
          CAPTURE(static_cast<int>(set), m, n, d);
          const RowMajorMatrix a = support::random_matrix(m, d, 1), b = support::random_matrix(n, d, 2);
          const RowMajorMatrix out = products(packed(a), packed(b), set);
          const double error =
              (out.topLeftCorner(m, n).cast<double>() - a.cast<double>() * b.cast<double>().transpose())
                  .cwiseAbs()
                  .maxCoeff();
          REQUIRE(error < 1.2e-7 * static_cast<double>(d));
          REQUIRE(out.bottomRows(out.rows() - m).isZero(0.0f));  // the padding
          REQUIRE(out.rightCols(out.cols() - n).isZero(0.0f));
        }
}

TEST_CASE("An entry is one running sum over the features in order, fused where the processor can") {
  const RowMajorMatrix a = support::random_matrix(192, 50, 3), b = support::random_matrix(192, 50, 4);
  for (auto set : support::instruction_sets()) {
    if (set == InstructionSet::portable) continue;  // is up to the compiler
    const RowMajorMatrix out = products(packed(a), packed(b), set);
    Index different = 0;
    for (Index r = 0; r < 192; ++r)
      for (Index c = 0; c < 192; ++c) {
        float sum = 0.0f;
        for (Index k = 0; k < 50; ++k) sum = std::fma(a(r, k), b(c, k), sum);
        different += !support::same_bits(sum, out(r, c));
      }
    CAPTURE(static_cast<int>(set));
    CHECK(different == 0);
  }
}

TEST_CASE("The bits of an entry do not depend on where it stands, and are the same with the rows exchanged") {
  for (auto set : support::instruction_sets())
    for (Index d : {1, 3, 100}) {
      CAPTURE(static_cast<int>(set), d);
      const RowMajorMatrix a = support::random_matrix(384, d, 5), b = support::random_matrix(384, d, 6);
      const PackedRows pa = packed(a), pb = packed(b);
      const RowMajorMatrix whole = products(pa, pb, set);
      REQUIRE(products(pb, pa, set) == whole.transpose());
      for (Index shift : {1, 7, 16, 48, 100}) {  // every row stands elsewhere
        RowMajorMatrix moved_a(384, d), moved_b(384, d);
        for (Index r = 0; r < 384; ++r) {
          moved_a.row((r + shift) % 384) = a.row(r);
          moved_b.row((r + 3 * shift) % 384) = b.row(r);
        }
        const RowMajorMatrix moved = products(packed(moved_a), packed(moved_b), set);
        Index different = 0;
        for (Index r = 0; r < 384; ++r)
          for (Index c = 0; c < 384; ++c)
            different += !support::same_bits(whole(r, c), moved((r + shift) % 384, (c + 3 * shift) % 384));
        REQUIRE(different == 0);
      }
    }
}

TEST_CASE("A product by itself has the bits that it has among many, on every instruction set") {
  auto sets = support::instruction_sets();
#ifdef __x86_64__
  sets.push_back(InstructionSet::neon);  // another processor's are portable here
#endif
  for (auto set : sets)
    for (Index d : {1, 2, 9, 100}) {
      CAPTURE(static_cast<int>(set), d);
      const RowMajorMatrix a = support::random_matrix(100, d, 9), b = support::random_matrix(50, d, 10);
      const PackedRows pa = packed(a), pb = packed(b);
      const RowMajorMatrix many = products(pa, pb, set);
      Index different = 0;
      for (Index r = 0; r < 100; ++r)
        for (Index c = 0; c < 50; ++c) {
          different += !support::same_bits(backend::inner_product(pa, r, pb, c, set), many(r, c));
          different += !support::same_bits(backend::inner_product(pb, c, pa, r, set), many(r, c));
        }
      CHECK(different == 0);
    }
}

TEST_CASE("A part of the products is written where it is asked for, and nothing beside it") {
  const PackedRows a = packed(support::random_matrix(200, 9, 7)), b = packed(support::random_matrix(300, 9, 8));
  for (auto set : support::instruction_sets()) {
    const RowMajorMatrix whole = products(a, b, set);
    for (Index row : {0, 16, 192})
      for (Index height : {16, 32, 192})
        for (Index column : {0, 48, 240})
          for (Index width : {48, 96}) {
            CAPTURE(static_cast<int>(set), row, height, column, width);
            if (row + height > 384 || column + width > 384) continue;
            RowMajorMatrix out = RowMajorMatrix::Constant(height + 2, width + 5, -7.0f);
            backend::inner_products(a, row, height, b, column, width, &out(1, 2), width + 5, set);
            REQUIRE(out.block(1, 2, height, width) == whole.block(row, column, height, width));
            out.block(1, 2, height, width).setConstant(-7.0f);
            REQUIRE((out.array() == -7.0f).all());
          }
  }
}

}
