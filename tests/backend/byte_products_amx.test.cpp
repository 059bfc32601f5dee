// SPDX-License-Identifier: MIT
// Tests of backend/byte_products_amx.hpp: of tiles' state; what they compute is tested with byte_products.hpp.
#include <pickmix/backend/byte_products_amx.hpp>

#include <pickmix/backend/screen.hpp>
#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/emulated_tiles.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

namespace backend_byte_products_amx_test {

using namespace pickmix;

#if defined(__x86_64__) && defined(__linux__)

namespace {

using support::TileMachine;
using support::Tiles;

bool nothing_configured() {
  const TileMachine::Configuration now = Tiles::configuration(), nothing{};
  return std::memcmp(&now, &nothing, sizeof now) == 0;
}

/// Products of 16 columns with 64 rows of random bytes; true if they are what plain sums are.
bool multiplied(std::uint64_t seed, Index features) {
  RandomStream random(seed, 1);
  std::vector<std::int8_t> x(static_cast<std::size_t>(16 * features));
  std::vector<std::uint8_t> y(static_cast<std::size_t>(64 * features));
  for (auto& q : x) q = static_cast<std::int8_t>(static_cast<int>(random.below(256)) - 128);
  for (auto& q : y) q = static_cast<std::uint8_t>(random.below(256));
  std::vector<std::int32_t> sums(16 * 64);
  backend::detail::byte_products_amx(x.data(), y.data(), features, sums.data());
  for (Index c = 0; c < 16; ++c)
    for (Index i = 0; i < 64; ++i) {
      std::int32_t sum = 0;
      for (Index k = 0; k < features; ++k)
        sum += x[static_cast<std::size_t>(k / 64 * 1024 + c * 64 + k % 64)] *
               y[static_cast<std::size_t>(i / 16 * 16 * features + k / 4 * 64 + i % 16 * 4 + k % 4)];
      if (sums[static_cast<std::size_t>(64 * c + i)] != sum) return false;
    }
  return true;
}

}  // namespace

TEST_CASE("Tiles are there while they are wanted, and gone afterwards") {
  const Tiles there;
  if (!there.there()) return;
  CHECK(nothing_configured());
  {
    const backend::TileState tiles(true);
    const auto config = Tiles::configuration();
    CHECK(config.palette == 1);
    for (int t = 0; t < 16; ++t) {
      CHECK(config.rows[t] == (t < 8 ? 16 : 0));
      CHECK(config.bytes_a_row[t] == (t < 8 ? 64 : 0));
    }
    CHECK(multiplied(1, 192));
  }
  CHECK(nothing_configured());
  {
    const backend::TileState none(false);
    CHECK(nothing_configured());
  }
  try {
    const backend::TileState tiles(true);
    throw 1;
  } catch (int) {
    CHECK(nothing_configured());
  }
}

TEST_CASE("A screen leaves no tiles behind") {
  const Tiles there;
  if (!there.there() || !has(InstructionSet::avx2)) return;
  using backend::Screen;
  const backend::PackedRows rows(Screen::edge, 70);
  backend::ByteRows bytes(rows, {127, 128, 64});
  for (Index panel = 0; panel < Screen::edge / 16; ++panel) REQUIRE(bytes.quantize(rows, panel));
  const std::vector<float> none(static_cast<std::size_t>(Screen::edge), std::numeric_limits<float>::infinity());
  std::vector<std::uint64_t> masks(static_cast<std::size_t>(Screen::edge * Screen::words), ~std::uint64_t{0});
  Screen screen(InstructionSet::amx, largest_instruction_set(), bytes, 0, none);
  screen.candidates(bytes, 0, none, Screen::edge, masks);
  CHECK(std::all_of(masks.begin(), masks.end(), [](std::uint64_t mask) { return mask == 0; }));
  CHECK(nothing_configured());
}

TEST_CASE("Each thread has tiles of its own") {
  const Tiles there;
  if (!there.there()) return;
  const backend::TileState here(true);
  bool right[4] = {}, clean[4] = {};
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {  // which Linux begins with the configuration of the thread that began it
        right[t] = true;
        for (std::uint64_t round = 0; round < 5; ++round) {
          const backend::TileState tiles(true);
          right[t] = right[t] && multiplied(10 * t + round, 128);
        }
        clean[t] = nothing_configured();
      });
  }
  CHECK(multiplied(99, 64));
  for (int t = 0; t < 4; ++t) {
    CHECK(right[t]);
    CHECK(clean[t]);
  }
}

