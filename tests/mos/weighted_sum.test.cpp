// SPDX-License-Identifier: MIT
// Tests of mos/weighted_sum.hpp.
#include <pickmix/mos/weighted_sum.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

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
}  // namespace

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
