// SPDX-License-Identifier: MIT
// Tests of backend/products_beside_bounds.hpp.
#include <pickmix/backend/products_beside_bounds.hpp>

#include <pickmix/backend/byte_products_amx.hpp>
#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/emulated_tiles.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backend_products_beside_bounds_test {

using namespace pickmix;

#if defined(__x86_64__) && defined(__linux__)

TEST_CASE("Products beside bounds are the products, and the bounds those of the sums before") {
  const support::Tiles tiles_are;
  if (!tiles_are.there() || !has(InstructionSet::avx512)) return;
  using backend::BoundedColumns, backend::BoundedRows, backend::SumsToCompare;
  constexpr Index width = 21, stride = 3;
  RandomStream random(1, 2);
  const auto size = [&] { return std::abs(static_cast<float>(random.normal())); };
  float scale[width], error[width], norm[width], limit[width], by_error[64], by_norm[64], limits[64], scales[64];
  std::int32_t added[width];
  for (Index c = 0; c < width; ++c)
    added[c] = static_cast<std::int32_t>(random.below(1000)), scale[c] = size(), error[c] = size(), norm[c] = size(),
    limit[c] = 1e3f * size();
  for (Index i = 0; i < 64; ++i)
    by_error[i] = size(), by_norm[i] = size(), limits[i] = 1e3f * size(), scales[i] = size();
  const BoundedColumns columns{added, scale, error, norm, limit};
  const BoundedRows rows{by_error, by_norm, limits, scales};

  alignas(64) std::int32_t before[16 * 64], out[16 * 64], expected_out[16 * 64];
  for (auto& sum : before) sum = static_cast<std::int32_t>(random.below(4000)) - 2000;
  for (Index features : {64, 128, 192, 384, 448, 1024})  // half columns left over, and tiles left over
    for (Index count : {0, 1, 2, 15, 16}) {
      CAPTURE(features, count);
      std::vector<std::int8_t> x(static_cast<std::size_t>(16 * features));
      std::vector<std::uint8_t> y(static_cast<std::size_t>(64 * features));
      for (auto& q : x) q = static_cast<std::int8_t>(static_cast<int>(random.below(256)) - 128);
      for (auto& q : y) q = static_cast<std::uint8_t>(random.below(256));
      std::vector<std::uint64_t> masks(width * stride, 12345), expected(masks);
      const Index first = 5;
      backend::bounds_above(InstructionSet::avx512, rows, columns, first, first + count, before, expected.data(),
                            stride);
      const backend::TileState tiles(true);
      backend::detail::byte_products_amx(x.data(), y.data(), features, expected_out);
      backend::products_beside_bounds(x.data(), y.data(), features, out,
                                      {rows, first, first + count, before, masks.data()}, columns, stride, y.data());
      CHECK(std::equal(std::begin(out), std::end(out), expected_out));
      CHECK(masks == expected);
      const auto some =
          std::count_if(masks.begin(), masks.end(), [](auto m) { return m != 0 && m != ~std::uint64_t{0}; });
      CHECK(some > count / 2);  // of both kinds of bits
    }
}

#endif

TEST_CASE("Products go beside bounds where there are tiles and wide vectors") {
  using enum InstructionSet;
  CHECK_FALSE(backend::products_go_beside_bounds(vnni, vnni));
  CHECK_FALSE(backend::products_go_beside_bounds(amx, avx2));
#if defined(__x86_64__)
  CHECK(backend::products_go_beside_bounds(amx, amx));
  CHECK(backend::products_go_beside_bounds(amx, avx512));
#endif
}

}
