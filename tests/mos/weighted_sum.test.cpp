// SPDX-License-Identifier: MIT
// Tests of mos/weighted_sum.hpp.
#include <pickmix/mos/weighted_sum.hpp>

#include <pickmix/mos/closed_form.hpp>
#include <pickmix/mos/exp3.hpp>
#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <vector>

namespace mos_weighted_sum_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {
struct Level {
  static constexpr bool needs_loss = true;
  double level = 0.0;
  void start(RewardContext& context) const { context.remember("level", {level}); }
  void rewards(RewardContext& context, std::span<double> out) const {
    for (std::size_t d = 0; d < out.size(); ++d) out[d] = context.recall("level")[0] * static_cast<double>(d + 1);
  }
};
struct Free {
  void rewards(RewardContext&, std::span<double> out) const {
    for (double& r : out) r = 1.0;
  }
};
struct Steered : Free {
  double rate = 1.0;
  ClosedForm update() const { return {.rate = rate}; }
};
struct Bandit : Free {
  Exp3 update() const { return {}; }
};

/// Whether a policy brings a rule.
template <class Policy>
constexpr bool brings_rule = requires(const Policy& policy) {
  policy.update();
};
}  // namespace

TEST_CASE("Every weight is 1 if none is given; all 0 is refused") {
  RewardRun run;
  run.options.sizes = {1, 1};
  const WeightedSum<Level, Free> sum{.policies = {Level{2.0}, Free{}}};
  run.start(sum);
  CHECK(run(sum) == Doubles{3.0, 5.0});
  CHECK_THROWS_WITH(run.start(WeightedSum<Free, Free>{.weights = {0.0, 0.0}}), ContainsSubstring("all weights are 0"));
  CHECK_NOTHROW(run.start(WeightedSum<Free, Free>{.weights = {0.0, 1.0}}));
}

TEST_CASE("The rule is the policies' where theirs are of one type, else it is the options'") {
  STATIC_REQUIRE(brings_rule<WeightedSum<Steered, Steered>>);
  STATIC_REQUIRE_FALSE(brings_rule<WeightedSum<Steered, Bandit>>);
  STATIC_REQUIRE_FALSE(brings_rule<WeightedSum<Steered, Free>>);
  STATIC_REQUIRE_FALSE(brings_rule<WeightedSum<Free>>);
  WeightedSum<Steered, Steered> sum;
  std::get<0>(sum.policies).rate = 0.25;
  CHECK(sum.update().rate == 0.25);
}

TEST_CASE("The sum is weighted, and the parts remember apart") {
  RewardRun run;
  run.options.sizes = {1, 1};
  const WeightedSum<Level, Level, Free> sum{.policies = {Level{2.0}, Level{10.0}, Free{}}, .weights = {1.0, 0.5, 3.0}};
  run.start(sum);
  CHECK(run(sum) == Doubles{2.0 + 5.0 + 3.0, 4.0 + 10.0 + 3.0});
  static_assert(detail::needs_loss<WeightedSum<Free, Level>> && !detail::needs_loss<WeightedSum<Free>>);
  static_assert(!detail::needs_embedding<WeightedSum<Free, Level>>);
}

TEST_CASE("Weights are finite and not negative") {
  RewardRun run;
  run.options.sizes = {1};
  for (double wrong : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_WITH(run.start(WeightedSum<Free, Free>{.weights = {1.0, wrong}}), ContainsSubstring("weights[1]"));
}

}
