// SPDX-License-Identifier: MIT
// Sums of products of bytes in AMX's tiles, and between these instructions the bounds of the sums before.
#pragma once

#include <pickmix/backend/bounds_above.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace pickmix::inline v0::backend {

/// Sums of some columns with 64 rows, whose bounds are still to be compared: arguments of `bounds_above`.
struct SumsToCompare {
  BoundedRows rows;
  Index first = 0, last = 0;  ///< columns
  const std::int32_t* sums = nullptr;
  std::uint64_t* masks = nullptr;
};

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)

/// Tiles of 64 features: loads, products, and after each load half a column of bounds and a line fetched.
template <int half>
[[gnu::target("amx-tile,amx-int8,avx512f"), gnu::always_inline]] inline void products_beside_bounds_step(
    const std::int8_t* x, const std::uint8_t* y, Index panel, BoundsByHalves& bounds, const std::uint8_t* next) {
  _tile_loadd(0, x, 64);
  bounds.next<half>();
  __builtin_prefetch(next, 0, 2);
  _tile_loadd(1, y, 64);
  _tile_dpbsud(4, 0, 1);
  bounds.next<1 - half>();
  __builtin_prefetch(next + 64, 0, 2);
  _tile_loadd(2, y + panel, 64);
  _tile_dpbsud(5, 0, 2);
  bounds.next<half>();
  __builtin_prefetch(next + 128, 0, 2);
  _tile_loadd(3, y + 2 * panel, 64);
  _tile_dpbsud(6, 0, 3);
  bounds.next<1 - half>();
  __builtin_prefetch(next + 192, 0, 2);
  _tile_loadd(1, y + 3 * panel, 64);
  _tile_dpbsud(7, 0, 1);
  bounds.next<half>();
  __builtin_prefetch(next + 256, 0, 2);
  __builtin_prefetch(next + 320, 0, 2);
}

[[gnu::target("amx-tile,amx-int8,avx512f")]] inline void products_beside_bounds(
    const std::int8_t* x, const std::uint8_t* y, Index features, std::int32_t* out, const SumsToCompare& before,
    const BoundedColumns& columns, Index stride, const std::uint8_t* next) {
  asm volatile("" ::: "memory");  // GCC 12 does not know that loads of tiles read memory
  BoundsByHalves bounds(before.rows, columns, before.first, before.last, before.sums, before.masks, stride);
  const Index panel = 16 * features;
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  Index k = 0;
  for (; k + 1024 < panel; k += 2048, next += 768) {
    products_beside_bounds_step<0>(x + k, y + k, panel, bounds, next);
    products_beside_bounds_step<1>(x + k + 1024, y + k + 1024, panel, bounds, next + 384);
  }
  if (k < panel) {
    products_beside_bounds_step<0>(x + k, y + k, panel, bounds, next);
    bounds.next<1>();
  }
  while (bounds.left()) {
    bounds.next<0>();
    bounds.next<1>();
  }
  constexpr Index row = 64 * sizeof(std::int32_t);
  _tile_stored(4, out, row);
  _tile_stored(5, out + 16, row);
  _tile_stored(6, out + 32, row);
  _tile_stored(7, out + 48, row);
}

#endif

}  // namespace detail

/// Whether `products_beside_bounds` can be used.
inline bool products_go_beside_bounds(InstructionSet products, InstructionSet set) {
#if defined(__x86_64__) && defined(__GNUC__)
  return products == InstructionSet::amx && set >= InstructionSet::avx512;
#else
  static_cast<void>(products), static_cast<void>(set);
  return false;
#endif
}

/// `byte_products` of 16 columns with 64 rows by AMX, and `bounds_above` of the sums before. Tiles are multiplied while vectors
/// are compared and lines come only if these come in small pieces by turns: one after the other they take a third longer (Intel
/// Xeon with AMX).
///
/// \param next  what is fetched into the second cache meanwhile: 6 lines for each 64 features
/// \pre of both; before.sums is not `out`, and before.rows are there even if no column is
inline void products_beside_bounds(const std::int8_t* x, const std::uint8_t* y, Index features, std::int32_t* out,
                                   const SumsToCompare& before, const BoundedColumns& columns, Index stride,
                                   const std::uint8_t* next) {
#if defined(__x86_64__) && defined(__GNUC__)
  detail::products_beside_bounds(x, y, features, out, before, columns, stride, next);
#else
  static_cast<void>(x), static_cast<void>(y), static_cast<void>(features), static_cast<void>(out);
  static_cast<void>(before), static_cast<void>(columns), static_cast<void>(stride), static_cast<void>(next);
#endif
}

}  // namespace pickmix::inline v0::backend
