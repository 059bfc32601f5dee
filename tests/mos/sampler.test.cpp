// SPDX-License-Identifier: MIT
// The sampler: epochs, updates on the way, failures. Leaving and resuming are in tests/property.
#include <pickmix/mos/sampler.hpp>

#include <pickmix/mos/difficulty.hpp>
#include <pickmix/mos/dynamix_sft.hpp>
#include <pickmix/mos/gradient_alignment.hpp>
#include <pickmix/mos/hbo.hpp>
#include <pickmix/mos/odm.hpp>
#include <pickmix/mos/static.hpp>
#include <pickmix/mos/trajectory.hpp>
#include <pickmix/mos/transferability.hpp>
#include <pickmix/mos/uncertainty.hpp>
#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/fixed_scorer.hpp>
#include <support/runs.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <limits>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mos_sampler_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using runs::draw, runs::model, runs::options, runs::same;
using Sampler = MosSampler<runs::Policy>;

static_assert(std::ranges::input_range<MosSampler<Static>> && std::ranges::input_range<Sampler>);
static_assert(std::same_as<std::ranges::range_value_t<Sampler>, Batch>);
static_assert(SamplerPolicy<runs::Policy> && SamplerPolicy<Static> && !SamplerPolicy<int>);

/// Writes `value` for dataset 1, and 1 for the others.
struct Gives {
  double value = 1.0;
  void rewards(RewardContext& context, std::span<double> out) const {
    context.remember("seen", {1.0});
    for (double& reward : out) reward = 1.0;
    out[1] = value;
  }
};

struct LossLater : Gives {
  static constexpr bool needs_loss = true;
};

/// How many updates its context has seen, at each update.
struct Witness {
  std::vector<Index>* seen = nullptr;
  void rewards(RewardContext& context, std::span<double> out) const {
    seen->push_back(context.updates());
    for (double& reward : out) reward = 1.0;
  }
};

}  // namespace

// ---- epochs

TEST_CASE("An epoch is the sum of sizes over the batch size, rounded up") {
  struct {
    std::vector<Index> sizes;
    Index batch_size, steps;
  } const cases[] = {{{10, 20}, 5, 6}, {{10, 21}, 5, 7}, {{3}, 64, 1}, {{1, 1}, 1, 2}};
  for (const auto& [sizes, batch_size, steps] : cases) {
    MosState state({.sizes = sizes, .batch_size = batch_size});
    for (Index epoch = 1; epoch <= 3; ++epoch) {
      Index drawn = 0;
      for (const Batch& batch : MosSampler<Static>(state)) {
        CHECK(batch.step == (epoch - 1) * steps + drawn);
        ++drawn;
      }
      CHECK(drawn == steps);
      CHECK(state.step() == epoch * steps);
    }
  }
}

TEST_CASE("A sampler whose epoch is over gives nothing more") {
  MosState state({.sizes = {10}, .batch_size = 5});
  MosSampler<Static> sampler(state);
  for (const Batch& batch : sampler) (void)batch;
  CHECK(sampler.begin() == sampler.end());
  CHECK(state.step() == 2);
}

TEST_CASE("A sampler whose epoch is over, asked again, leaves the next one's epoch alone") {
  for (const EpochEnd end : {EpochEnd::first_pass, EpochEnd::every_pass, EpochEnd::steps}) {
    const auto rest_of_second_epoch = [end](bool ask_again) {
      MosState state({.sizes = {40, 40}, .batch_size = 5, .seed = 1, .epoch_end = end});
      MosSampler<Static> first(state);
      for (const Batch& batch : first) (void)batch;
      for (const Batch& batch : MosSampler<Static>(state))
        if (state.drawn(batch.examples.front().dataset) >= 80) break;
      if (ask_again) CHECK(first.begin() == first.end());
      Index steps = 0;
      for (const Batch& batch : MosSampler<Static>(state)) (void)batch, ++steps;
      return steps;
    };
    CHECK(rest_of_second_epoch(true) == rest_of_second_epoch(false));
  }
}

TEST_CASE("Making a sampler draws nothing") {
  MosState state(options);
  const Sampler sampler(state, loss_callback(plain_loss));
  CHECK(state.step() == 0);
}

