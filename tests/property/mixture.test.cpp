// SPDX-License-Identifier: MIT
// What can be relied on while a mixture runs: resuming, ranks, masks, floors, caps, ends of epochs.
#include <pickmix/core/rng.hpp>
#include <pickmix/mos/feature_scorer.hpp>
#include <pickmix/mos/mlp_scorer.hpp>
#include <pickmix/mos/sampler.hpp>

#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace property_mixture_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;
using Rows = std::vector<std::pair<Index, Index>>;

namespace {

/// Rewards that differ from update to update, and rest on what is remembered.
struct Wandering {
  void rewards(RewardContext& context, std::span<double> out) const {
    const auto before = context.recall("level");
    for (std::size_t d = 0; d < out.size(); ++d)
      out[d] = 0.5 * (before.size() > d ? before[d] : 1.0) +
               std::fmod(0.37 * static_cast<double>(context.updates() + 2 * static_cast<Index>(d)), 1.0);
    context.remember("level", {out.begin(), out.end()});
  }
};

void append(const Batch& batch, Rows& rows) {
  for (const Example& e : batch.examples) rows.emplace_back(e.dataset, e.row);
}

/// The next `steps` batches of the run.
template <class S>
Rows run(MosState<S>& state, Index steps, Shard shard = {}) {
  Rows rows;
  while (steps > 0 && !state.exhausted()) {
    MosSampler<Wandering, S> sampler(state, {}, {}, shard);
    for (const Batch& batch : sampler) {
      append(batch, rows);
      if (--steps == 0) break;
    }
  }
  if (state.exhausted()) (void)MosSampler<Wandering, S>(state, {}, {}, shard).begin();  // sees that the epoch is over
  return rows;
}

const std::vector<MosOptions> kinds = [] {
  const MosOptions plain{
      .sizes = {40, 17, 90}, .batch_size = 6, .update_interval = 7, .learning_rate = 1e-2, .seed = 4};
  std::vector<MosOptions> all(7, plain);
  all[1].draw = Draw::example;
  all[2].replacement = true;
  all[3].update = Exp3{};
  all[4].update = Boltzmann{};
  all[5].update = ClosedForm{0.5};
  all[5].least_probability = 0.1;
  all[5].tokens = {10.0, 30.0, 5.0};
  all[6].optimizer = Optimizer::sgd;
  all[6].draw = Draw::example;
  all[6].epoch_end = EpochEnd::first_pass;
  return all;
}();

/// Others: the first two end before the test does, by a batch that is not full.
const std::vector<MosOptions> more_kinds = [] {
  std::vector<MosOptions> all(4, kinds[0]);
  all[0].most_passes = 1.5;
  all[0].epoch_end = EpochEnd::every_pass;
  all[1].most_passes = 2.0;
  all[1].draw = Draw::example;
  all[2].update = ExponentiatedGradient{};
  all[3].update = PolicyGradient{};
  return all;
}();

/// A run with scorer S that is killed fifty times, and one that is not.
template <class S>
void check_resume(const MosOptions& options) {
  Rows rows;
  MosState<S> state(options);
  RandomStream random(1, 2, 3);
  for (int kill = 0; kill < 50; ++kill) {
    const Rows more = run(state, 1 + random.below(11));
    rows.insert(rows.end(), more.begin(), more.end());
    MosState<S> lost = state;  // draws that no checkpoint saw are drawn again
    (void)run(lost, random.below(9));
    state = loaded<MosState<S>>(saved(state));
  }
  MosState<S> uninterrupted(options);
  CHECK(rows == run(uninterrupted, state.step()));
  CHECK(saved(uninterrupted) == saved(state));
}

}  // namespace

TEST_CASE("A run that is killed fifty times draws what an uninterrupted run draws") {
  for (const MosOptions& options : kinds) check_resume<LogitScorer>(options);
  for (const MosOptions& options : more_kinds) check_resume<LogitScorer>(options);
}

