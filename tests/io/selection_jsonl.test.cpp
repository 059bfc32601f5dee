// SPDX-License-Identifier: MIT
// Selections as JSON Lines, byte for byte.
#include <pickmix/io/selection_jsonl.hpp>

#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/full_disk.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <ios>
#include <limits>
#include <locale>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace io_selection_jsonl_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

Selection picks(std::vector<Index> indices, std::vector<double> gains) {
  Selection selection;
  selection.indices = std::move(indices);
  selection.gains = std::move(gains);
  return selection;
}

std::string lines(const Selection& selection, const SelectionDetails& details = {}) {
  std::ostringstream out;
  write_selection(out, selection, details);
  return out.str();
}

const Selection three = picks({4, 0, 2}, {3.25, 1.5, 0.1});
const std::vector<Index> dataset{1, 0, 0, 0, 2}, nearest{-1, 4, 0};
const std::vector<double> similarities{0.0, 0.5, -0.25}, cost{10.0, 11.0, 12.5, 13.0, 14.0};

}  // namespace

TEST_CASE("a pick is one line, of what is known about it") {
  CHECK(lines(three) ==
        "{\"rank\":1,\"row\":4,\"gain\":3.25,\"value\":3.25}\n"
        "{\"rank\":2,\"row\":0,\"gain\":1.5,\"value\":4.75}\n"
        "{\"rank\":3,\"row\":2,\"gain\":0.1,\"value\":4.85}\n");
}

TEST_CASE("details are read at the item, or at the pick; the first pick has no earlier one") {
  CHECK(lines(three, {.dataset = dataset, .nearest = nearest, .similarity = similarities, .cost = cost}) ==
        "{\"rank\":1,\"row\":4,\"dataset\":2,\"gain\":3.25,\"value\":3.25,\"nearest\":null,\"similarity\":null,"
        "\"cost\":14.0}\n"
        "{\"rank\":2,\"row\":0,\"dataset\":1,\"gain\":1.5,\"value\":4.75,\"nearest\":4,\"similarity\":0.5,\"cost\":10."
        "0}\n"
        "{\"rank\":3,\"row\":2,\"dataset\":0,\"gain\":0.1,\"value\":4.85,\"nearest\":0,\"similarity\":-0.25,\"cost\":"
        "12.5}\n");
}

TEST_CASE("only the details that are given are written") {
  const Selection one = picks({1}, {2.0});
  CHECK(lines(one, {.dataset = dataset}) == "{\"rank\":1,\"row\":1,\"dataset\":0,\"gain\":2.0,\"value\":2.0}\n");
  CHECK(lines(one, {.cost = cost}) == "{\"rank\":1,\"row\":1,\"gain\":2.0,\"value\":2.0,\"cost\":11.0}\n");
  const std::vector<Index> none{-1};
  CHECK(lines(one, {.nearest = none}) == "{\"rank\":1,\"row\":1,\"gain\":2.0,\"value\":2.0,\"nearest\":null}\n");
  const std::vector<double> zero{0.0};
  CHECK(lines(one, {.similarity = zero}) == "{\"rank\":1,\"row\":1,\"gain\":2.0,\"value\":2.0,\"similarity\":null}\n");
}

TEST_CASE("nothing selected is nothing written") { CHECK(lines(picks({}, {})).empty()); }

TEST_CASE("every number reads back to the same double, and is seen to be one") {
  using Limits = std::numeric_limits<double>;
  for (double value : {0.0, -0.0, 0.1, 1.0 / 3.0, 1e15, 123456789012345678.0, 1e22, 5e-324, Limits::max(),
                       Limits::min(), 0.1 + 0.2, -1e-7, 100.0}) {
    const std::string line = lines(picks({0}, {value}));
    CAPTURE(line);
    const auto from = line.find("\"gain\":") + 7, to = line.find(',', from);
    const std::string number = line.substr(from, to - from);
    CHECK(support::same_bits(std::strtod(number.c_str(), nullptr), value));
    CHECK(number.find_first_of(".e") != std::string::npos);
    CHECK(number.find_first_not_of("0123456789.e+-") == std::string::npos);
  }
  CHECK_THAT(lines(picks({0}, {0.1})), ContainsSubstring("\"gain\":0.1,"));  // the shortest decimals
}

TEST_CASE("the value is the sum in the order of selection, as a maximiser adds") {
  const std::string text = lines(picks({0, 1, 2}, {0.1, 0.2, 0.3}));
  CHECK_THAT(text, ContainsSubstring("\"value\":0.30000000000000004}"));
  CHECK_THAT(text, ContainsSubstring("\"value\":0.6000000000000001}"));
}

