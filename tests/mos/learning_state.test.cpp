// SPDX-License-Identifier: MIT
// Tests of mos/learning_state.hpp.
#include <pickmix/mos/learning_state.hpp>

#include <support/catch.hpp>

#include <vector>

namespace mos_learning_state_test {

using namespace pickmix;

TEST_CASE("A learning state refers to what it is made of; rewards and losses may be missing") {
  std::vector<Index> sizes{3, 4};
  const std::vector<double> p{0.5, 0.5};
  const LearningState now{sizes, sizes, p, {}, {}, 7};
  sizes[1] = 9;
  CHECK((now.sizes[1] == 9 && now.drawn[1] == 9 && now.rewards.empty() && now.losses.empty() && now.step == 7));
}

}
