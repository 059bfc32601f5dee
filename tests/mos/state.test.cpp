// SPDX-License-Identifier: MIT
// The state of a mixture: what it draws, learns and keeps.
#include <pickmix/mos/state.hpp>

#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mos_state_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

static_assert(std::is_same_v<decltype(MosState(MosOptions{})), MosState<LogitScorer>>);

/// The rows drawn from each dataset, in order, in `batches` batches.
std::vector<std::vector<Index>> rows_drawn(MosState<>& state, int batches) {
  std::vector<std::vector<Index>> rows(state.options().sizes.size());
  for (int b = 0; b < batches; ++b)
    for (const Example& e : state.draw().examples) rows[static_cast<std::size_t>(e.dataset)].push_back(e.row);
  return rows;
}

/// True if each `size` rows in turn are all the rows, once; of a pass begun, no row is there twice.
bool takes_each_row_once_a_pass(const std::vector<Index>& rows, Index size) {
  for (std::size_t begin = 0; begin < rows.size(); begin += static_cast<std::size_t>(size)) {
    const std::size_t end = std::min(begin + static_cast<std::size_t>(size), rows.size());
    std::vector<bool> seen(static_cast<std::size_t>(size), false);
    for (std::size_t k = begin; k < end; ++k) {
      if (rows[k] < 0 || rows[k] >= size || seen[static_cast<std::size_t>(rows[k])]) return false;
      seen[static_cast<std::size_t>(rows[k])] = true;
    }
  }
  return true;
}

}  // namespace

// ---- before anything is drawn

TEST_CASE("A state starts at the prior, with nothing drawn, learnt or remembered") {
  const MosState state({.sizes = {10, 30}, .prior_temperature = 1.0});
  CHECK(state.probabilities()[0] == Approx(0.25).epsilon(1e-12));
  CHECK(state.probabilities()[1] == Approx(0.75).epsilon(1e-12));
  CHECK(state.step() == 0);
  CHECK(state.updates() == 0);
  CHECK(state.rewards().empty());
  CHECK(state.memory().empty());
  CHECK(state.drawn(0) == 0);
  CHECK_FALSE(state.update_due());
}

TEST_CASE("Options out of range are refused") {
  CHECK_THAT(thrown<ShapeError>([] { MosState state({}); }), ContainsSubstring("sizes is empty"));
  CHECK_THAT(thrown<ValueError>([] { MosState state({.sizes = {5}, .batch_size = 0}); }),
             ContainsSubstring("batch_size"));
}

// ---- drawing

TEST_CASE("A batch is full, of one dataset, of rows it has, and numbered") {
  MosState state({.sizes = {20, 3}, .batch_size = 6, .seed = 2});
  for (Index step = 0; step < 50; ++step) {
    const Batch batch = state.draw();
    CHECK(batch.step == step);
    REQUIRE(batch.examples.size() == 6);
    for (const Example& e : batch.examples) {
      REQUIRE(e.dataset == batch.examples.front().dataset);
      REQUIRE((e.row >= 0 && e.row < state.options().sizes[static_cast<std::size_t>(e.dataset)]));
      REQUIRE(e.context == no_context);
    }
  }
  CHECK(state.step() == 50);
  CHECK(state.drawn(0) + state.drawn(1) == 50 * 6);
}

TEST_CASE("Every pass over a dataset takes each row exactly once, also where a batch is many passes") {
  for (Index batch_size : {1, 4, 7, 16, 64}) {
    CAPTURE(batch_size);
    MosState state({.sizes = {17, 5, 1, 64}, .batch_size = batch_size, .seed = 6});
    const auto rows = rows_drawn(state, 200);
    for (std::size_t d = 0; d < 4; ++d) {
      CHECK(state.drawn(static_cast<Index>(d)) == static_cast<Index>(rows[d].size()));
      CHECK(takes_each_row_once_a_pass(rows[d], state.options().sizes[d]));
    }
  }
}

TEST_CASE("Each pass, each dataset and each seed has an order of its own") {
  const auto orders = [](std::uint64_t seed) {
    MosState state({.sizes = {100, 100}, .batch_size = 100, .seed = seed});
    auto rows = rows_drawn(state, 10);
    REQUIRE((rows[0].size() >= 200 && rows[1].size() >= 200));
    return rows;
  };
  const auto pass = [](const std::vector<Index>& rows, int k) {
    return std::vector<Index>(rows.begin() + 100 * k, rows.begin() + 100 * (k + 1));
  };
  const auto one = orders(1), two = orders(2);
  CHECK(pass(one[0], 0) != pass(one[0], 1));
  CHECK(pass(one[0], 0) != pass(one[1], 0));
  CHECK(pass(one[0], 0) != pass(two[0], 0));
}