TEST_CASE("So it does with the other scorers, which learn by gradients") {
  for (const MosOptions& options : {kinds[0], kinds[1], kinds[2], kinds[6], more_kinds[0], more_kinds[3]}) {
    check_resume<MlpScorer>(options);
    check_resume<FeatureScorer>(options);
  }
}

TEST_CASE("With every scorer a rewarded dataset gains, one is added and one retired") {
  const auto check = [](auto state) {
    for (int update = 0; update < 20; ++update) state.learn(std::vector{0.0, 1.0, 0.0});
    CHECK(state.probabilities()[1] > 0.5);
    state.add_dataset(30, 0.2);
    CHECK(state.probabilities()[3] == Approx(0.2));
    state.retire(1);
    CHECK(state.probabilities()[1] == 0.0);
    for (int update = 0; update < 20; ++update) state.learn(std::vector{0.0, 0.0, 0.0, 1.0});
    CHECK(state.probabilities()[3] > 0.5);
    CHECK(state.draw().examples.front().dataset != 1);
  };
  const MosOptions options{.sizes = {40, 17, 90}, .batch_size = 6, .learning_rate = 1e-2};
  check(MosState<LogitScorer>(options));
  check(MosState<MlpScorer>(options));
  check(MosState<FeatureScorer>(options));
}

TEST_CASE("The parts of 1, 2, 3 and 5 ranks are the global batches, and another number of ranks goes on with them") {
  std::vector<MosOptions> all = kinds;
  all.insert(all.end(), more_kinds.begin(), more_kinds.end());
  for (const MosOptions& options : all) {
    MosState global(options);
    const Rows expected = run(global, 60);
    for (Index world : {1, 2, 3, 5}) {
      std::vector<MosState<>> states(static_cast<std::size_t>(world), MosState(options));
      Rows together;
      std::vector<MosSampler<Wandering>> samplers;
      for (Index step = 0; step < 60; ++step)
        for (Index rank = 0; rank < world; ++rank) {
          const Rows part = run(states[static_cast<std::size_t>(rank)], 1, {rank, world});
          together.insert(together.end(), part.begin(), part.end());
        }
      CHECK(together == expected);
      for (const auto& state : states) CHECK(saved(state) == saved(global));
    }
    MosState first(options);
    Rows rows;
    for (Index world : {2, 3}) {
      const MosState begun = first;
      for (Index rank = 0; rank < world; ++rank) {
        first = begun;
        for (const auto& row : run(first, 30, {rank, world})) rows.push_back(row);
      }
    }
    Rows sorted = expected;
    std::sort(sorted.begin(), sorted.end());
    std::sort(rows.begin(), rows.end());
    CHECK(rows == sorted);
  }
}

TEST_CASE("Drawn one by one, examples come as often as the probabilities say") {
  MosState state(
      {.sizes = {100, 200, 300}, .batch_size = 100, .prior_temperature = 1.0, .seed = 2, .draw = Draw::example});
  std::set<Index> in_first;
  for (const Example& e : state.draw().examples) in_first.insert(e.dataset);
  CHECK(in_first.size() == 3);
  for (int step = 1; step < 600; ++step) (void)state.draw();
  double statistic = 0.0;
  for (Index d = 0; d < 3; ++d) {
    const double expected = 10'000.0 * static_cast<double>(d + 1);
    statistic +=
        (static_cast<double>(state.drawn(d)) - expected) * (static_cast<double>(state.drawn(d)) - expected) / expected;
  }
  CHECK(statistic < 13.82);  // the 0.999 quantile of chi-square with two degrees of freedom
}

