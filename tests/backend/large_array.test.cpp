// SPDX-License-Identifier: MIT
// Tests of backend/large_array.hpp.
#include <pickmix/backend/large_array.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <new>

namespace backend_large_array_test {

using namespace pickmix;

TEST_CASE("an array of any size can be written and read from end to end") {
  const std::size_t count = GENERATE(std::size_t{1}, std::size_t{1000}, (std::size_t{1} << 20) - 1,
                                     std::size_t{1} << 20, (std::size_t{1} << 20) + 1, std::size_t{3} << 20);
  const auto array = backend::large_array<std::int32_t>(count);
  for (std::size_t i = 0; i < count; i += 511) array[static_cast<std::ptrdiff_t>(i)] = static_cast<std::int32_t>(i);
  array[static_cast<std::ptrdiff_t>(count - 1)] = -1;
  for (std::size_t i = 0; i + 1 < count; i += 511)
    REQUIRE(array[static_cast<std::ptrdiff_t>(i)] == static_cast<std::int32_t>(i));
  CHECK(array[static_cast<std::ptrdiff_t>(count - 1)] == -1);
}

TEST_CASE("a large array begins at a large page") {
  const auto array = backend::large_array<char>(std::size_t{8} << 20);
  CHECK(reinterpret_cast<std::uintptr_t>(array.get()) % (std::size_t{2} << 20) == 0);
}

TEST_CASE("a size that no machine has is a bad_alloc") {
  CHECK_THROWS_AS(backend::large_array<char>(static_cast<std::size_t>(PTRDIFF_MAX)), std::bad_alloc);
  CHECK_THROWS_AS(backend::large_array<float>(static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(float)), std::bad_alloc);
}

}
