// SPDX-License-Identifier: MIT
// The baselines: the mixture stays as it starts.
#include <pickmix/mos/static.hpp>

#include <pickmix/mos/sampler.hpp>
#include <support/catch.hpp>

#include <vector>

namespace mos_static_test {

using namespace pickmix;

static_assert(SamplerPolicy<Static> && !RewardPolicy<Static>);

TEST_CASE("A static mixture needs no callbacks, is never updated and keeps every bit of its distribution") {
  MosState state({.sizes = {100, 300, 50}, .batch_size = 5, .prior_temperature = 10.0, .update_interval = 1});
  const auto start = state.probabilities();
  for (int epoch = 0; epoch < 3; ++epoch)
    for (const Batch& batch : MosSampler<Static>(state)) {
      (void)batch;
      REQUIRE(state.probabilities() == start);
    }
  CHECK(state.step() == 3 * 90);
  CHECK(state.updates() == 0);
  CHECK(state.rewards().empty());
  CHECK(state.memory().empty());
}

}