TEST_CASE("A sampler of one dataset reads it") {
  MosState state({.sizes = {20}, .batch_size = 3, .update_interval = 2});
  std::vector<Batch> batches;
  draw(state, loss_callback(plain_loss), 30, &batches);
  for (const Batch& batch : batches)
    for (const Example& e : batch.examples) REQUIRE(e.dataset == 0);
  CHECK(state.drawn(0) == 90);
  CHECK(state.updates() == 14);
  CHECK(state.probabilities() == std::vector<double>{1.0});
}

TEST_CASE("A sampler works with a scorer of one's own") {
  MosState<FixedScorer> state({.sizes = {10, 10}, .batch_size = 2, .update_interval = 3});
  for (const Batch& batch : MosSampler<Gives, FixedScorer>(state)) (void)batch;
  CHECK(state.updates() == 3);
}

TEST_CASE("An iterator gives its batch by star and by arrow, and steps either way") {
  MosState state(options);
  MosSampler<Static> sampler(state);
  auto it = sampler.begin();
  CHECK(it->step == 0);
  ++it;
  CHECK((*it).step == 1);
  it++;
  CHECK(it->step == 2);
  CHECK(it->examples.size() == 4);
}

// ---- updates

TEST_CASE("Updates happen exactly every interval, before the batch is drawn") {
  MosState state({.sizes = {40, 60}, .batch_size = 1, .update_interval = 7});
  std::vector<Index> updated;
  Index before = 0;
  for (int epoch = 0; epoch < 2; ++epoch)
    for (const Batch& batch : MosSampler<Gives>(state)) {
      if (state.updates() != before) updated.push_back(batch.step);
      before = state.updates();
    }
  std::vector<Index> expected;
  for (Index step = 7; step < 200; step += 7) expected.push_back(step);
  CHECK(updated == expected);
}

TEST_CASE("A policy is told how many updates there were") {
  MosState state({.sizes = {20}, .batch_size = 1, .update_interval = 5});
  std::vector<Index> seen;
  for (const Batch& batch : MosSampler<Witness>(state, {}, Witness{&seen})) (void)batch;
  CHECK(seen == std::vector<Index>{0, 1, 2});
}

TEST_CASE("What is rewarded more is sampled more") {
  MosState state({.sizes = {500, 500, 500}, .batch_size = 10, .update_interval = 10, .learning_rate = 1e-3, .seed = 3});
  for (int epoch = 0; epoch < 20; ++epoch)
    for (const Batch& batch : MosSampler<Gives>(state, {}, Gives{4.0})) (void)batch;
  CHECK(state.probabilities()[1] == Approx(4.0 / 6.0).margin(0.02));
}

TEST_CASE("What a policy remembers is in the state after its update") {
  MosState state({.sizes = {10, 10}, .batch_size = 1, .update_interval = 5});
  for (const Batch& batch : MosSampler<Gives>(state)) CHECK(state.memory().count("seen") == (batch.step < 5 ? 0 : 1));
}

TEST_CASE("After a loop that is left, the next sampler ends where the epoch ends") {
  MosState state({.sizes = {10}, .batch_size = 1});
  for (const Batch& batch : MosSampler<Static>(state))
    if (batch.step == 3) break;
  for (const Batch& batch : MosSampler<Static>(state)) (void)batch;
  CHECK(state.step() == 10);
}

TEST_CASE("Another loop over the same sampler goes on in the same epoch") {
  MosState state({.sizes = {10}, .batch_size = 1});
  MosSampler<Static> sampler(state);
  for (const Batch& batch : sampler)
    if (batch.step == 3) break;
  Index step = 4;
  for (const Batch& batch : sampler) CHECK(batch.step == step++);
  CHECK(step == 10);
}