TEST_CASE("Datasets are drawn as often as their probabilities say") {
  double squares = 0.0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    MosState state({.sizes = {10, 20, 30, 40}, .batch_size = 1, .prior_temperature = 1.0, .seed = seed});
    for (int step = 0; step < 4000; ++step) (void)state.draw();
    for (Index d = 0; d < 4; ++d) {
      const double expected = 400.0 * static_cast<double>(d + 1),
                   surplus = static_cast<double>(state.drawn(d)) - expected;
      squares += surplus * surplus / expected;
    }
  }
  CHECK(squares < 59.7);  // chi-square of 30 degrees of freedom: 0.1 % lie above,
  CHECK(squares > 11.6);  // and 0.1 % below
}

TEST_CASE("The realised shares are those requested along the way, while the mixture learns") {
  MosState state({.sizes = {50, 60, 70}, .batch_size = 4, .update_interval = 10, .learning_rate = 1e-3, .seed = 4});
  Doubles requested(3, 0.0);
  for (int step = 0; step < 10000; ++step) {
    if (state.update_due()) state.learn(Doubles{5.0, 2.0, 1.0});
    const auto p = state.probabilities();
    for (std::size_t d = 0; d < 3; ++d) requested[d] += p[d] / 10000.0;
    (void)state.draw();
  }
  CHECK(state.probabilities()[0] == Approx(0.625).margin(0.01));
  for (Index d = 0; d < 3; ++d)
    CHECK(static_cast<double>(state.drawn(d)) / 40000.0 == Approx(requested[static_cast<std::size_t>(d)]).margin(0.01));
}

TEST_CASE("A dataset of vanishing probability is never drawn") {
  MosState state({.sizes = {1, 1000000, 1}, .batch_size = 1, .prior_temperature = 0.01});
  for (int step = 0; step < 2000; ++step) (void)state.draw();
  CHECK(state.drawn(1) == 2000);
}

TEST_CASE("Shares are what the next example is drawn by, probabilities what was learnt") {
  MosState state({.sizes = {40, 4, 40}, .batch_size = 4, .most_passes = 1.0, .tokens = {1.0, 1.0, 2.0}});
  CHECK(state.shares()[0] == Approx(0.4));
  CHECK(state.shares()[1] == Approx(0.4));
  CHECK(state.shares()[2] == Approx(0.2));
  while (state.drawn(1) < 4) (void)state.draw();
  CHECK(state.shares()[0] == Approx(2.0 / 3.0));
  CHECK(state.shares()[1] == 0.0);
  CHECK(state.probabilities()[1] == Approx(1.0 / 3.0));
  while (!state.exhausted()) (void)state.draw();
  CHECK(state.shares() == std::vector<double>{0.0, 0.0, 0.0});
}

TEST_CASE("What is asked about a dataset that is not there is refused") {
  const MosState state({.sizes = {10, 10}});
  CHECK((state.drawn(1) == 0 && !state.retired(1)));
  for (Index none : {Index{-1}, Index{2}}) {
    CHECK_THAT(thrown<ValueError>([&] { (void)state.drawn(none); }), ContainsSubstring("there are 2"));
    CHECK_THAT(thrown<ValueError>([&] { (void)state.retired(none); }), ContainsSubstring("there are 2"));
  }
}

TEST_CASE("Copies draw the same, and go their own ways") {
  MosState one = well_under_way(), two = one;
  CHECK(one.draw().examples == two.draw().examples);
  two.learn(Doubles{1.0, 0.0, 0.0});
  CHECK(two.updates() == one.updates() + 1);
}

TEST_CASE("The first batches of a seed are pinned") {
  MosState state({.sizes = {100, 7, 1000, 30}, .batch_size = 3, .seed = 2024});
  std::vector<std::vector<Index>> drawn;  // dataset, then rows
  for (int step = 0; step < 6; ++step) {
    const auto examples = state.draw().examples;
    drawn.push_back({examples[0].dataset, examples[0].row, examples[1].row, examples[2].row});
  }
  const std::vector<std::vector<Index>> expected{{2, 770, 272, 423}, {2, 762, 661, 998}, {0, 71, 76, 12},
                                                 {1, 5, 1, 3},       {3, 29, 9, 18},     {2, 519, 280, 531}};
  CHECK(drawn == expected);
}

// ---- learning

TEST_CASE("Learning shifts the distribution towards the rewards and keeps them") {
  MosState state({.sizes = {10, 10}, .inner_steps = 200, .learning_rate = 1e-3});
  state.learn(Doubles{1.0, 3.0});
  const auto p = state.probabilities();
  CHECK(p[1] > 0.55);
  CHECK(p[0] + p[1] == Approx(1.0).epsilon(1e-15));
  CHECK(state.updates() == 1);
  CHECK(Doubles(state.rewards().begin(), state.rewards().end()) == Doubles{1.0, 3.0});
}

TEST_CASE("What was learnt decides what is drawn next") {
  MosState state({.sizes = {10, 10}, .batch_size = 1, .inner_steps = 20000, .learning_rate = 1e-2});
  state.learn(Doubles{0.0, 1.0});
  for (int step = 0; step < 200; ++step) (void)state.draw();
  CHECK(state.drawn(1) == 200);
}

