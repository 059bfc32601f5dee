// SPDX-License-Identifier: MIT
// Learning trajectory: smoothing computed by hand.
#include <pickmix/mos/trajectory.hpp>

#include <pickmix/mos/difficulty.hpp>
#include <pickmix/mos/sampler.hpp>
#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/reward_run.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace mos_trajectory_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

/// Fresh rewards (2, 0.5), then (4, 1), then (0, 3).
struct Scripted {
  void rewards(RewardContext& context, std::span<double> out) const {
    static constexpr double script[3][2] = {{2.0, 0.5}, {4.0, 1.0}, {0.0, 3.0}};
    for (std::size_t d = 0; d < 2; ++d) out[d] = script[context.updates()][d];
  }
};

/// The rewards the state has learnt from at each of its first `updates` updates, one every second step.
template <class Policy>
std::vector<Doubles> learnt(MosState<>& state, std::size_t updates, const Policy& policy) {
  std::vector<Doubles> rewards;
  MosSampler<Policy> sampler(state, {}, policy);
  for (const Batch& batch : sampler) {
    if (batch.step > 0 && batch.step % 2 == 0) rewards.emplace_back(state.rewards().begin(), state.rewards().end());
    if (rewards.size() == updates) break;
  }
  return rewards;
}

MosState<> two_datasets() { return MosState({.sizes = {50, 50}, .batch_size = 1, .update_interval = 2}); }

void check_near(const Doubles& rewards, const Doubles& expected) {
  for (std::size_t d = 0; d < 2; ++d) CHECK(rewards[d] == Approx(expected[d]).epsilon(1e-12));
}

struct NeedsLoss : Scripted {
  static constexpr bool needs_loss = true;
};

}  // namespace

static_assert(RewardPolicy<LearningTrajectory<Difficulty>> &&
              RewardPolicy<LearningTrajectory<LearningTrajectory<Scripted>>>);
static_assert(LearningTrajectory<NeedsLoss>::needs_loss && !LearningTrajectory<Scripted>::needs_loss);

TEST_CASE("Three updates are smoothed as computed by hand") {
  auto state = two_datasets();
  const auto rewards = learnt(state, 3, LearningTrajectory<Scripted>{});
  check_near(rewards[0], {0.9 * 2.0 + 0.1 * 1.0, 0.9 * 0.5 + 0.1 * 1.0});   // 1.9, 0.55
  check_near(rewards[1], {0.9 * 4.0 + 0.1 * 1.9, 0.9 * 1.0 + 0.1 * 0.55});  // 3.79, 0.955
  check_near(rewards[2], {0.1 * 3.79, 0.9 * 3.0 + 0.1 * 0.955});
}

TEST_CASE("The weight of the fresh reward can be chosen") {
  auto state = two_datasets();
  const auto rewards = learnt(state, 2, LearningTrajectory<Scripted>{{}, 0.5});
  check_near(rewards[0], {1.5, 0.75});
  check_near(rewards[1], {2.75, 0.875});
}

TEST_CASE("At weight one nothing is smoothed; at weight zero nothing is learnt") {
  auto fresh = two_datasets(), stale = two_datasets();
  CHECK(learnt(fresh, 3, LearningTrajectory<Scripted>{{}, 1.0}) == std::vector<Doubles>{{2, 0.5}, {4, 1}, {0, 3}});
  CHECK(learnt(stale, 3, LearningTrajectory<Scripted>{{}, 0.0}) == std::vector<Doubles>(3, {1, 1}));
}

TEST_CASE("The smoothed rewards are kept in checkpoints") {
  auto state = two_datasets();
  (void)learnt(state, 2, LearningTrajectory<Scripted>{});
  auto resumed = loaded(saved(state));
  check_near(learnt(resumed, 1, LearningTrajectory<Scripted>{})[0], {0.379, 2.7955});
}

TEST_CASE("Smoothing inside smoothing keeps two memories apart") {
  auto state = two_datasets();
  const auto rewards = learnt(state, 2, LearningTrajectory<LearningTrajectory<Scripted>>{{{}, 0.5}, 0.5});
  check_near(rewards[0], {1.25, 0.875});
  check_near(rewards[1], {0.5 * 2.75 + 0.5 * 1.25, 0.5 * 0.875 + 0.5 * 0.875});
}

TEST_CASE("The policy inside is started and has names of its own") {
  MosState state({.sizes = {30, 40}});
  const MosSampler<LearningTrajectory<Difficulty>> sampler(state, loss_callback(plain_loss));
  CHECK(state.memory().count("trajectory/difficulty.reference") == 1);
  CHECK(state.memory().size() == 1);
}