TEST_CASE("lengths that do not fit are ShapeErrors that name the detail") {
  const std::vector<Index> two{0, 1}, four{0, 1, 2, 3}, six(6, 0);
  const std::vector<double> two_numbers{0, 1}, four_numbers{0, 1, 2, 3};
  const auto refusal = [](const SelectionDetails& details) {
    return thrown<ShapeError>([&] { lines(three, details); });
  };
  CHECK(refusal({.nearest = two}) == "write_selection: nearest has 2 entries; the selection has 3");
  CHECK(refusal({.nearest = four}) == "write_selection: nearest has 4 entries; the selection has 3");
  CHECK(refusal({.similarity = two_numbers}) == "write_selection: similarity has 2 entries; the selection has 3");
  CHECK(refusal({.similarity = std::span<const double>{}}) ==
        "write_selection: similarity has 0 entries; the selection has 3");
  CHECK(refusal({.dataset = four}) == "write_selection: dataset has 4 entries, and item 4 is selected");
  CHECK(refusal({.cost = four_numbers}) == "write_selection: cost has 4 entries, and item 4 is selected");
  CHECK_THAT(refusal({.dataset = six, .cost = cost}), ContainsSubstring("dataset has 6 entries and cost has 5"));
  CHECK(thrown<ShapeError>([] {
          lines(picks({1, 2}, {1.0}));
        }) == "write_selection: gains has 1 entries; the selection has 2");
  CHECK_THAT(thrown<ShapeError>([] { lines(picks({-1}, {1.0}), {.cost = cost}); }), ContainsSubstring("item -1"));
}

TEST_CASE("a number that JSON does not have is a ValueError, before anything is written") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const auto refusal = [](const Selection& selection, const SelectionDetails& details) {
    std::ostringstream out;
    const std::string message = thrown<ValueError>([&] { write_selection(out, selection, details); });
    CHECK(out.str().empty());
    return message;
  };
  CHECK(refusal(picks({0, 1}, {1.0, nan}), {}) ==
        "write_selection: the gain of pick 2 is nan; JSON has only finite numbers");
  CHECK_THAT(refusal(picks({0, 1}, {1.0, -infinity}), {}), ContainsSubstring("the gain of pick 2 is -inf"));
  CHECK_THAT(refusal(picks({0, 1}, {1e308, 1e308}), {}), ContainsSubstring("the value of pick 2 is inf"));
  const std::vector<double> bad{0.0, nan, 0.0};
  CHECK_THAT(refusal(three, {.similarity = bad}), ContainsSubstring("the similarity of pick 2 is nan"));
  const std::vector<double> dear{0.0, 0.0, infinity, 0.0, 0.0};
  CHECK_THAT(refusal(three, {.cost = dear}), ContainsSubstring("the cost of pick 3 is inf"));
}

TEST_CASE("the similarity of the first pick, and the cost of what is not picked, may be anything") {
  const double nan = std::nan("");
  const std::vector<double> first{nan, 0.5, 0.5}, unpicked{1.0, nan, 1.0, nan, 1.0};
  CHECK_THAT(lines(three, {.similarity = first}), ContainsSubstring("\"similarity\":null"));
  CHECK_THAT(lines(three, {.cost = unpicked}), ContainsSubstring("\"cost\":1.0"));
}

TEST_CASE("a stream that does not take every byte is a FileError") {
  const auto size = static_cast<std::streamsize>(lines(three).size());
  for (std::streamsize room : {std::streamsize{0}, std::streamsize{50}, size - 1}) {
    support::FullDisk disk(room, true);
    std::ostream out(&disk);
    CHECK(thrown<FileError>([&] { write_selection(out, three); }) ==
          "write_selection: the stream did not take all 3 lines");
  }
  support::FullDisk room_enough(size, true), loses(size, false), throws(size - 1, true);
  std::ostream good(&room_enough), bad(&loses), telling(&throws);
  CHECK_NOTHROW(write_selection(good, three));
  CHECK_THROWS_AS(write_selection(bad, three), FileError);
  telling.exceptions(std::ios::badbit | std::ios::failbit);
  CHECK_THROWS_AS(write_selection(telling, three), FileError);
}

TEST_CASE("a locale of the stream does not touch the numbers") {
  struct Grouped : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  std::ostringstream out;
  out.imbue(std::locale(std::locale::classic(), new Grouped));
  write_selection(out, picks({1234567}, {1234567.5}));
  CHECK(out.str() == "{\"rank\":1,\"row\":1234567,\"gain\":1234567.5,\"value\":1234567.5}\n");
}

}
