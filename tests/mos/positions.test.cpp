// SPDX-License-Identifier: MIT
// Tests of mos/positions.hpp.
#include <pickmix/mos/positions.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <sstream>
#include <vector>

namespace mos_positions_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Indices = std::vector<Index>;

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
  CHECK(Positions(1, 0, false, 1.5).most(0, 5) == 8);
  CHECK(Positions(1, 0, false, 1.1).most(0, 100) == 110);  // though the product is a little above
  CHECK(Positions(1, 0, false, 1.1).most(0, 101) == 112);
  CHECK(Positions(1, 0, false, 1.0).most(0, Index{1} << 43) == Index{1} << 43);
  CHECK(Positions(1, 0, false, std::numeric_limits<double>::denorm_min()).most(0, 5) == 1);
  CHECK(Positions(1, 0, false, std::numeric_limits<double>::infinity()).most(0, 5) == INT64_MAX);
}

// ---- restricted to some rows

TEST_CASE("Of a restricted dataset each pass takes every chosen row once, in an order of its own, and no other row") {
  Positions positions(2, 5, false, without_end), pieces(2, 5, false, without_end);
  const Indices chosen{3, 4, 11, 40, 41, 42, 60, 99};
  rows(positions, 1, 100, 30);
  rows(pieces, 1, 100, 30);
  positions.restrict_to(1, 100, RowSubset(chosen, 1, 100));
  pieces.restrict_to(1, 100, RowSubset(chosen, 1, 100));
  CHECK((positions.pass_length(1, 100) == 8 && positions.pass_length(0, 50) == 50));
  const auto all = rows(positions, 1, 100, 80);
  std::set<Indices> orders;
  for (std::ptrdiff_t pass = 0; pass < 10; ++pass) {
    const Indices order(all.begin() + 8 * pass, all.begin() + 8 * (pass + 1));
    CHECK(std::set<Index>(order.begin(), order.end()) == std::set<Index>(chosen.begin(), chosen.end()));
    orders.insert(order);
  }
  CHECK(orders.size() == 10);
  Indices joined;
  for (Index count : {1, 0, 7, 13, 59})
    for (Index row : rows(pieces, 1, 100, count)) joined.push_back(row);
  CHECK(joined == all);
  CHECK(positions.drawn()[1] == 110);
}

