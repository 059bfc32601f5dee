// SPDX-License-Identifier: MIT
// Where epochs end while datasets come and go.
#include <pickmix/mos/sampler.hpp>

#include <support/catch.hpp>
#include <support/checkpoints.hpp>

#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace property_epochs_test {

using namespace pickmix;
using Doubles = std::vector<double>;

namespace {

/// Steps of the next epoch, at most `most` of them.
Index epoch(MosState<>& state, Index most = 10'000) {
  Index steps = 0;
  for (const Batch& batch : MosSampler<Static>(state)) {
    (void)batch;
    if (++steps == most) break;
  }
  return steps;
}

}  // namespace

TEST_CASE("The passes of a retired dataset do not count for the first pass") {
  MosState state({.sizes = {10, 40}, .batch_size = 10, .seed = 1, .epoch_end = EpochEnd::first_pass});
  state.retire(1);
  for (int pass = 0; pass < 3; ++pass) CHECK(epoch(state) == 1);
  state.restore(1);
  state.retire(0);
  CHECK(epoch(state) == 4);  // the other dataset's first pass, though this one was read three times
  CHECK(state.drawn(1) == 40);
}

TEST_CASE("A dataset of probability 0 is not waited for") {
  MosState state({.sizes = {10, 10}, .batch_size = 5, .seed = 1, .epoch_end = EpochEnd::every_pass});
  state.set_probabilities(Doubles{0.0, 1.0});
  CHECK(epoch(state, 100) == 2);
  MosState cold(
      {.sizes = {1, 1'000'000}, .batch_size = 1'000'000, .prior_temperature = 0.01, .epoch_end = EpochEnd::every_pass});
  REQUIRE(cold.probabilities()[0] == 0.0);
  CHECK(epoch(cold, 100) == 1);
}

TEST_CASE("A dataset that has been read as often as it may is not waited for") {
  MosState state({.sizes = {10, 100}, .batch_size = 5, .most_passes = 2.5, .epoch_end = EpochEnd::every_pass});
  epoch(state);
  REQUIRE(state.drawn(0) == 25);
  epoch(state);
  CHECK(state.drawn(1) == 200);
  CHECK_FALSE(state.exhausted());
}

