// SPDX-License-Identifier: MIT
// Tests of backend/line_vector.hpp.
#include <pickmix/backend/line_vector.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <new>
#include <numeric>
#include <utility>

namespace backend_line_vector_test {

using namespace pickmix;
using backend::LineVector;

TEST_CASE("A vector begins with a line, whatever its size, and keeps its entries") {
  for (std::size_t size : {1u, 3u, 64u, 1000u, 300000u, 3000000u}) {
    LineVector<std::uint8_t> bytes(size, 7);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64 == 0);
    bytes.resize(2 * size, 8);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64 == 0);
    const LineVector<std::uint8_t> copy = bytes, moved = std::move(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(copy.data()) % 64 == 0);
    CHECK(copy == moved);
    CHECK(std::accumulate(copy.begin(), copy.end(), std::size_t{0}) == 15 * size);
  }
}

TEST_CASE("A large vector begins with a large page, and one that has grown too") {
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  LineVector<std::int32_t> numbers(page, 1);
  CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % page == 0);
  numbers.resize(3 * page, 2);
  CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % page == 0);
  CHECK(numbers[page - 1] == 1);
  CHECK(numbers.back() == 2);
}

}
