// SPDX-License-Identifier: MIT
// Tests of mos/schedule.hpp.
#include <pickmix/mos/schedule.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace mos_schedule_test {

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
  for (double share : {std::nan(""), -1.0, HUGE_VAL})
    CHECK_THROWS_WITH(run.start(Schedule{.stages = {{0, {1.0, 1.0}}, {5, {3.0, share}}}}),
                      ContainsSubstring("share of dataset 1 in stage 1"));
}

TEST_CASE("Before its first stage a plan leaves the shares as they are, gradual or not") {
  for (const bool gradual : {false, true}) {
    MosState state({.sizes = {100, 300}, .batch_size = 1, .prior_temperature = 1.0, .update_interval = 10});
    const Schedule late{.stages = {{100, {0.0, 1.0}}, {200, {1.0, 1.0}}}, .gradual = gradual};
    for (const Batch& batch : MosSampler<Schedule>(state, {}, late)) {
      CAPTURE(gradual, batch.step);
      const double now = state.probabilities()[0];
      if (batch.step <= 50)
        CHECK(now == Approx(0.25));
      else if (batch.step < 100)
        CHECK(now == Approx(0.75));
      else if (batch.step < 110)
        CHECK(now == Approx(0.0).margin(1e-12));
      else
        CHECK(now == Approx(gradual ? 0.05 : 0.0).margin(1e-12));
      if (batch.step == 50) state.set_probabilities(Doubles{0.75, 0.25});
      if (batch.step == 115) break;
    }
    CHECK(state.updates() == 11);
  }
}

TEST_CASE("A stage from before the run is refused by its number; steps as far as numbers go are not") {
  RewardRun run;
  run.options.sizes = {1, 1};
  constexpr Index last = std::numeric_limits<Index>::max(), first = std::numeric_limits<Index>::min();
  CHECK_THROWS_WITH(run.start(Schedule{.stages = {{-1, {1.0, 1.0}}, {5, {1.0, 1.0}}}}),
                    ContainsSubstring("stage 0 is from step -1"));
  CHECK_THROWS_AS(run.start(Schedule{.stages = {{first, {1.0, 1.0}}, {5, {1.0, 1.0}}}}), ValueError);
  run.step = last - 1;
  CHECK(run(Schedule{.stages = {{0, {1.0, 0.0}}, {last, {0.0, 1.0}}}, .gradual = true})[1] == Approx(1.0));
}

}