TEST_CASE("Shares of tokens: a dataset of long examples is drawn less often") {
  MosState state({.sizes = {100, 100}, .batch_size = 8, .seed = 2, .draw = Draw::example, .tokens = {300.0, 100.0}});
  CHECK(state.probabilities() == Doubles{0.5, 0.5});
  for (int step = 0; step < 2000; ++step) (void)state.draw();
  CHECK(static_cast<double>(state.drawn(0)) / 16'000.0 == Approx(0.25).margin(0.01));
}

TEST_CASE("A retired dataset is never drawn, keeps its place, and comes back") {
  for (const MosOptions& options : kinds) {
    MosState state(options);
    (void)run(state, 25);
    const Index place = state.drawn(1);
    const Doubles before = state.probabilities();
    state.retire(1);
    CHECK(state.probabilities()[1] == 0.0);
    CHECK(state.probabilities()[0] + state.probabilities()[2] == Approx(1.0).margin(1e-12));
    for (const auto& [dataset, row] : run(state, 60)) CHECK(dataset != 1);
    CHECK(state.drawn(1) == place);
    CHECK(state.probabilities()[1] == 0.0);
    CHECK(state.rewards()[1] == 0.0);
    state.restore(1);
    CHECK(state.probabilities()[1] > 0.0);
    const Rows rows = run(state, 60);
    CHECK(std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.first == 1; }));
  }
  MosState two({.sizes = {5, 5}});
  two.retire(0);
  CHECK_THAT(thrown<ValueError>([&] { two.retire(1); }), ContainsSubstring("dataset 1 is the last"));
  CHECK(two.probabilities() == Doubles{0.0, 1.0});
  CHECK_THROWS_AS(two.retire(2), ValueError);
  CHECK_THROWS_AS(two.retire(-1), ValueError);
}

TEST_CASE("No dataset falls below the floor, whatever is learnt") {
  MosState state({.sizes = {9, 9, 9}, .update_interval = 1, .update = ClosedForm{}, .least_probability = 0.05});
  for (int update = 0; update < 20; ++update) {
    (void)state.draw();
    state.learn(Doubles{1.0, 0.0, 0.0});
    CHECK(state.probabilities()[1] == Approx(0.05));
    CHECK(state.probabilities()[0] == Approx(0.9));
  }
  CHECK_THAT(thrown<ValueError>([] {
               MosState({.sizes = {9, 9}, .least_probability = 0.51});
             }),
             ContainsSubstring("0.51"));
}

TEST_CASE("A capped dataset is read so often and no more; then the others, then nothing") {
  for (const Draw draw : {Draw::batch, Draw::example}) {
    MosState state({.sizes = {10, 25}, .batch_size = 4, .seed = 3, .draw = draw, .most_passes = 2.0});
    std::map<std::pair<Index, Index>, int> count;
    Index batches = 0;
    for (int epoch = 0; epoch < 5; ++epoch)
      for (const Batch& batch : MosSampler<Static>(state)) {
        CHECK(!batch.examples.empty());
        for (const Example& e : batch.examples) ++count[{e.dataset, e.row}];
        ++batches;
      }
    CHECK(count.size() == 35);
    for (const auto& [row, times] : count) CHECK(times == 2);
    CHECK(state.exhausted());
    CHECK_THROWS_AS(state.draw(), ValueError);
    CHECK(state.step() == batches);
    const MosState again = loaded(saved(state));
    CHECK(again.exhausted());
  }
}

TEST_CASE("An epoch ends where it was said to") {
  MosOptions options{.sizes = {10, 40}, .batch_size = 5, .seed = 1};
  const auto epoch = [&](MosState<>& state) {
    for (const Batch& batch : MosSampler<Static>(state)) (void)batch;
    return state.step();
  };
  options.epoch_steps = 7;
  MosState steps(options);
  CHECK(epoch(steps) == 7);
  CHECK(epoch(steps) == 14);
  options.epoch_end = EpochEnd::first_pass;
  MosState first(options);
  for (Index pass = 1; pass < 4; ++pass) {
    const Index small = first.drawn(0) / 10, large = first.drawn(1) / 40;
    epoch(first);
    CHECK((first.drawn(0) / 10 - small) + (first.drawn(1) / 40 - large) == 1);
  }
  options.epoch_end = EpochEnd::every_pass;
  MosState every(options);
  for (Index pass = 1; pass < 4; ++pass) {
    epoch(every);
    CHECK(std::min(every.drawn(0) / 10, every.drawn(1) / 40) == pass);
  }
  options.replacement = true;
  CHECK_THROWS_AS(MosState(options), ValueError);
}

