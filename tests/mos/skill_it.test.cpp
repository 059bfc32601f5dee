// SPDX-License-Identifier: MIT
// Tests of mos/skill_it.hpp.
#include <pickmix/mos/skill_it.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace mos_skill_it_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {
RewardRun two(const Doubles& losses) {
  RewardRun run;
  run.options.sizes = {4, 4};
  run.prior = {0.25, 0.75};
  run.callbacks.loss = [losses](std::span<const Example> examples, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(losses[static_cast<std::size_t>(examples[i].dataset)]);
  };
  return run;
}
Doubles normalised(Doubles p) {
  const double sum = p[0] + p[1];
  return {p[0] / sum, p[1] / sum};
}
}  // namespace

TEST_CASE("What is drawn is the prior times the exponential of what the last three losses call for") {
  RewardRun run = two({1.0, 2.0});
  const SkillIt policy{.graph = {1.0, 0.5, 0.0, 1.0}, .rate = 0.1};
  for (int update = 1; update <= 5; ++update) {
    const double window = std::min(update, 3);
    const double first = 0.25 * std::exp(0.1 * window * (1.0 + 0.5 * 2.0)),
                 second = 0.75 * std::exp(0.1 * window * 2.0);
    const Doubles p = normalised(run(policy));
    CHECK(p[0] == Approx(first / (first + second)));
  }
  CHECK(policy.update().rate == 1.0);
}

TEST_CASE("Losses of another number of datasets are forgotten") {
  RewardRun run = two({1.0, 2.0, 4.0});
  const SkillIt of_two{.graph = {1.0, 0.0, 0.0, 1.0}, .rate = 0.1};
  for (int update = 0; update < 3; ++update) run(of_two);  // six losses, as of three datasets in two updates
  run.options.sizes = {4, 4, 4};
  run.prior = {0.25, 0.25, 0.5};
  const Doubles rewards = run(SkillIt{.graph = {1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0}, .rate = 0.1});
  CHECK(rewards[0] / rewards[1] == Approx(std::exp(0.1 * 1.0)));
  CHECK(rewards[2] / rewards[1] == Approx(2.0 * std::exp(0.1 * (4.0 - 2.0))));
}

TEST_CASE("A window that is not so many losses of each dataset is refused") {
  const SkillIt policy{.graph = {1.0, 0.0, 0.0, 1.0}};
  for (const Doubles& wrong : {Doubles{2.0, 1.0}, Doubles{2.0, 1.0, 1.0, 1.0}, Doubles(9, 2.0)}) {
    RewardRun run = two({1.0, 2.0});
    run.memory = {{"skill_it.window", wrong}};
    CHECK_THROWS_WITH(run(policy), ContainsSubstring("SkillIt: the state remembers"));
    CHECK_THROWS_AS(run(policy), ValueError);
  }
}

TEST_CASE("Skill it: equal datasets stay equal when one is retired for three updates and restored") {
  RewardRun run = two({1.5, 1.5});
  const SkillIt policy{.graph = {1.0, 0.0, 0.0, 1.0}, .rate = 0.5};
  const Doubles both{0.5, 0.5};
  run.prior = both;
  for (int update = 0; update < 3; ++update) (void)run(policy);
  run.prior = {0.0, 1.0};
  for (int update = 0; update < 3; ++update) CHECK(run(policy) == Doubles{0.0, 1.0});
  run.prior = both;
  for (int update = 0; update < 3; ++update) CHECK(normalised(run(policy)) == both);
}

TEST_CASE("A dataset that was never measured counts with its first loss") {
  RewardRun run = two({1.5, 1.5});
  const SkillIt policy{.graph = {1.0, 0.0, 0.0, 1.0}, .rate = 0.5};
  run.prior = {0.0, 1.0};
  for (int update = 0; update < 3; ++update) (void)run(policy);
  run.prior = {0.5, 0.5};
  CHECK(normalised(run(policy)) == Doubles{0.5, 0.5});
}

TEST_CASE("A retired dataset has no part in what the others are worth") {
  RewardRun run = two({1.0, 2.0, 4.0});
  run.options.sizes = {4, 4, 4};
  run.prior = {0.5, 0.5, 0.0};
  const SkillIt policy{.graph = {0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 9.0, 9.0, 9.0}, .rate = 1000.0};
  for (int update = 0; update < 2; ++update) CHECK(run(policy) == Doubles{0.5, 0.5, 0.0});
}

TEST_CASE("Without a prior every dataset counts the same") {
  RewardRun run = two({1.0, 1.0});
  run.prior.clear();
  CHECK(run(SkillIt{.graph = {1.0, 0.0, 0.0, 1.0}}) == Doubles{1.0, 1.0});
}

TEST_CASE("A graph of another size, with negative entries or none, is refused before training") {
  RewardRun run = two({1.0, 2.0});
  CHECK_THROWS_WITH(run.start(SkillIt{}), ContainsSubstring("graph has 0 entries"));
  CHECK_THROWS_AS(run.start(SkillIt{.graph = {1.0, -0.5, 0.0, 1.0}}), ValueError);
  CHECK_THROWS_AS(run.start(SkillIt{.graph = {1.0, 0.0, 0.0, 1.0}, .rate = std::nan("")}), ValueError);
}

}