TEST_CASE(
    "The same rows chosen again come in another order, once some were drawn; chosen twice at once, they are as once") {
  const Indices every{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  std::set<Indices> orders;
  Positions positions(1, 2, false, without_end), twice(1, 2, false, without_end);
  for (Index drawn : {12, 12, 5, 1, 30, 12, 0}) {  // whole passes, broken off ones, several
    positions.restrict_to(0, 12, RowSubset(every, 0, 12));
    twice.restrict_to(0, 12, RowSubset(every, 0, 12));
    twice.restrict_to(0, 12, RowSubset(every, 0, 12));
    Positions ahead = positions;
    orders.insert(rows(ahead, 0, 12, 12));
    CHECK(rows(positions, 0, 12, drawn) == rows(twice, 0, 12, drawn));
  }
  CHECK(orders.size() == 7);
}

TEST_CASE("A restricted dataset leaves the rows and the passes of the others as they are") {
  Positions positions(3, 3, false, without_end), plain(3, 3, false, without_end);
  positions.restrict_to(1, 10, RowSubset(Indices{4}, 1, 10));
  for (std::size_t d : {0u, 2u}) {
    CHECK(positions.passes(d, 20) == 0);
    CHECK(rows(positions, d, 20, 30) == rows(plain, d, 20, 30));
    CHECK(positions.passes(d, 20) == 1);
  }
}

TEST_CASE("A restriction that is lifted before a row is drawn was none; later, passes over all rows begin anew") {
  Positions plain(1, 3, false, without_end), positions(1, 3, false, without_end);
  positions.restrict_to(0, 10, RowSubset(Indices{1}, 0, 10));
  CHECK(positions.restricted());
  positions.restrict_to(0, 10, {});
  CHECK_FALSE(positions.restricted());
  CHECK(rows(positions, 0, 10, 25) == rows(plain, 0, 10, 25));
  positions.restrict_to(0, 10, {});
  CHECK(positions.restricted());
  const Indices pass = rows(positions, 0, 10, 10);
  CHECK(std::set<Index>(pass.begin(), pass.end()).size() == 10);
}

TEST_CASE("Orders are of one dataset, and passes over all rows that begin anew repeat none of before") {
  const Indices every{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  Positions positions(2, 2, false, without_end);
  std::set<Indices> orders{rows(positions, 0, 12, 12), rows(positions, 1, 12, 12)};
  for (std::size_t d : {0u, 1u}) positions.restrict_to(d, 12, RowSubset(every, static_cast<Index>(d), 12));
  for (std::size_t d : {0u, 1u}) orders.insert(rows(positions, d, 12, 12));
  positions.restrict_to(0, 12, RowSubset(Indices{7}, 0, 12));
  CHECK(rows(positions, 0, 12, 3) == Indices{7, 7, 7});
  positions.restrict_to(0, 12, {});
  for (int pass = 0; pass < 2; ++pass) orders.insert(rows(positions, 0, 12, 12));
  CHECK(orders.size() == 6);
  Positions whole(1, 2, false, without_end), broken_off(1, 2, false, without_end);
  rows(broken_off, 0, 12, 5);
  broken_off.restrict_to(0, 12, {});
  CHECK(rows(broken_off, 0, 12, 12) != rows(whole, 0, 12, 12));
}

TEST_CASE("Passes over chosen rows are added to those completed before; one broken off is none") {
  Positions positions(1, 3, false, 2.0);
  rows(positions, 0, 10, 19);
  CHECK((positions.passes(0, 10) == 1 && positions.left(0, 10) == 1));
  positions.restrict_to(0, 10, RowSubset(Indices{1, 5, 7}, 0, 10));
  CHECK((positions.passes(0, 10) == 1 && positions.left(0, 10) == 6 && positions.most(0, 10) == 25));
  rows(positions, 0, 10, 6);
  CHECK((positions.passes(0, 10) == 3 && positions.left(0, 10) == 0));
  positions.restrict_to(0, 10, RowSubset(Indices{}, 0, 10));
  CHECK((positions.passes(0, 10) == 3 && positions.left(0, 10) == 0 && positions.pass_length(0, 10) == 0));
  positions.restrict_to(0, 10, {});
  CHECK((positions.passes(0, 10) == 3 && positions.left(0, 10) == 20));
  Positions endless(1, 3, false, without_end);
  endless.restrict_to(0, 10, RowSubset(Indices{}, 0, 10));
  CHECK(endless.left(0, 10) == 0);
}

TEST_CASE("With replacement chosen rows are equally likely, and no others come") {
  Positions positions(1, 3, true, without_end);
  rows(positions, 0, 100, 7);
  positions.restrict_to(0, 100, RowSubset(Indices{2, 30, 31, 77}, 0, 100));
  std::vector<double> count(100, 0.0);
  for (Index row : rows(positions, 0, 100, 8000)) ++count[static_cast<std::size_t>(row)];
  double statistic = 0.0;
  for (std::size_t row : {2u, 30u, 31u, 77u}) statistic += (count[row] - 2000.0) * (count[row] - 2000.0) / 2000.0;
  CHECK(count[2] + count[30] + count[31] + count[77] == 8000.0);
  CHECK(statistic < 16.27);  // the 0.999 quantile of chi-square with 3 degrees of freedom
}

TEST_CASE("A dataset that is added beside a restricted one is not restricted") {
  Positions positions(1, 3, false, without_end), plain(2, 3, false, without_end);
  positions.restrict_to(0, 10, RowSubset(Indices{4}, 0, 10));
  positions.add_dataset();
  CHECK(positions.rows(1).all());
  CHECK(rows(positions, 1, 20, 30) == rows(plain, 1, 20, 30));
  CHECK(rows(positions, 0, 10, 2) == Indices{4, 4});
}

TEST_CASE("Chosen rows go through a file; fields that cannot be are refused by name") {
  struct Fields {
    Indices since{5, 3, 0}, passes{1, 3, 0}, count{2, -1, 0}, rows{4, 9};
  };
  const Indices sizes{10, 20, 30}, drawn{8, 3, 0};
  const auto read = [&](const Fields& fields) {
    ArchiveWriter file("test", 1);
    file.write("rows.since", fields.since);
    file.write("rows.passes", fields.passes);
    file.write("rows.count", fields.count);
    file.write("rows", fields.rows);
    std::stringstream stream;
    file.finish(stream);
    ArchiveReader in(stream, "test", 1);
    Positions positions(3, 1, false, without_end);
    positions.load(drawn, 0, 100);
    positions.load_rows(in, sizes);
    return positions;
  };
  const Positions good = read({});
  CHECK((good.rows(0).count(10) == 2 && good.rows(0)[1] == 9 && good.rows(1).all() && good.rows(2).count(30) == 0));
  CHECK((good.passes(0, 10) == 2 && good.restricted()));
  ArchiveWriter file("test", 1), again("test", 1);
  good.save_rows(file);
  std::stringstream stream, twice;
  file.finish(stream);
  ArchiveReader in(stream, "test", 1);
  Positions copy(3, 1, false, without_end);
  copy.load(drawn, 0, 100);
  copy.load_rows(in, sizes);
  copy.save_rows(again);
  again.finish(twice);
  CHECK(twice.str() == stream.str());

  const auto refusal = [&](auto&& spoil) {
    Fields fields;
    spoil(fields);
    return thrown<CheckpointError>([&] { (void)read(fields); });
  };
  constexpr Index largest = std::numeric_limits<Index>::max();
  CHECK_THAT(refusal([](Fields& f) {
               f.since = {9, 3, 0};
             }),
             ContainsSubstring("'rows.since'[0] is 9; needs to be in [0, 8]"));
  CHECK_THAT(refusal([](Fields& f) { f.since = {-1, 3, 0}; }), ContainsSubstring("'rows.since'[0] is -1"));
  CHECK_THAT(refusal([](Fields& f) { f.since = {5, 3}; }), ContainsSubstring("'rows.since' has 2 values"));
  CHECK_THAT(refusal([](Fields& f) { f.passes = {1, 4, 0}; }), ContainsSubstring("'rows.passes'[1] is 4"));
  CHECK_THAT(refusal([](Fields& f) { f.passes = {1, -1, 0}; }), ContainsSubstring("'rows.passes'[1] is -1"));
  CHECK_THAT(refusal([](Fields& f) { f.passes = {}; }), ContainsSubstring("'rows.passes' has 0 values"));
  CHECK_THAT(refusal([](Fields& f) { f.count = {2, -2, 0}; }), ContainsSubstring("'rows.count'[1] is -2"));
  CHECK_THAT(refusal([](Fields& f) { f.count = {11, -1, 0}; }), ContainsSubstring("'rows.count'[0] is 11"));
  CHECK_THAT(refusal([](Fields& f) { f.count = {2, -1, largest}; }), ContainsSubstring("'rows.count'[2]"));
  CHECK_THAT(refusal([](Fields& f) { f.count = {2, -1, 0, 0}; }), ContainsSubstring("'rows.count' has 4 values"));
  CHECK_THAT(refusal([](Fields& f) {
               f.count = {3, -1, 0};
             }),
             ContainsSubstring("'rows' has 2 values; 'rows.count' says 3"));
  CHECK_THAT(refusal([](Fields& f) { f.rows = {4, 9, 9}; }), ContainsSubstring("'rows' has 3 values"));
  CHECK_THAT(refusal([](Fields& f) {
               f.rows = {4, 10};
             }),
             ContainsSubstring("'rows'[1] is 10; needs to be in [5, 10)"));
  CHECK_THAT(refusal([](Fields& f) { f.rows = {4, 4}; }), ContainsSubstring("'rows'[1] is 4"));
  CHECK_THAT(refusal([](Fields& f) { f.rows = {9, 4}; }), ContainsSubstring("'rows'[1] is 4"));
  CHECK_THAT(refusal([](Fields& f) { f.rows = {-1, 4}; }), ContainsSubstring("'rows'[0] is -1"));
  CHECK_THAT(refusal([](Fields& f) { f.rows = {4, largest}; }), ContainsSubstring("'rows'[1]"));
}

}
