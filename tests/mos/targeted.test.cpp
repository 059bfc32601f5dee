// SPDX-License-Identifier: MIT
// Tests of mos/targeted.hpp.
#include <pickmix/mos/targeted.hpp>

#include <pickmix/mos/exp3.hpp>
#include <pickmix/mos/trajectory.hpp>
#include <pickmix/mos/transferability.hpp>
#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <span>
#include <vector>

namespace mos_targeted_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {
struct Level {
  Doubles level;
  void rewards(RewardContext& context, std::span<double> out) const {
    context.remember("seen", level);
    for (std::size_t d = 0; d < out.size(); ++d) out[d] = level[d];
  }
};
struct Begun : Level {
  void start(RewardContext& context) const { context.remember("begun", level); }
};
template <class Policy>
constexpr bool brings_rule = requires(const Policy& policy) {
  policy.update();
};
}  // namespace

TEST_CASE("The target's own reward is doubled, before it is smoothed") {
  RewardRun run;
  run.options.sizes = {1, 1, 1};
  CHECK(run(Targeted<Level>{{{0.5, 0.25, 1.0}}, 1}) == Doubles{0.5, 0.5, 1.0});
  CHECK(run.memory.count("targeted/seen") == 1);
  const Doubles smooth = run(LearningTrajectory<Targeted<Level>>{{{{0.5, 0.25, 1.0}}, 1}});
  CHECK(smooth[1] == Approx(0.9 * 0.5 + 0.1));
}

TEST_CASE("The policy starts where the target does, with a memory of its own") {
  RewardRun run;
  run.options.sizes = {1, 1};
  run.start(Targeted<Begun>{{{{2.0, 3.0}}}, 1});
  CHECK(run.memory.at("targeted/begun") == Doubles{2.0, 3.0});
}

TEST_CASE("Of transferability it is the cosine with the target") {
  RewardRun run;
  run.options.sizes = {2, 2};
  run.callbacks.embedding_size = 1;
  run.callbacks.embedding = [](std::span<const Example> examples, MatrixView<float> out) {
    for (Index i = 0; i < out.rows(); ++i)
      out(i, 0) = examples[static_cast<std::size_t>(i)].dataset == 0 ? 1.0f : -1.0f;
  };
  CHECK(run(Targeted<Transferability>{{}, 1}) == Doubles{0.0, 1.0});
}

TEST_CASE("The rule is the policy's, if it brings one") {
  struct WithRule : Level {
    Exp3 update() const { return {.scale = 0.5}; }
  };
  CHECK(Targeted<WithRule>{}.update().scale == 0.5);
  CHECK(LearningTrajectory<Targeted<WithRule>>{}.update().scale == 0.5);
  STATIC_REQUIRE_FALSE(brings_rule<Targeted<Level>>);
}

TEST_CASE("A target that is not there, or retired, is refused") {
  RewardRun run;
  run.options.sizes = {1, 1};
  CHECK_THROWS_WITH(run.start(Targeted<Level>{{}, 2}), ContainsSubstring("target is 2"));
  CHECK_THROWS_AS(run.start(Targeted<Level>{{}, -1}), ValueError);
  run.prior = {0.0, 1.0};
  CHECK_THROWS_WITH(run(Targeted<Level>{{{1.0, 1.0}}, 0}), ContainsSubstring("retired"));
}

}
