// SPDX-License-Identifier: MIT
// Tests of mos/row_subset.hpp.
#include <pickmix/mos/row_subset.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>
#include <vector>

namespace mos_row_subset_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Indices = std::vector<Index>;

namespace {

Indices chosen(const RowSubset& rows) { return {rows.chosen().begin(), rows.chosen().end()}; }

}  // namespace

TEST_CASE("Without a choice there are all rows") {
  const RowSubset rows;
  CHECK(rows.all());
  CHECK(rows.count(7) == 7);
  CHECK(rows[3] == 3);
  CHECK(rows.chosen().empty());
}

TEST_CASE("Chosen rows are a set, whatever the order they are given in") {
  const RowSubset rows(Indices{5, 0, 9}, 1, 10), copy = rows;
  CHECK_FALSE(rows.all());
  CHECK(rows.count(10) == 3);
  CHECK((rows[0] == 0 && rows[1] == 5 && rows[2] == 9));
  CHECK(chosen(rows) == chosen(RowSubset(Indices{9, 5, 0}, 1, 10)));
  CHECK(copy.chosen().data() == rows.chosen().data());  // shared
}

TEST_CASE("None and each of them are choices too") {
  const RowSubset none(Indices{}, 0, 4), every(Indices{3, 2, 1, 0}, 0, 4);
  CHECK_FALSE(none.all());
  CHECK(none.count(4) == 0);
  CHECK_FALSE(every.all());
  CHECK(every.count(4) == 4);
}

TEST_CASE("A row out of range or there twice is refused by name") {
  const auto refusal = [](const Indices& rows) { return thrown<ValueError>([&] { (void)RowSubset(rows, 2, 10); }); };
  CHECK_THAT(refusal({1, 10}), ContainsSubstring("rows[1] of dataset 2 is 10; needs to be in [0, 10)"));
  CHECK_THAT(refusal({-1}), ContainsSubstring("rows[0] of dataset 2 is -1"));
  CHECK_THAT(refusal({std::numeric_limits<Index>::min()}), ContainsSubstring("rows[0]"));
  CHECK_THAT(refusal({3, 1, 3}), ContainsSubstring("dataset 2 has row 3 twice"));
}

}
