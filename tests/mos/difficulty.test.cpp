// SPDX-License-Identifier: MIT
// Difficulty: the mean of perplexity ratios, against a reference that is measured once.
#include <pickmix/mos/difficulty.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/reward_run.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace mos_difficulty_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Sampler = MosSampler<Difficulty>;

/// Draws until the distribution has been updated.
void run_to_update(Sampler& sampler, const MosState<>& state) {
  const Index before = state.updates();
  for (const Batch& batch : sampler) {
    (void)batch;
    if (state.updates() > before) break;
  }
}

}  // namespace

TEST_CASE("The reward is the mean of ratios of perplexities, not the ratio of means") {
  double now[2][2] = {{std::log(2.0), std::log(4.0)}, {std::log(3.0), std::log(5.0)}};
  const auto callbacks = loss_callback([&](const Example& e) { return now[e.dataset][e.row]; });
  MosState state({.sizes = {2, 2}, .batch_size = 1, .update_interval = 2});
  Sampler sampler(state, callbacks);
  now[0][0] = std::log(1.0);  // ratios 1/2 and 4/4: mean 0.75, where the means of perplexities give 5/6
  now[1][1] = std::log(7.5);  // ratios 3/3 and 7.5/5: mean 1.25
  run_to_update(sampler, state);
  REQUIRE(state.rewards().size() == 2);
  CHECK(state.rewards()[0] == Approx(0.75).epsilon(1e-6));
  CHECK(state.rewards()[1] == Approx(1.25).epsilon(1e-6));
}

TEST_CASE("A model that has not changed is rewarded with one") {
  MosState state({.sizes = {100, 7}, .batch_size = 2, .update_interval = 3});
  Sampler sampler(state, loss_callback(plain_loss));
  run_to_update(sampler, state);
  for (double reward : state.rewards()) CHECK(reward == 1.0);
}

TEST_CASE("Rewards are measured on the examples of the reference, at every update") {
  std::vector<std::vector<Example>> asked;
  const Callbacks callbacks{.loss = [&](std::span<const Example> examples, std::span<float> out) {
    asked.emplace_back(examples.begin(), examples.end());
    for (float& loss : out) loss = 1.0f;
  }};
  MosState state({.sizes = {100, 7}, .batch_size = 2, .update_interval = 3, .reward_batch = 20, .seed = 5});
  Sampler sampler(state, callbacks);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].size() == 20);
  CHECK(asked[1].size() == 7);
  run_to_update(sampler, state);
  run_to_update(sampler, state);
  REQUIRE(asked.size() == 6);
  for (std::size_t call = 2; call < 6; ++call) CHECK(asked[call] == asked[call % 2]);
}

TEST_CASE("The reference is measured once for a state, whatever the model has become") {
  FailingTrainer trainer;
  MosState state({.sizes = {30, 40}});
  const Sampler first(state, trainer.callbacks());
  CHECK(trainer.calls == 2);
  const auto reference = state.memory();
  trainer.level = 1.0;
  const Sampler second(state, trainer.callbacks());
  CHECK(trainer.calls == 2);
  CHECK(state.memory() == reference);
}

TEST_CASE("The reference is kept in checkpoints") {
  FailingTrainer trainer;
  MosState state({.sizes = {30, 40}, .batch_size = 4, .update_interval = 5});
  const Sampler before(state, trainer.callbacks());
  auto resumed = loaded(saved(state));
  CHECK(resumed.memory() == state.memory());
  trainer.level = -1.0;
  Sampler after(resumed, trainer.callbacks());
  CHECK(trainer.calls == 2);
  run_to_update(after, resumed);
  for (double reward : resumed.rewards()) CHECK(reward == Approx(std::exp(-1.0)).epsilon(1e-6));
}

TEST_CASE(
    "Log-likelihoods, which are losses of the other sign, are refused at the start, at an update and as a reference") {
  double sign = -1.0;
  const auto callbacks = loss_callback([&](const Example&) { return sign * 2.5; });
  MosState state({.sizes = {3, 7}, .batch_size = 1, .update_interval = 2});
  CHECK_THAT(
      thrown<CallbackError>([&] { const Sampler sampler(state, callbacks); }),
      ContainsSubstring("Difficulty: the loss of dataset 0, row") && ContainsSubstring("is -2.5; nats per token"));
  sign = 1.0;
  Sampler sampler(state, callbacks);
  sign = -1.0;
  CHECK_THAT(thrown<CallbackError>([&] { run_to_update(sampler, state); }),
             ContainsSubstring("negative log-likelihood"));
  MosState other({.sizes = {3, 7}, .batch_size = 1, .update_interval = 2});
  Sampler given(other, loss_callback(plain_loss), Difficulty{.reference = callbacks.loss});
  CHECK_THAT(thrown<CallbackError>([&] { run_to_update(given, other); }), ContainsSubstring("negative log-likelihood"));
  sign = -1e-5;  // a token that is certain, but for rounding
  run_to_update(sampler, state);
  CHECK(state.updates() == 1);
}

TEST_CASE("A reference that another policy has spoilt is refused") {
  MosState state({.sizes = {30, 40}, .update_interval = 1});
  Sampler sampler(state, loss_callback(plain_loss));
  state.memory({{"difficulty.reference", {1.0}}});
  CHECK_THAT(thrown<ValueError>([&] { run_to_update(sampler, state); }), ContainsSubstring("dataset 0"));
}

