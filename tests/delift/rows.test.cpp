// SPDX-License-Identifier: MIT
// Rows of the trainer's numbering.
#include <pickmix/delift/rows.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>

namespace delift_rows_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::Rows;

TEST_CASE("Rows are numbered from their first") {
  constexpr Rows rows{7, 3};
  CHECK(rows[0] == 7);
  CHECK(rows[2] == 9);
  CHECK(rows == Rows{7, 3});
  CHECK_FALSE(rows == Rows{7, 2});
}

TEST_CASE("No rows, and rows before the first, are refused") {
  CHECK_NOTHROW(delift::detail::check_rows("f", "target", {0, 1}));
  CHECK_THAT(thrown<ValueError>([] {
               delift::detail::check_rows("f", "target", {4, 0});
             }),
             ContainsSubstring("f: target has 0 rows"));
  CHECK_THAT(thrown<ValueError>([] {
               delift::detail::check_rows("f", "target", {-1, 2});
             }),
             ContainsSubstring("begin at row -1"));
  constexpr Index last = std::numeric_limits<Index>::max();
  CHECK_NOTHROW(delift::detail::check_rows("f", "target", {last - 1, 1}));
  CHECK_THAT(thrown<ValueError>([] {
               delift::detail::check_rows("f", "target", {last, 1});
             }),
             ContainsSubstring("1 rows from row 9223372036854775807"));
}

}