TEST_CASE("A dataset added in the middle gets its share; the others lose no row and repeat none") {
  MosState state({.sizes = {30, 50}, .batch_size = 5, .update_interval = 6, .seed = 8});
  Rows rows = run(state, 20);
  const Doubles before = state.probabilities();
  state.add_dataset(20, 0.5);
  CHECK(state.options().sizes == std::vector<Index>{30, 50, 20});
  CHECK(state.probabilities()[2] == Approx(0.5));
  CHECK(state.probabilities()[0] == Approx(0.5 * before[0]));
  for (const auto& row : run(state, 200)) rows.push_back(row);
  std::map<std::pair<Index, Index>, Index> count;
  for (const auto& row : rows) ++count[row];
  for (Index d = 0; d < 3; ++d)
    for (Index row = 0; row < state.options().sizes[static_cast<std::size_t>(d)]; ++row) {
      const Index passes = state.drawn(d) / state.options().sizes[static_cast<std::size_t>(d)];
      CHECK((count[{d, row}] == passes || count[{d, row}] == passes + 1));
    }
  CHECK(saved(loaded(saved(state))) == saved(state));
  const auto as_it_was = saved(state);
  for (double share : {0.0, 1.0, -0.5, std::nan("")}) CHECK_THROWS_AS(state.add_dataset(5, share), ValueError);
  CHECK_THROWS_AS(state.add_dataset(0, 0.5), ValueError);
  CHECK(thrown<ShapeError>([&] { state.add_dataset(5, 0.5, 10.0); }) ==
        "MosState::add_dataset: tokens is 10, and the other datasets have none; leave it out");
  CHECK(saved(state) == as_it_was);
}

TEST_CASE("Shares can be set in the middle") {
  MosState state({.sizes = {30, 50, 20}, .seed = 8});
  state.set_probabilities(Doubles{2.0, 1.0, 1.0});
  CHECK(state.probabilities()[0] == Approx(0.5));
  state.retire(0);
  state.set_probabilities(Doubles{7.0, 3.0, 1.0});
  CHECK(state.probabilities()[0] == 0.0);
  CHECK(state.probabilities()[1] == Approx(0.75));
  const auto as_it_was = saved(state);
  CHECK_THROWS_AS(state.set_probabilities(Doubles{1.0, 1.0}), ShapeError);
  CHECK_THROWS_AS(state.set_probabilities(Doubles{1.0, -1.0, 1.0}), ValueError);
  CHECK_THROWS_AS(state.set_probabilities(Doubles{1.0, 0.0, 0.0}), ValueError);  // all that is left is retired
  CHECK(saved(state) == as_it_was);
}

TEST_CASE("What is reported is seen by the next update, once") {
  MosState state({.sizes = {5, 5}, .batch_size = 1, .update_interval = 2});
  state.report(0, 2.0);
  state.report(0, 4.0);
  const MosState again = loaded(saved(state));
  CHECK(again.reported()[0] == 3.0);
  CHECK(std::isnan(again.reported()[1]));
  state.learn(Doubles{1.0, 1.0});
  CHECK(std::isnan(state.reported()[0]));
}

TEST_CASE("A rule that sets the distribution changes its memory only if all goes well, and forgets another rule's") {
  MosState state({.sizes = {5, 5}, .update = Exp3{}});
  state.learn(Doubles{1.0, 0.0});
  const auto as_it_was = saved(state);
  CHECK_THROWS_AS(state.learn(Doubles{1.0, -1.0}), ValueError);
  CHECK(saved(state) == as_it_was);
  CHECK_NOTHROW(state.learn(Doubles{1.0, 0.0}, Boltzmann{}));
  CHECK_NOTHROW(state.learn(Doubles{1.0, 0.0}, ClosedForm{}));
  CHECK(state.updates() == 3);
}

}
