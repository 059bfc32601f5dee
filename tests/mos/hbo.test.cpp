// SPDX-License-Identifier: MIT
// Tests of mos/hbo.hpp.
#include <pickmix/mos/hbo.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <vector>

namespace mos_hbo_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("The reward is the gradient's norm") {
  RewardRun run;
  run.options.sizes = {1, 1};
  CHECK(run(Hbo{.gradient_norm = [](Index d) { return d == 0 ? 5.0 : 13.0; }}) == Doubles{5.0, 13.0});
  CHECK_THROWS_WITH(run.start(Hbo{}), ContainsSubstring("gradient_norm is empty"));
}

}