TEST_CASE("An update is due every interval, once") {
  MosState state({.sizes = {10, 10}, .batch_size = 1, .update_interval = 3});
  std::vector<Index> due;
  for (int step = 0; step < 10; ++step) {
    if (state.update_due()) {
      due.push_back(state.step());
      state.learn(Doubles{1.0, 1.0});
      CHECK_FALSE(state.update_due());
    }
    (void)state.draw();
  }
  CHECK(due == std::vector<Index>{3, 6, 9});
}

TEST_CASE("Rewards that are negative, not finite, too few or too many are refused, and the state is as it was") {
  MosState state = well_under_way();
  const std::string before = saved(state);
  for (double bad : {-1e-9, not_a_number, infinity, -infinity, 1e101})
    CHECK_THAT(thrown<ValueError>([&] { state.learn(Doubles{1.0, bad, 1.0}); }), ContainsSubstring("dataset 1"));
  CHECK_THAT(thrown<ShapeError>([&] {
               state.learn(Doubles{1.0, 2.0});
             }),
             ContainsSubstring("2 rewards for 3 datasets"));
  CHECK_THAT(thrown<ShapeError>([&] { state.learn(Doubles(4, 1.0)); }), ContainsSubstring("4 rewards for 3 datasets"));
  CHECK((saved(state) == before));
}

TEST_CASE("The largest rewards leave a state that can be saved, loaded and drawn from") {
  MosState state({.sizes = {10, 10}, .batch_size = 2});
  for (int update = 0; update < 3; ++update) state.learn(Doubles{largest_reward, 1.0});
  CHECK(state.probabilities()[0] > state.probabilities()[1]);
  CHECK((saved(loaded(saved(state))) == saved(state)));
}

TEST_CASE("A learning rate that takes a logit out of range is refused, and the state is as it was") {
  MosState state({.sizes = {10, 10}, .learning_rate = 1e308});
  const std::string before = saved(state);
  CHECK_THAT(thrown<ValueError>([&] { state.learn(Doubles{0.0, 1.0}); }), ContainsSubstring("learning_rate"));
  CHECK((saved(state) == before));
}

// ---- checkpoints

TEST_CASE("A loaded state is equal to the saved one and goes on equally") {
  MosState state = well_under_way();
  auto copy = loaded(saved(state));
  CHECK((saved(copy) == saved(state)));
  CHECK(copy.probabilities() == state.probabilities());
  CHECK(copy.step() == 57);
  CHECK(copy.updates() == 1);
  CHECK(copy.memory() == state.memory());
  CHECK(copy.options().seed == 21);
  for (int step = 0; step < 100; ++step) {
    if (step % 20 == 0) {
      state.learn(Doubles{0.4, 0.1, 0.9});
      copy.learn(Doubles{0.4, 0.1, 0.9});
    }
    REQUIRE(copy.draw().examples == state.draw().examples);
  }
  CHECK((saved(copy) == saved(state)));
}

TEST_CASE("A checkpoint taken between an update and the next draw does not repeat the update") {
  MosState state({.sizes = {10, 10}, .batch_size = 1, .update_interval = 3});
  for (int step = 0; step < 3; ++step) (void)state.draw();
  CHECK(loaded(saved(state)).update_due());
  state.learn(Doubles{1.0, 2.0});
  CHECK_FALSE(loaded(saved(state)).update_due());
}

TEST_CASE("A checkpoint can be one part of a larger file") {
  const MosState state = well_under_way();
  std::stringstream file;
  file << "head\n" << saved(state) << "tail";
  file.seekg(5);
  CHECK((saved(MosState<>::load(file)) == saved(state)));
  std::string rest;
  file >> rest;
  CHECK(rest == "tail");
}

TEST_CASE("A stream that takes nothing is an error") {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK_THAT(thrown<CheckpointError>([&] { well_under_way().save(out); }), ContainsSubstring("did not take"));
}

TEST_CASE("The checkpoint of a fixed state is pinned") {
  // Its numbers need no logarithm but that of two, and no exponential, so its bytes are the same everywhere.
  MosState state({.sizes = {10, 30},
                  .batch_size = 4,
                  .update_interval = 5,
                  .inner_steps = 1,
                  .learning_rate = 0.0,
                  .reward_batch = 8,
                  .seed = 9});
  for (int step = 0; step < 5; ++step) (void)state.draw();
  state.learn(Doubles{1.0, 3.0});
  for (int step = 0; step < 2; ++step) (void)state.draw();
  state.memory({{"level", {0.5, 0.25}}, {"none", {}}});
  const std::string bytes = saved(state);
  CHECK(crc64(std::string_view(bytes).substr(0, bytes.size() - 8)) == 0x3106877cbb842172);
}

}
