// SPDX-License-Identifier: MIT
// Tests of mos/schedule.hpp.
#include <pickmix/mos/schedule.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <vector>

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {
const Schedule plan{.stages = {{0, {1.0, 1.0}}, {100, {3.0, 1.0}}, {200, {0.0, 5.0}}}};
}

TEST_CASE("A stage lasts until the next; gradually, shares change evenly between them") {
  RewardRun run;
  run.options.sizes = {1, 1};
  const auto at = [&](Index step, bool gradual) {
    run.step = step;
    Schedule policy = plan;
    policy.gradual = gradual;
    return run(policy);
  };
  CHECK(at(0, false) == Doubles{0.5, 0.5});
  CHECK(at(99, false) == Doubles{0.5, 0.5});
  CHECK(at(100, false) == Doubles{0.75, 0.25});
  CHECK(at(1000, false) == Doubles{0.0, 1.0});
  CHECK(at(50, true) == Doubles{0.625, 0.375});
  CHECK(at(100, true) == Doubles{0.75, 0.25});
  CHECK(at(150, true)[0] == Approx(0.375));
  CHECK(at(1000, true) == Doubles{0.0, 1.0});
}

TEST_CASE("A sampler follows it") {
  MosState state({.sizes = {100, 100}, .batch_size = 1, .update_interval = 10});
  for (const Batch& batch : MosSampler<Schedule>(state, {}, plan))
    if (batch.step >= 110) CHECK(state.probabilities()[0] == Approx(0.75));
}

TEST_CASE("Plans that make no sense are refused before training") {
  RewardRun run;
  run.options.sizes = {1, 1};
  CHECK_THROWS_AS(run.start(Schedule{}), ValueError);
  CHECK_THROWS_AS(run.start(Schedule{.stages = {{5, {1.0, 1.0}}, {5, {1.0, 1.0}}}}), ValueError);
  CHECK_THROWS_AS(run.start(Schedule{.stages = {{0, {1.0}}}}), ShapeError);
  CHECK_THROWS_AS(run.start(Schedule{.stages = {{0, {0.0, 0.0}}}}), ValueError);
  CHECK_THROWS_AS(run.start(Schedule{.stages = {{0, {std::nan(""), 1.0}}}}), ValueError);
}