TEST_CASE("A run that restricts rows before each epoch goes on from any step as if it had never stopped") {
  const auto go_on = [](MosState<>& state, std::vector<std::string>* checkpoints) {
    std::vector<Example> drawn;
    while (state.step() < 24) {
      if (!state.epoch_under_way()) {
        std::vector<std::vector<Index>> rows(2);
        for (Index k = 0; k < 10; ++k)
          rows[0].push_back((state.step() + 4 * k) % 40), rows[1].push_back(state.step() + k);
        state.restrict_rows(rows);
      }
      for (const Batch& batch : MosSampler<Gives>(state, {}, {2.0})) {
        drawn.insert(drawn.end(), batch.examples.begin(), batch.examples.end());
        if (checkpoints != nullptr) checkpoints->push_back(saved(state));
      }
    }
    return drawn;
  };
  for (const EpochEnd end : {EpochEnd::steps, EpochEnd::first_pass, EpochEnd::every_pass}) {
    MosState state({.sizes = {40, 60}, .batch_size = 4, .update_interval = 4, .seed = 1, .epoch_end = end});
    std::vector<std::string> checkpoints;
    const std::vector<Example> all = go_on(state, &checkpoints);
    int between = 0;
    for (std::size_t k = 0; k < checkpoints.size(); ++k) {
      CAPTURE(end, k);
      MosState resumed = loaded(checkpoints[k]);
      if (resumed.step() >= 24) break;
      between += resumed.epoch_under_way() ? 0 : 1;
      const std::vector<Example> rest = go_on(resumed, nullptr);
      const auto first = static_cast<std::ptrdiff_t>(4 * (k + 1));
      CHECK(std::equal(rest.begin(), rest.end(), all.begin() + first, all.end()));
      CHECK((saved(resumed) == saved(state)));
    }
    CHECK(between >= 2);  // at the end of an epoch
  }
}

// ---- failures

TEST_CASE("A callback that throws at the start leaves the state as it was, and another try succeeds") {
  for (int fail_at : {1, 2, 3}) {
    MosState state(options), smooth(options);
    const std::string before = saved(state);
    FailingTrainer trainer{.fail_at = fail_at};
    CHECK(thrown<std::runtime_error>([&] { const Sampler sampler(state, trainer.callbacks()); }) ==
          "the trainer failed");
    CHECK((saved(state) == before));
    const Sampler again(state, trainer.callbacks()), never_failed(smooth, loss_callback(plain_loss));
    CHECK((saved(state) == saved(smooth)));
  }
}

TEST_CASE("A callback that throws in an update leaves the state as it was, and a new loop tries again") {
  for (int fail_at : {4, 5, 6, 7, 9}) {  // calls 1 to 3 are the start's, 4 to 6 the first update's
    CAPTURE(fail_at);
    MosState state(options), smooth(options);
    FailingTrainer trainer{.fail_at = fail_at, .loss = model(state)};
    Sampler sampler(state, trainer.callbacks());
    std::vector<Batch> batches, expected;
    std::string before;
    const auto work = [&] {
      for (const Batch& batch : sampler) {
        batches.push_back(batch);
        before = saved(state);
      }
    };
    CHECK(thrown<std::runtime_error>(work) == "the trainer failed");
    CHECK(state.step() == (fail_at <= 6 ? 15 : 30));
    CHECK((saved(state) == before));

    work();
    draw(smooth, loss_callback(model(smooth)), 105, &expected);
    REQUIRE(batches.size() == 105);
    for (std::size_t k = 0; k < 105; ++k) REQUIRE(same(batches[k], expected[k]));
    CHECK((saved(state) == saved(smooth)));
  }
}

TEST_CASE("After a failed update, a sampler without that policy goes on") {
  MosState state(options);
  FailingTrainer trainer{.fail_at = 4};
  std::vector<Batch> batches;
  CHECK(thrown<std::runtime_error>([&] { draw(state, trainer.callbacks(), 30, &batches); }) == "the trainer failed");
  CHECK(batches.size() == 15);
  draw<Static>(state, {}, 10, &batches);
  CHECK(state.step() == 25);
  CHECK(state.updates() == 0);
}

TEST_CASE("A loss that is not a number is the callback's error, at the start and in an update") {
  MosState state(options);
  const auto start = [&] {
    const Sampler sampler(state,
                          loss_callback([](const Example&) { return std::numeric_limits<double>::quiet_NaN(); }));
  };
  CHECK_THAT(thrown<CallbackError>(start), ContainsSubstring("Callbacks::loss gave nan"));
  CHECK((saved(state) == saved(MosState(options))));

  bool broken = false;
  std::vector<Batch> batches;
  const auto callbacks = loss_callback([&](const Example& e) { return broken && e.dataset == 2 ? 1.0 / 0.0 : 1.0; });
  draw(state, callbacks, 15, &batches);
  const std::string before = saved(state);
  broken = true;
  CHECK_THAT(thrown<CallbackError>([&] { draw(state, callbacks, 1, &batches); }), ContainsSubstring("{dataset 2"));
  CHECK((saved(state) == before));
}

