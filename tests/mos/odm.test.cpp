// SPDX-License-Identifier: MIT
// Tests of mos/odm.hpp.
#include <pickmix/mos/odm.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <vector>

namespace mos_odm_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("The reward is the loss reported, and nothing where nothing was") {
  RewardRun run;
  run.options.sizes = {1, 1, 1};
  run.reported = {2.5, std::nan(""), -0.5};
  CHECK(run(Odm{}) == Doubles{2.5, 0.0, 0.0});
  run.reported = {};
  CHECK(run(Odm{}) == Doubles{0.0, 0.0, 0.0});
}

TEST_CASE("A sampler learns by Exp3 with its scale") {
  MosState by_policy({.sizes = {50, 50}, .batch_size = 5, .update_interval = 2}), by_hand = by_policy;
  const auto train = [](const Batch& batch) { return batch.examples[0].dataset == 0 ? 1.0 : 3.0; };
  for (const Batch& batch : MosSampler<Odm>(by_policy, {}, {.scale = 0.2}))
    by_policy.report(batch.examples[0].dataset, train(batch));
  for (const Batch& batch : MosSampler<Static>(by_hand)) {
    by_hand.report(batch.examples[0].dataset, train(batch));
    if (by_hand.step() % 2 == 0 && by_hand.step() < 20) {
      Doubles rewards = by_hand.reported();
      for (double& r : rewards) r = std::isnan(r) ? 0.0 : r;
      by_hand.learn(rewards, Exp3{.scale = 0.2});
    }
  }
  CHECK(by_policy.updates() == 9);
  CHECK(by_policy.probabilities() == by_hand.probabilities());
  CHECK(by_policy.probabilities()[1] > 0.5);
}

}
