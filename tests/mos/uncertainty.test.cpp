// SPDX-License-Identifier: MIT
// Tests of mos/uncertainty.hpp.
#include <pickmix/mos/uncertainty.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <vector>

namespace mos_uncertainty_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("Measures of a response whose tokens have the probabilities 1/2, 1, 1/4") {
  const std::vector<float> p{0.5f, 1.0f, 0.25f};
  CHECK(uncertainty::of_sequence(p) == Approx(1.0 - 0.125));
  CHECK(uncertainty::of_tokens(p) == Approx(1.0 - 1.75 / 3.0));
  const double mean = 1.75 / 3.0;
  CHECK(uncertainty::variance(p) ==
        Approx(((0.5 - mean) * (0.5 - mean) + (1.0 - mean) * (1.0 - mean) + (0.25 - mean) * (0.25 - mean)) / 3.0));
}

TEST_CASE("What are no probabilities is refused") {
  for (const auto& p : {std::vector<float>{}, {0.5f, 1.5f}, {-0.1f}, {std::nanf("")}})
    CHECK_THROWS_AS(uncertainty::of_sequence(p), ValueError);
}

TEST_CASE("The reward is what is measured") {
  RewardRun run;
  run.options.sizes = {1, 1};
  CHECK(run(Uncertainty{[](Index d) { return 0.25 * static_cast<double>(d); }}) == Doubles{0.0, 0.25});
  CHECK_THROWS_WITH(run.start(Uncertainty{}), ContainsSubstring("measure is empty"));
}

}
