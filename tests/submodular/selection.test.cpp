// SPDX-License-Identifier: MIT
// A selection before anything is selected.
#include <pickmix/submodular/selection.hpp>

#include <support/catch.hpp>

#include <limits>

namespace submodular_selection_test {

using namespace pickmix;

TEST_CASE("An empty selection is worth nothing and certifies nothing") {
  const Selection s;
  CHECK(s.indices.empty());
  CHECK(s.gains.empty());
  CHECK(s.value == 0.0);
  CHECK(s.upper_bound == std::numeric_limits<double>::infinity());
  CHECK(s.evaluations == 0);
  CHECK(s.reason == StopReason::budget_reached);
}

}
