// SPDX-License-Identifier: MIT
// Tests of mos/epoch.hpp. How epochs end in a run is in tests/property/epochs.
#include <pickmix/mos/epoch.hpp>

#include <support/catch.hpp>

#include <limits>
#include <vector>

namespace mos_epoch_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;
using detail::Epoch, detail::epoch_after, detail::epoch_length, detail::over, detail::to_values;

namespace {

/// Places in datasets of 10 and 40 rows, of which so many were drawn.
Positions drawn(Index small, Index large, double most_passes = std::numeric_limits<double>::infinity()) {
  Positions positions(2, 0, false, most_passes);
  std::vector<Example> rows;
  positions.take(0, 10, small, rows);
  positions.take(1, 40, large, rows);
  return positions;
}

MosOptions ending(EpochEnd end, Index steps = 0) {
  return {.sizes = {10, 40}, .batch_size = 8, .epoch_end = end, .epoch_steps = steps};
}

}  // namespace

TEST_CASE("An epoch of steps is over after its length, however long") {
  const MosOptions options = ending(EpochEnd::steps, std::numeric_limits<Index>::max());
  const Positions none = drawn(0, 0);
  const Doubles p{0.5, 0.5};
  CHECK(over({.begin = 3, .length = 4}, {options, p, none, 7}));
  CHECK_FALSE(over({.begin = 3, .length = 4}, {options, p, none, 6}));
  const Epoch endless = epoch_after({}, {options, p, none, 5});
  CHECK_FALSE(over(endless, {options, p, none, Index{1} << 38}));
}

TEST_CASE("The default length is of the datasets whose probability is above 0") {
  const MosOptions options = ending(EpochEnd::steps);
  const Positions none = drawn(0, 0);
  CHECK(epoch_length({options, Doubles{0.5, 0.5}, none, 0}) == 7);
  CHECK(epoch_length({options, Doubles{1.0, 0.0}, none, 0}) == 2);
  CHECK(epoch_length({options, Doubles{1e-300, 1.0}, none, 0}) == 5);
}

TEST_CASE("An epoch under way goes on, and the next begins where one ended") {
  const MosOptions options = ending(EpochEnd::steps);
  const Positions none = drawn(0, 0);
  const Doubles p{0.5, 0.5}, one{1.0, 0.0};
  CHECK(epoch_after({}, {options, p, none, 16}).begin == 14);  // steps before belong to epochs of the same length
  const Epoch first{.begin = 0, .length = 7};
  CHECK(epoch_after(first, {options, one, none, 6}).length == 7);
  const Epoch next = epoch_after(first, {options, one, none, 7});
  CHECK((next.begin == 7 && next.length == 2));
  CHECK(epoch_after(first, {options, one, none, 10}).begin == 9);
}

TEST_CASE("Passes are counted from where each active dataset was, of those that were there") {
  const MosOptions first = ending(EpochEnd::first_pass), every = ending(EpochEnd::every_pass);
  const Doubles both{0.5, 0.5}, small{1.0, 0.0};
  const Positions places = drawn(35, 45);
  const Epoch begun = epoch_after({}, {first, both, places, 10});
  CHECK(begun.passes == std::vector<Index>{3, 1});
  CHECK_FALSE(over(begun, {first, both, places, 10}));
  CHECK(over(begun, {first, both, drawn(40, 45), 11}));
  CHECK_FALSE(over(begun, {every, both, drawn(40, 79), 11}));
  CHECK(over(begun, {every, both, drawn(40, 80), 11}));
  CHECK(over(begun, {every, small, drawn(40, 45), 11}));
  CHECK_FALSE(over(begun, {first, small, drawn(35, 80), 11}));
  CHECK(over({.passes = {3}}, {every, both, drawn(40, 45), 11}));  // the other came later
  CHECK(over({.passes = {1, 0}}, {every, both, drawn(15, 40, 1.5), 11}));
}

TEST_CASE("Epochs are of the rows that datasets are restricted to") {
  const std::vector<Index> few{0, 3, 9}, none;
  const Doubles both{0.5, 0.5};
  Positions places = drawn(35, 45);
  const MosOptions steps = ending(EpochEnd::steps), first = ending(EpochEnd::first_pass);
  places.restrict_to(0, 10, RowSubset(few, 0, 10));
  CHECK(epoch_length({steps, both, places, 10}) == 6);  // 3 and 40 rows in batches of 8
  const Epoch begun = epoch_after({}, {first, both, places, 10});
  CHECK(begun.passes == std::vector<Index>{3, 1});  // the pass that was broken off is none
  std::vector<Example> rows;
  places.take(0, 10, 2, rows);
  CHECK_FALSE(over(begun, {first, both, places, 11}));
  places.take(0, 10, 1, rows);
  CHECK(over(begun, {first, both, places, 11}));

  const MosOptions every = ending(EpochEnd::every_pass);
  places.restrict_to(1, 40, RowSubset(none, 1, 40));
  CHECK(epoch_length({steps, both, places, 10}) == 1);
  CHECK(over(begun, {every, both, places, 11}));  // the other is not waited for
}

TEST_CASE("An epoch goes through a checkpoint's numbers; numbers that cannot be are refused") {
  const MosOptions steps = ending(EpochEnd::steps), first = ending(EpochEnd::first_pass);
  const Positions places = drawn(35, 45);
  const auto read = [&](const Doubles& values, const MosOptions& options) {
    return detail::epoch_from(values, options, places, 10);
  };
  const Epoch by_steps = read(to_values(Epoch{.begin = 7, .length = 7}), steps);
  CHECK((by_steps.begin == 7 && by_steps.length == 7 && by_steps.passes.empty()));
  CHECK(read(to_values(Epoch{.begin = 7, .passes = {3, 1}}), first).passes == std::vector<Index>{3, 1});
  CHECK_THROWS_WITH(read({7.0}, steps), ContainsSubstring("'mos.epoch' has 1 values"));
  for (const Doubles& wrong :
       {Doubles{11.0, 7.0}, Doubles{-1.0, 7.0}, Doubles{7.0, 0.0}, Doubles{7.0, 1e300}, Doubles{7.0, 7.5},
        Doubles{7.0, std::numeric_limits<double>::quiet_NaN()}, Doubles{7.0, 7.0, 1.0}})
    CHECK_THROWS_AS(read(wrong, steps), CheckpointError);
  for (const Doubles& wrong : {Doubles{7.0, 0.0}, Doubles{7.0, 1.0, 3.0, 1.0}, Doubles{7.0, 0.0, 4.0, 1.0},
                               Doubles{7.0, 0.0, 3.0, -1.0}, Doubles{7.0, 0.0, 3.0, 1.0, 0.0}})
    CHECK_THROWS_AS(read(wrong, first), CheckpointError);
  Positions anew = places;
  anew.restrict_to(0, 10, RowSubset(std::vector<Index>{7}, 0, 10));
  CHECK_THROWS_AS(detail::epoch_from({7.0, 0.0, 4.0, 1.0}, first, anew, 10), CheckpointError);
  std::vector<Example> rows;
  anew.take(0, 10, 1, rows);
  CHECK(detail::epoch_from({7.0, 0.0, 4.0, 1.0}, first, anew, 10).passes == std::vector<Index>{4, 1});
}

}
