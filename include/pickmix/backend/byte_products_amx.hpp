// SPDX-License-Identifier: MIT
// Sums of products of bytes in AMX's tiles, 16 columns by 16 rows by 64 features an instruction.
#pragma once

#include <pickmix/core/types.hpp>

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace pickmix::inline v0::backend {

/// While it lives, this thread's eight tiles are 16 rows of 64 bytes each; before and after it has none, so that
/// nothing is left to the program that calls, nor to the system to save.
class TileState {
 public:
  /// \param wanted  if not, nothing happens
  explicit TileState(bool wanted) : wanted_(wanted) {
    if (wanted_) configure();
  }
  ~TileState() {
    if (wanted_) release();
  }
  TileState(const TileState&) = delete;
  TileState& operator=(const TileState&) = delete;

 private:
#if defined(__x86_64__) && defined(__GNUC__)
  [[gnu::target("amx-tile")]] static void configure() noexcept {
    struct alignas(64) {
      std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
      std::uint16_t bytes_a_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } const config;
    static_assert(sizeof config == 64);
    asm volatile("" ::"r"(&config) : "memory");  // GCC 12 believes that only 8 bytes of it are read
    _tile_loadconfig(&config);
  }
  [[gnu::target("amx-tile")]] static void release() noexcept { _tile_release(); }
#else
  static void configure() {}
  static void release() {}
#endif

  bool wanted_;
};

#if defined(__x86_64__) && defined(__GNUC__)

namespace detail {

/// 16 columns by 64 rows, in tiles of 1 KiB of each. 64 features of a panel of 16 rows are as they stand a tile that can be
/// the second factor; of the columns the first factor wants 64 features of one, then of the next, and so on (see
/// `column_place`). So the rows, 24 KiB of them at 384 features, stay in the first cache while columns come and go.
///
/// \pre a wanted TileState of this thread lives; features is a multiple of 64
[[gnu::target("amx-tile,amx-int8")]] inline void byte_products_amx(const std::int8_t* x, const std::uint8_t* y,
                                                                   Index features, std::int32_t* out) {
  asm volatile("" ::: "memory");  // GCC 12 does not know that loads of tiles read memory
  const Index panel = 16 * features;
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (Index k = 0; k < panel; k += 1024) {
    _tile_loadd(0, x + k, 64);
    _tile_loadd(1, y + k, 64);
    _tile_dpbsud(4, 0, 1);
    _tile_loadd(2, y + panel + k, 64);
    _tile_dpbsud(5, 0, 2);
    _tile_loadd(3, y + 2 * panel + k, 64);
    _tile_dpbsud(6, 0, 3);
    _tile_loadd(1, y + 3 * panel + k, 64);
    _tile_dpbsud(7, 0, 1);
  }
  constexpr Index stride = 64 * sizeof(std::int32_t);
  _tile_stored(4, out, stride);
  _tile_stored(5, out + 16, stride);
  _tile_stored(6, out + 32, stride);
  _tile_stored(7, out + 48, stride);
}

}  // namespace detail

#endif

}  // namespace pickmix::inline v0::backend
