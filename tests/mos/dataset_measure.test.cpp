// SPDX-License-Identifier: MIT
// Tests of mos/dataset_measure.hpp.
#include <pickmix/mos/dataset_measure.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <vector>

namespace mos_dataset_measure_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("Each dataset in the mixture is asked for once, in order") {
  RewardRun run;
  run.options.sizes = {1, 1, 1};
  run.prior = {0.5, 0.0, 0.5};
  std::vector<Index> asked;
  Doubles out(3, -1.0);
  detail::measure_each(
      run.context(),
      [&](Index d) {
        asked.push_back(d);
        return 1.0 + static_cast<double>(d);
      },
      "test", out);
  CHECK(asked == std::vector<Index>{0, 2});
  CHECK(out == Doubles{1.0, 0.0, 3.0});
}

TEST_CASE("An empty measure and numbers that are none are refused by name") {
  RewardRun run;
  run.options.sizes = {1};
  Doubles out(1);
  CHECK_THROWS_WITH(detail::check_measure({}, "Who: what"), ContainsSubstring("Who: what is empty"));
  for (double wrong : {-1.0, std::nan("")})
    CHECK_THROWS_AS(detail::measure_each(
                        run.context(), [&](Index) { return wrong; }, "test", out),
                    CallbackError);
}

}