TEST_CASE("A policy that needs an absent callback is refused at once, not at its first update") {
  MosState state(options);
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<LossLater> sampler(state); }),
             ContainsSubstring("MosSampler: Callbacks::loss is empty"));
  CHECK_NOTHROW(MosSampler<LossLater>(state, loss_callback(plain_loss)));
  CHECK_NOTHROW(MosSampler<Gives>(state));
}

TEST_CASE("A policy's rule is checked when the sampler is made, not at its first update") {
  struct Steep : Gives {
    ExponentiatedGradient update() const { return {.rate = -1.0}; }
  };
  MosState state(options);
  const std::string before = saved(state);
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<Steep> sampler(state); }),
             ContainsSubstring("ExponentiatedGradient: rate is -1"));
  CHECK((saved(state) == before));
}

TEST_CASE("What cannot work is refused when the sampler is made, not at its first update") {
  MosState state(options);
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<Hbo> sampler(state); }),
             ContainsSubstring("Hbo: gradient_norm"));
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<Uncertainty> sampler(state); }), ContainsSubstring("measure"));
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<DynamixSft> sampler(state); }),
             ContainsSubstring("virtual_step"));
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<GradientAlignment> sampler(state); }),
             ContainsSubstring("held_out"));
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<LearningTrajectory<Hbo>> sampler(state); }),
             ContainsSubstring("Hbo: gradient_norm"));
  const Callbacks no_size{.embedding = [](std::span<const Example>, MatrixView<float>) {}};
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<Transferability> sampler(state, no_size); }),
             ContainsSubstring("Callbacks::embedding_size is 0"));
}

TEST_CASE("A rule that the scorer cannot take is refused when the sampler is made") {
  const std::string reason = "MosSampler: the rule 'exp3' sets the distribution, which a 'fixed' scorer cannot take";
  MosState<FixedScorer> plain(options);
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<Odm, FixedScorer> sampler(plain); }), ContainsSubstring(reason));
  CHECK_NOTHROW(MosSampler<Gives, FixedScorer>(plain));
  MosOptions with_rule = options;
  with_rule.update = Exp3{};
  MosState<FixedScorer> state(with_rule);
  CHECK_THAT(thrown<ValueError>([&] { const MosSampler<Gives, FixedScorer> sampler(state); }),
             ContainsSubstring(reason));
  struct Climbs : Gives {
    Drift update() const { return {}; }
  };
  CHECK_NOTHROW(MosSampler<Climbs, FixedScorer>(state));
  CHECK_NOTHROW(MosSampler<Static, FixedScorer>(state));
}