TEST_CASE("A dataset added within an epoch by passes counts from the next one on") {
  for (const EpochEnd end : {EpochEnd::first_pass, EpochEnd::every_pass}) {
    MosState state({.sizes = {40, 40}, .batch_size = 10, .seed = 3, .epoch_end = end});
    CHECK(epoch(state, 2) == 2);
    state.add_dataset(end == EpochEnd::first_pass ? 1 : 100'000, 0.5);
    epoch(state);
    if (end == EpochEnd::first_pass)
      CHECK((state.drawn(0) >= 40 || state.drawn(1) >= 40));
    else
      CHECK((state.drawn(0) >= 40 && state.drawn(1) >= 40 && state.drawn(2) < 100'000));
  }
}

TEST_CASE("What is changed before an epoch's first batch counts, whenever samplers were made") {
  const std::vector<Index> picks{1, 5, 7, 11, 40, 41, 42, 80, 90, 91, 92, 93};
  for (const bool first : {true, false}) {
    MosState state({.sizes = {100}, .batch_size = 10, .seed = 1});
    if (!first) REQUIRE(epoch(state) == 10);
    { const MosSampler<Static> unused(state); }
    REQUIRE_FALSE(state.epoch_under_way());
    state.restrict_rows(0, picks);
    MosState again = loaded(saved(state));
    CHECK(epoch(again) == 2);
    MosSampler<Static> early(state);
    state.add_dataset(88, 0.5);
    Index steps = 0;
    for (const Batch& batch : early) steps += batch.examples.empty() ? 0 : 1;
    CHECK(steps == 10);  // 12 and 88 rows
    CHECK(epoch(state) == 10);
  }
}

TEST_CASE("What is changed before an epoch by passes begins counts, too") {
  MosState state({.sizes = {10}, .batch_size = 10, .seed = 1, .epoch_end = EpochEnd::every_pass});
  { const MosSampler<Static> unused(state); }
  state.add_dataset(1000, 0.5);
  epoch(state, 1'000);
  CHECK(state.drawn(1) == 1000);
}

TEST_CASE("An epoch by passes is compared with the passes at its beginning, also after a checkpoint") {
  MosState state({.sizes = {10, 100}, .batch_size = 10, .seed = 1, .epoch_end = EpochEnd::every_pass});
  epoch(state);
  const Index first = state.drawn(0) / 10;
  REQUIRE(first > 1);
  while (state.drawn(0) / 10 == first) epoch(state, 1);  // in the middle of the second epoch
  MosState again = loaded(saved(state));
  CHECK(saved(again) == saved(state));
  epoch(again);
  CHECK(again.drawn(1) / 100 == 2);
  epoch(state);
  CHECK(saved(again) == saved(state));
}

TEST_CASE("The epoch of a dataset that comes back after its end is the next one") {
  MosState state({.sizes = {10, 10}, .batch_size = 5, .seed = 1, .epoch_end = EpochEnd::every_pass});
  state.retire(0);
  CHECK(epoch(state) == 2);
  state.restore(0);
  epoch(state);
  CHECK((state.drawn(0) / 10 >= 1 && state.drawn(1) / 10 >= 2));
}

TEST_CASE("The default length of an epoch is of the active datasets when it begins") {
  MosState state({.sizes = {30, 70}, .batch_size = 10});
  CHECK(epoch(state) == 10);
  state.retire(1);
  CHECK(epoch(state) == 3);
  CHECK(epoch(state, 1) == 1);
  state.restore(1);  // within the epoch: the next one is longer
  state.add_dataset(50, 0.5);
  MosState again = loaded(saved(state));
  CHECK(epoch(state) == 2);
  CHECK(epoch(again) == 2);
  CHECK(epoch(state) == 15);
}

TEST_CASE("An epoch may be as long as a number can be") {
  MosState state({.sizes = {5}, .batch_size = 1, .epoch_steps = std::numeric_limits<Index>::max()});
  CHECK(epoch(state, 3) == 3);
  CHECK(epoch(state, 3) == 3);
  MosState again = loaded(saved(state));
  CHECK(epoch(again, 100) == 100);
}

TEST_CASE("An epoch of steps ends where nothing more can be drawn, and what comes back begins the next") {
  std::vector<Index> all(100);
  std::iota(all.begin(), all.end(), Index{0});
  for (const bool saves : {false, true}) {
    MosState state({.sizes = {100}, .batch_size = 10, .most_passes = 0.3});
    for (int sampler = 0; sampler < 8; ++sampler) {
      CAPTURE(saves, sampler);
      state.restrict_rows(0, all);
      CHECK(epoch(state) == 3);
      CHECK(state.exhausted());
      if (sampler >= 4) {
        const std::string ended = saved(state);
        CHECK(epoch(state) == 0);
        CHECK((saved(state) == ended));
      }
      if (saves) {
        MosState again = loaded(saved(state));
        CHECK(saved(again) == saved(state));
        state = std::move(again);
      }
    }
  }
}

TEST_CASE("A sampler that finds nothing to draw leaves the next one an epoch of its own") {
  MosState state({.sizes = {100}, .batch_size = 10, .most_passes = 1.0});
  state.restrict_rows(0, std::vector<Index>{1, 2, 3});
  CHECK(epoch(state) == 1);
  MosSampler<Static> sampler(state);
  CHECK(sampler.begin() == sampler.end());
  state = loaded(saved(state));
  state.lift_restriction(0);
  CHECK(sampler.begin() == sampler.end());
  CHECK(epoch(state) == 10);
}

TEST_CASE("Rows that come back before the next batch is asked for go on with the epoch") {
  MosState state({.sizes = {100}, .batch_size = 10, .most_passes = 0.3});
  Index steps = 0;
  for (const Batch& batch : MosSampler<Static>(state)) {
    (void)batch;
    if (++steps % 3 == 0) state.lift_restriction(0);
  }
  CHECK(steps == 10);
}

}
