// SPDX-License-Identifier: MIT
// Tests of core/types.hpp.
#include "support/catch.hpp"

#include <pickmix/core/types.hpp>

#include <type_traits>

namespace core_types_test {

using namespace pickmix;

TEST_CASE("an index is 64 bits wide and signed on every platform") {
  STATIC_REQUIRE(sizeof(Index) == 8);
  STATIC_REQUIRE(std::is_signed_v<Index>);
}

TEST_CASE("a default example is row 0 of dataset 0, without context") {
  const Example example;
  CHECK(example.dataset == 0);
  CHECK(example.row == 0);
  CHECK(example.context == no_context);
}

TEST_CASE("no row has the number that means no context") { STATIC_REQUIRE(no_context < 0); }

TEST_CASE("examples are equal if dataset, row and context are") {
  const Example example{1, 2, 3};
  CHECK(example == Example{1, 2, 3});
  CHECK(example != Example{0, 2, 3});
  CHECK(example != Example{1, 0, 3});
  CHECK(example != Example{1, 2, no_context});
}

TEST_CASE("an example names its dataset, its row and its context in this order") {
  const Example example{1, 2, 3};
  CHECK(example.dataset == 1);
  CHECK(example.row == 2);
  CHECK(example.context == 3);
}

}