TEST_CASE("Smoothed rewards of other datasets are refused") {
  auto state = two_datasets();
  state.memory({{"trajectory.smoothed", {1.0, 1.0, 1.0}}});
  CHECK_THAT(thrown<ValueError>([&] { (void)learnt(state, 1, LearningTrajectory<Scripted>{}); }),
             ContainsSubstring("3 rewards for 2 datasets"));
}

TEST_CASE("A weight outside [0, 1] is refused by name") {
  for (double bad : {-0.01, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
    auto state = two_datasets();
    CHECK_THAT(thrown<ValueError>([&] {
                 (void)learnt(state, 1, LearningTrajectory<Scripted>{{}, bad});
               }),
               ContainsSubstring("LearningTrajectory: beta"));
  }
}

TEST_CASE("As printed, it is the fresh reward of the update before that is mixed in") {
  RewardRun run;
  run.options.sizes = {1};
  struct Level {
    double level;
    void rewards(RewardContext&, std::span<double> out) const { out[0] = level; }
  };
  const auto reward = [&](double level, bool recursive) {
    return run(LearningTrajectory<Level>{.policy = {level}, .beta = 0.75, .recursive = recursive})[0];
  };
  CHECK(reward(8.0, false) == 8.0);
  CHECK(reward(4.0, false) == 0.75 * 4.0 + 0.25 * 8.0);
  CHECK(reward(0.0, false) == 0.25 * 4.0);
  run.memory.clear();
  CHECK(reward(8.0, true) == 0.75 * 8.0 + 0.25);
  CHECK(reward(4.0, true) == 0.75 * 4.0 + 0.25 * 6.25);
}

TEST_CASE("A dataset that is added begins at 1; the others go on") {
  auto state = two_datasets();
  state.memory({{"trajectory.smoothed", {0.25, 0.5}}});
  state.add_dataset(10, 0.25);
  RewardRun run;
  run.options = state.options();
  run.memory = state.memory();
  struct Zero {
    void rewards(RewardContext&, std::span<double> out) const { std::fill(out.begin(), out.end(), 0.0); }
  };
  const auto rewards = run(LearningTrajectory<Zero>{.beta = 0.5});
  CHECK(rewards == std::vector<double>{0.125, 0.25, 0.5});
}

TEST_CASE("A dataset that comes back goes on with the reward it had, or begins if it had none") {
  struct Constant {
    void rewards(RewardContext& context, std::span<double> out) const {
      for (Index d = 0; d < context.datasets(); ++d) out[static_cast<std::size_t>(d)] = context.active(d) ? 3.0 : 0.0;
    }
  };
  for (bool recursive : {true, false}) {
    const LearningTrajectory<Constant> policy{.beta = 0.5, .recursive = recursive};
    RewardRun run;
    run.options.sizes = {1, 1, 1};
    run.prior = {0.5, 0.5, 0.0};  // the third is retired from the start
    for (int update = 0; update < 40; ++update) (void)run(policy);
    run.prior = {0.5, 0.0, 0.5};
    const double first = run(policy)[2];
    CHECK(first == (recursive ? 2.0 : 3.0));
    for (int update = 0; update < 2; ++update) (void)run(policy);
    run.prior = {0.4, 0.3, 0.3};
    const Doubles rewards = run(policy);
    CHECK(rewards[1] == Approx(rewards[0]).epsilon(1e-9));
  }
}

TEST_CASE("Trajectory: equal datasets stay equal when one is retired for three updates and restored") {
  MosState state({.sizes = {50, 50}, .batch_size = 1, .update_interval = 2, .epoch_steps = 1000});
  MosSampler<LearningTrajectory<Difficulty>> sampler(state, loss_callback([](const Example&) { return 1.5; }));
  for (const Batch& batch : sampler) {
    if (state.updates() == 2) state.retire(0);
    if (state.updates() == 5) state.restore(0);
    if (batch.step == 15) break;
  }
  CHECK(state.rewards()[0] == state.rewards()[1]);
}

TEST_CASE("A reward inside that is negative or not a number is refused by dataset, before it is smoothed") {
  struct Bad {
    double reward;
    void rewards(RewardContext&, std::span<double> out) const {
      out[0] = 1.0;
      out[1] = reward;
    }
  };
  for (double bad : {-0.1, std::numeric_limits<double>::quiet_NaN()}) {
    MosState state({.sizes = {10, 10}, .batch_size = 2, .update_interval = 1});
    MosSampler<LearningTrajectory<Bad>> sampler(state, {}, {.policy = {bad}});
    auto batch = sampler.begin();
    CHECK_THAT(thrown<ValueError>([&] { ++batch; }),
               ContainsSubstring("the reward of dataset 1 within 'trajectory/' is"));
  }
}

}
