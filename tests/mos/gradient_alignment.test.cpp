// SPDX-License-Identifier: MIT
// Tests of mos/gradient_alignment.hpp.
#include <pickmix/mos/gradient_alignment.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace mos_gradient_alignment_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {
void along(float x, float y, std::span<float> out) {
  out[0] = x;
  out[1] = y;
}
GradientAlignment two() {
  return {.training = [](Index d, std::span<float> out) { d == 0 ? along(2, 0, out) : along(-1, 0, out); },
          .held_out = [](Index d, std::span<float> out) { d == 0 ? along(1, 0, out) : along(3, 3, out); },
          .size = 2};
}
}  // namespace

TEST_CASE("The reward is the mean cosine with the held-out gradients; below zero it is zero") {
  RewardRun run;
  run.options.sizes = {1, 1};
  const Doubles rewards = run(two());
  CHECK(rewards[0] == Approx((1.0 + std::sqrt(0.5)) / 2.0));
  CHECK(rewards[1] == 0.0);
}

TEST_CASE("A gradient that is zero has nothing in common with any, and still counts") {
  RewardRun run;
  run.options.sizes = {1, 1};
  GradientAlignment policy = two();
  policy.held_out = [](Index d, std::span<float> out) { d == 0 ? along(4, 0, out) : along(0, 0, out); };
  CHECK(run(policy) == Doubles{0.5, 0.0});
  policy.training = [](Index, std::span<float> out) { along(0, 0, out); };
  CHECK(run(policy) == Doubles{0.0, 0.0});
}

TEST_CASE("Retired datasets have no part in it") {
  RewardRun run;
  run.options.sizes = {1, 1};
  run.prior = {1.0, 0.0};
  CHECK(run(two()) == Doubles{1.0, 0.0});
}

TEST_CASE("Missing functions, no size and entries that are not written are refused") {
  RewardRun run;
  run.options.sizes = {1, 1};
  GradientAlignment policy = two();
  policy.size = 0;
  CHECK_THROWS_WITH(run.start(policy), ContainsSubstring("size is 0"));
  policy.size = std::numeric_limits<Index>::max();
  CHECK_THROWS_AS(run.start(policy), ValueError);
  policy.size = 3;
  CHECK_THROWS_AS(run(policy), CallbackError);
  policy.held_out = {};
  CHECK_THROWS_AS(run.start(policy), ValueError);
}

}