TEST_CASE("Without a loss callback difficulty is refused") {
  MosState state({.sizes = {30, 40}});
  CHECK_THAT(thrown<ValueError>([&] { const Sampler sampler(state); }), ContainsSubstring("Callbacks::loss is empty"));
}

TEST_CASE("A perplexity beyond all numbers is refused, and the state is as it was") {
  FailingTrainer trainer;
  MosState state({.sizes = {30, 40}, .batch_size = 4, .update_interval = 5});
  Sampler sampler(state, trainer.callbacks());
  trainer.level = 1000.0;
  CHECK_THAT(thrown<ValueError>([&] { run_to_update(sampler, state); }),
             ContainsSubstring("reward of dataset 0 is inf"));
  CHECK(state.updates() == 0);
}

TEST_CASE("With a reference that is given nothing is measured at the start, and each update draws other examples") {
  std::vector<Index> first, second;
  std::vector<Index>* rows = &first;
  RewardRun run;
  run.options.sizes = {200, 300};
  run.options.reward_batch = 7;
  run.callbacks = loss_callback([&](const Example& e) {
    rows->push_back(e.row);
    return 1.5 + 0.001 * static_cast<double>(e.row);
  });
  const Difficulty policy{.reference = [](std::span<const Example> examples, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(1.0 + 0.001 * static_cast<double>(examples[i].row) +
                                  (examples[i].dataset == 0 ? 0.5 : 0.0));
  }};
  run.start(policy);
  CHECK(first.empty());
  const auto rewards = run(policy);
  CHECK(rewards[0] == Approx(1.0).epsilon(1e-5));
  CHECK(rewards[1] == Approx(std::exp(0.5)).epsilon(1e-5));
  rows = &second;
  CHECK(run(policy)[1] == Approx(rewards[1]).epsilon(1e-5));
  CHECK(first.size() == 14);
  CHECK(first != second);
  CHECK_THAT(
      thrown<CallbackError>([&] { run(Difficulty{.reference = [](std::span<const Example>, std::span<float>) {}}); }),
      ContainsSubstring("Difficulty: reference gave nan for example {dataset 0"));
}

TEST_CASE("A reference that is given is not asked for a retired dataset") {
  RewardRun run;
  run.options.sizes = {5, 6, 7};
  run.prior = {0.5, 0.0, 0.5};
  run.callbacks = loss_callback(plain_loss);
  std::vector<Index> asked;
  const Difficulty policy{.reference = [&](std::span<const Example> examples, std::span<float> out) {
    asked.push_back(examples[0].dataset);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(plain_loss(examples[i]));
  }};
  CHECK(run(policy) == std::vector<double>{1.0, 0.0, 1.0});
  CHECK(asked == std::vector<Index>{0, 2});
}

TEST_CASE("Behind a retired dataset the others keep their own references") {
  RewardRun run;
  run.options.sizes = {5, 6, 7};
  run.callbacks = loss_callback([](const Example& e) { return static_cast<double>(e.dataset); });
  run.start(Difficulty{});
  run.prior = {0.5, 0.0, 0.5};
  CHECK(run(Difficulty{}) == std::vector<double>{1.0, 0.0, 1.0});
}

TEST_CASE("A dataset that is added is measured when the next sampler is made; a retired one is not asked for") {
  MosState state({.sizes = {30, 40}, .batch_size = 4, .update_interval = 3, .reward_batch = 5});
  int calls = 0;
  double level = 0.0;
  const auto callbacks = loss_callback([&](const Example& e) {
    ++calls;
    return level + static_cast<double>(e.dataset);
  });
  { const Sampler sampler(state, callbacks); }
  CHECK(calls == 10);
  state.add_dataset(20, 0.2);
  level = 0.25;
  state.retire(0);
  Sampler sampler(state, callbacks);
  CHECK(calls == 15);
  run_to_update(sampler, state);
  CHECK(calls == 25);
  CHECK(state.rewards()[0] == 0.0);
  CHECK(state.rewards()[1] == Approx(std::exp(0.25)).epsilon(1e-6));
  CHECK(state.rewards()[2] == Approx(1.0).epsilon(1e-6));
}

TEST_CASE(
    "The examples of the reference stay when a dataset is restricted; with a reference that is given they are of its "
    "rows") {
  std::vector<Example> asked;
  const Callbacks callbacks{.loss = [&](std::span<const Example> examples, std::span<float> out) {
    asked.assign(examples.begin(), examples.end());
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = static_cast<float>(plain_loss(examples[k]));
  }};
  const MosOptions options{.sizes = {100}, .batch_size = 2, .update_interval = 3, .reward_batch = 10, .epoch_steps = 9};
  const std::vector<Index> few{4, 8, 15};
  MosState state(options);
  { const Sampler measures_the_reference(state, callbacks); }
  const std::vector<Example> of_reference = asked;
  state.restrict_rows(0, few);
  Sampler sampler(state, callbacks);
  run_to_update(sampler, state);
  CHECK(asked == of_reference);
  CHECK(state.rewards()[0] == 1.0);

  MosState given(options);
  given.restrict_rows(0, few);
  const Difficulty policy{.reference = callbacks.loss};
  Sampler again(given, callbacks, policy);
  run_to_update(again, given);
  CHECK(asked.size() == 3);
  for (const Example& e : asked) CHECK((e.row == 4 || e.row == 8 || e.row == 15));
}

}
