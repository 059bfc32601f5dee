// SPDX-License-Identifier: MIT
// Tests of mos/dynamix_sft.hpp.
#include <pickmix/mos/dynamix_sft.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <utility>
#include <vector>

namespace mos_dynamix_sft_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("The reward is the part of the loss that a step takes away, above the smallest") {
  RewardRun run;
  run.options.sizes = {1, 1, 1};
  run.prior = {0.5, 0.5, 0.0};
  const DynamixSft policy{.virtual_step = [](Index d) {
    return d == 0 ? std::pair{2.0, 1.0} : std::pair{4.0, 5.0};  // gains 1/2 and −1/4
  }};
  const Doubles rewards = run(policy);
  CHECK(rewards[0] == Approx(0.75));
  CHECK(rewards[1] == 0.0);
  CHECK(rewards[2] == 0.0);
}

TEST_CASE("Losses that are none, and no function, are refused") {
  RewardRun run;
  run.options.sizes = {1};
  CHECK_THROWS_WITH(run.start(DynamixSft{}), ContainsSubstring("virtual_step is empty"));
  for (double wrong : {-1.0, std::nan("")})
    CHECK_THROWS_AS(run(DynamixSft{.virtual_step = [&](Index) { return std::pair{1.0, wrong}; }}), CallbackError);
}

}
