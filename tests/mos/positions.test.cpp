// SPDX-License-Identifier: MIT
// Tests of mos/positions.hpp.
#include <pickmix/mos/positions.hpp>

#include <support/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

using namespace pickmix;

namespace {

constexpr double without_end = std::numeric_limits<double>::infinity();

std::vector<Index> rows(Positions& positions, std::size_t dataset, Index size, Index count) {
  std::vector<Example> examples;
  positions.take(dataset, size, count, examples);
  std::vector<Index> out;
  for (const Example& e : examples) {
    CHECK(e.dataset == static_cast<Index>(dataset));
    out.push_back(e.row);
  }
  return out;
}

}  // namespace

TEST_CASE("Each pass takes every row once, whatever the pieces it is read in") {
  Positions whole(2, 5, false, without_end), pieces(2, 5, false, without_end);
  const auto all = rows(whole, 1, 10, 30);
  std::vector<Index> joined;
  for (Index count : {1, 0, 7, 13, 9})
    for (Index row : rows(pieces, 1, 10, count)) joined.push_back(row);
  CHECK(joined == all);
  for (std::size_t pass = 0; pass < 3; ++pass)
    CHECK(std::set<Index>(all.begin() + static_cast<std::ptrdiff_t>(10 * pass),
                          all.begin() + static_cast<std::ptrdiff_t>(10 * pass + 10))
              .size() == 10);
  CHECK(std::vector<Index>(whole.drawn().begin(), whole.drawn().end()) == std::vector<Index>{0, 30});
}

TEST_CASE("With replacement every row is equally likely every time, and the k-th is a function of k") {
  Positions whole(1, 3, true, without_end), pieces(1, 3, true, without_end);
  const auto all = rows(whole, 0, 10, 20'000);
  std::vector<Index> joined = rows(pieces, 0, 10, 12'345);
  for (Index row : rows(pieces, 0, 10, 20'000 - 12'345)) joined.push_back(row);
  CHECK(joined == all);
  std::vector<double> count(10, 0.0);
  for (Index row : all) ++count[static_cast<std::size_t>(row)];
  double statistic = 0.0;
  for (double c : count) statistic += (c - 2000.0) * (c - 2000.0) / 2000.0;
  CHECK(statistic < 27.88);  // the 0.999 quantile of chi-square with 9 degrees of freedom
  CHECK(std::set<Index>(all.begin(), all.begin() + 10).size() < 10);
}

TEST_CASE("A cap leaves so many passes, also of parts of one") {
  Positions positions(1, 1, false, 1.5);
  CHECK(positions.left(0, 10) == 15);
  CHECK(positions.left(0, 3) == 5);
  rows(positions, 0, 10, 12);
  CHECK(positions.left(0, 10) == 3);
  CHECK(positions.left(0, 2) == 0);
  Positions endless(1, 1, false, without_end);
  rows(endless, 0, 10, 7);
  CHECK(endless.left(0, 10) == INT64_MAX - 7);
}

TEST_CASE("A dataset that is added begins at its beginning and moves no other") {
  Positions one(1, 9, false, without_end), two(2, 9, false, without_end);
  const auto first = rows(one, 0, 50, 20);
  CHECK(rows(two, 0, 50, 20) == first);
  one.add_dataset();
  CHECK(rows(one, 1, 30, 40) == rows(two, 1, 30, 40));
  CHECK(rows(one, 0, 50, 60) == rows(two, 0, 50, 60));
}

TEST_CASE("Places that cannot be are refused") {
  Positions positions(2, 1, false, without_end);
  CHECK_THROWS_AS(positions.load({1}, 1, 1), CheckpointError);
  CHECK_THROWS_AS(positions.load({-1, 2}, 1, 1), CheckpointError);
  CHECK_THROWS_AS(positions.load({3, 4}, 0, 6), CheckpointError);
  CHECK_THROWS_AS(positions.load({1, 2}, 4, 6), CheckpointError);
  CHECK(positions.drawn()[0] == 0);
  positions.load({3, 2}, 4, 6);
  CHECK((positions.drawn()[0] == 3 && positions.drawn()[1] == 2));
}

TEST_CASE("Of a dataset so many rows may be drawn as its passes allow, rounded up") {
  CHECK(Positions(1, 0, false, 1.5).most(5) == 8);
  CHECK(Positions(1, 0, false, std::numeric_limits<double>::infinity()).most(5) == INT64_MAX);
}