TEST_CASE("The emulation executes what it knows and refuses the rest") {
  std::uint64_t general[16] = {};
  TileMachine machine{};
  const auto problem = [&](std::initializer_list<int> bytes) {
    std::uint8_t code[16] = {};
    std::copy(bytes.begin(), bytes.end(), code);
    const auto at = reinterpret_cast<std::uint64_t>(code);
    const auto step = machine.step(at, general);
    CHECK((step.next == at) == (step.problem != nullptr));
    return step.problem != nullptr;
  };
  CHECK(problem({0x0F, 0x0B}));                          // ud2
  CHECK(problem({0xC4, 0xE2, 0x7B, 0x49, 0xC0}));        // tilezero tmm0, without a configuration
  CHECK_FALSE(problem({0xC4, 0xE2, 0x78, 0x49, 0xC0}));  // tilerelease

  TileMachine::Configuration config{};
  config.palette = 1;
  for (int t = 0; t < 3; ++t) config.rows[t] = 16, config.bytes_a_row[t] = 64;
  general[0] = reinterpret_cast<std::uint64_t>(&config);
  const auto load = {0xC4, 0xE2, 0x78, 0x49, 0x00};  // ldtilecfg [rax]
  for (auto spoil : {+[](TileMachine::Configuration& c) { c.palette = 2; },
                     +[](TileMachine::Configuration& c) { c.reserved[3] = 1; },
                     +[](TileMachine::Configuration& c) { c.rows[1] = 17; },
                     +[](TileMachine::Configuration& c) { c.bytes_a_row[1] = 65; },
                     +[](TileMachine::Configuration& c) { c.rows[2] = 0; },
                     +[](TileMachine::Configuration& c) { c.rows[8] = 16, c.bytes_a_row[8] = 64; }}) {
    const auto right = config;
    spoil(config);
    CHECK(problem(load));
    config = right;
  }
  CHECK_FALSE(problem(load));
  CHECK_FALSE(problem({0xC4, 0xE2, 0x7B, 0x49, 0xC0}));  // tilezero tmm0
  CHECK(problem({0xC4, 0xE2, 0x7B, 0x49, 0xD8}));        // tilezero tmm3, which is not configured
  CHECK_FALSE(problem({0xC4, 0xE2, 0x6A, 0x5E, 0xC1}));  // tdpbsud tmm0, tmm1, tmm2
  CHECK(problem({0xC4, 0xE2, 0x6A, 0x5E, 0xD1}));        // tdpbsud tmm2, tmm1, tmm2
  CHECK(problem({0xC4, 0xE2, 0x6B, 0x5E, 0xC1}));        // tdpbssd
  CHECK(problem({0xC4, 0xE2, 0xEA, 0x5E, 0xC1}));        // W1

  // tileloadd tmm1, [rcx + rdx - 64] of rows 128 bytes apart, and tilestored tmm1, [rbx + rsi]
  std::uint8_t from[16 * 128], to[16 * 64] = {};
  for (int i = 0; i < 16 * 128; ++i) from[i] = static_cast<std::uint8_t>(i % 251);
  general[1] = reinterpret_cast<std::uint64_t>(from) + 64;
  general[2] = 128;
  general[3] = reinterpret_cast<std::uint64_t>(to);
  general[6] = 64;
  CHECK_FALSE(problem({0xC4, 0xE2, 0x7B, 0x4B, 0x4C, 0x11, 0xC0}));
  CHECK_FALSE(problem({0xC4, 0xE2, 0x7A, 0x4B, 0x0C, 0x33}));
  for (int row = 0; row < 16; ++row) CHECK(std::equal(to + 64 * row, to + 64 * row + 64, from + 128 * row));
}

#endif

}
