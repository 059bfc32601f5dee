// SPDX-License-Identifier: MIT
// Tests of mos/doremi.hpp.
#include <pickmix/mos/doremi.hpp>

#include <pickmix/mos/trajectory.hpp>
#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace mos_doremi_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {
DoReMi policy() {
  return {.reference = [](std::span<const Example> examples, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = examples[i].row % 2 == 0 ? 1.0f : 3.0f;
  }};
}
}  // namespace

TEST_CASE("The reward is the mean excess loss, clipped example by example") {
  RewardRun run;
  run.options.sizes = {2, 2};
  run.probabilities = {0.25, 0.75};
  run.callbacks.loss = [](std::span<const Example> examples, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = examples[i].dataset == 0 ? 2.0f : 5.0f;
  };
  CHECK(run(policy()) == Doubles{(1.0 + 0.0) / 2.0, (4.0 + 2.0) / 2.0});
  CHECK(doremi_average(run.memory) == Doubles{0.25, 0.75});
  run.probabilities = {0.75, 0.25};
  (void)run(policy());
  CHECK(doremi_average(run.memory) == Doubles{0.5, 0.5});
  CHECK(doremi_average({}).empty());
  CHECK(policy().update().smoothing == 1e-4);
}

TEST_CASE("The mean is found where the policy is inside another; of several there is none") {
  RewardRun run;
  run.options.sizes = {2, 2};
  run.probabilities = {0.25, 0.75};
  run.callbacks.loss = [](std::span<const Example>, std::span<float> out) { out[0] = out[1] = 2.0f; };
  (void)run(LearningTrajectory<DoReMi>{.policy = policy()});
  CHECK(doremi_average(run.memory) == Doubles{0.25, 0.75});
  CHECK(doremi_average({{"my_doremi.sum", {1.0, 1.0}}}).empty());
  (void)run(policy());
  CHECK_THROWS_WITH(doremi_average(run.memory),
                    ContainsSubstring("'doremi.sum'") && ContainsSubstring("'trajectory/doremi.sum'"));
  CHECK_THROWS_AS(doremi_average(run.memory), ValueError);
}

TEST_CASE("Sums that are no distributions' are refused") {
  CHECK_THROWS_AS(doremi_average({{"doremi.sum", {0.0, 0.0}}}), ValueError);
  RewardRun run;
  run.options.sizes = {2};
  run.memory = {{"doremi.sum", {1.0, 1.0}}};
  run.callbacks.loss = [](std::span<const Example>, std::span<float> out) { out[0] = out[1] = 1.0f; };
  CHECK_THROWS_WITH(run(policy()), ContainsSubstring("shares of 2 datasets, there are 1"));
}

TEST_CASE("A missing reference is refused before training, and one that is no number when it comes") {
  RewardRun run;
  run.options.sizes = {2};
  CHECK_THROWS_WITH(run.start(DoReMi{}), ContainsSubstring("reference is empty"));
  run.callbacks.loss = [](std::span<const Example>, std::span<float> out) { out[0] = out[1] = 1.0f; };
  CHECK_THROWS_WITH(run(DoReMi{.reference = [](std::span<const Example>, std::span<float>) {}}),
                    ContainsSubstring("DoReMi: reference gave nan"));
  CHECK(run.memory.empty());
}

}