TEST_CASE("A reward that is negative or not a number is refused; nothing is learnt or remembered") {
  for (double bad : {-0.1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    MosState state({.sizes = {10, 10}, .batch_size = 1, .update_interval = 5});
    std::string before;
    const auto work = [&] {
      for (const Batch& batch : MosSampler<Gives>(state, {}, Gives{bad})) {
        (void)batch;
        before = saved(state);
      }
    };
    CHECK_THAT(thrown<ValueError>(work), ContainsSubstring("the reward of dataset 1"));
    CHECK(state.step() == 5);
    CHECK(state.memory().empty());
    CHECK((saved(state) == before));
  }
}

TEST_CASE("A callback that adds a dataset spoils its update and nothing else") {
  MosState state({.sizes = {20, 30}, .batch_size = 5, .update_interval = 1});
  bool add = false;
  const Callbacks callbacks = loss_callback([&](const Example&) {
    if (std::exchange(add, false)) state.add_dataset(50, 0.2);
    return 1.0;
  });
  MosSampler<Difficulty> sampler(state, callbacks);
  auto batch = sampler.begin();
  add = true;
  CHECK_THROWS_AS(++batch, ShapeError);
  CHECK(state.options().sizes.size() == 3);
  CHECK(state.updates() == 0);
}

TEST_CASE("A dataset whose share was set to 0 is not drawn, and nothing else to draw is the end") {
  for (const EpochEnd end : {EpochEnd::steps, EpochEnd::every_pass}) {
    MosState state({.sizes = {10, 10}, .batch_size = 5, .most_passes = 1.0, .epoch_end = end});
    state.set_probabilities(std::vector{1.0, 0.0});
    int samplers = 0, batches = 0;
    while (!state.exhausted() && ++samplers < 10)
      for (const Batch& batch : MosSampler<Static>(state)) {
        ++batches;
        CHECK(batch.examples.front().dataset == 0);
      }
    CHECK(batches == 2);
    CHECK(samplers < 10);
    CHECK_THROWS_AS(state.draw(), ValueError);
    state.set_probabilities(std::vector{0.5, 0.5});
    CHECK(state.draw().examples.front().dataset == 1);
  }
}

TEST_CASE("A dataset whose prior is too small for a number takes part once it has a share") {
  MosState state({.sizes = {100000, 10}, .prior_temperature = 0.01, .update_interval = 1});
  state.set_probabilities(std::vector{0.5, 0.5});
  struct Active {
    void rewards(RewardContext& context, std::span<double> out) const {
      for (Index d = 0; d < 2; ++d) out[static_cast<std::size_t>(d)] = context.active(d) ? 1.0 : 0.0;
    }
  };
  MosSampler<Active> sampler(state);
  for (auto batch = sampler.begin(); state.updates() < 1; ++batch) {
  }
  CHECK(state.rewards()[1] == 1.0);
}

TEST_CASE("An update that leaves nothing to draw ends the loop, and stays") {
  struct Read {  // all for what has been read
    void rewards(RewardContext& context, std::span<double> out) const {
      for (std::size_t d = 0; d < out.size(); ++d) out[d] = context.run().drawn[d] > 0 ? 1.0 : 0.0;
    }
    ClosedForm update() const { return {}; }
  };
  for (const EpochEnd end : {EpochEnd::steps, EpochEnd::first_pass, EpochEnd::every_pass}) {
    MosState state({.sizes = {4, 4}, .batch_size = 4, .update_interval = 1, .most_passes = 1.0, .epoch_end = end});
    MosSampler<Read> sampler(state);
    int batches = 0;
    for (const Batch& batch : sampler) {
      (void)batch;
      ++batches;
    }
    CHECK(batches == 1);
    CHECK(state.updates() == (end == EpochEnd::first_pass ? 0 : 1));
    CHECK(state.exhausted() == (end != EpochEnd::first_pass));
    CHECK(sampler.begin() == sampler.end());
    CHECK((saved(loaded(saved(state))) == saved(state)));
  }
}

TEST_CASE("A due update that would give what is left a share is not made where nothing can be drawn") {
  MosState state({.sizes = {4, 4}, .batch_size = 4, .update_interval = 1, .most_passes = 1.0});
  state.set_probabilities(std::vector{1.0, 0.0});
  struct Even : Gives {
    ClosedForm update() const { return {}; }
  };
  int batches = 0;
  for (const Batch& batch : MosSampler<Even>(state)) batches += batch.step == 0 ? 1 : 100;
  CHECK(batches == 1);
  CHECK((state.update_due() && state.updates() == 0));
}

TEST_CASE("A dataset whose prior is too small for a number takes part from the first update on, retired it does not") {
  struct Active {
    std::vector<bool>* seen = nullptr;
    void rewards(RewardContext& context, std::span<double> out) const {
      seen->push_back(context.active(1));
      for (double& reward : out) reward = 1.0;
    }
  };
  MosState state({.sizes = {100000, 10}, .prior_temperature = 0.01, .update_interval = 1});
  state.retire(1);
  std::vector<bool> seen;
  MosSampler<Active> sampler(state, {}, Active{&seen});
  for (auto batch = sampler.begin(); state.updates() < 3; ++batch)
    if (state.updates() == 1) state.restore(1);
  CHECK(seen == std::vector<bool>{false, true, true});
}

}
