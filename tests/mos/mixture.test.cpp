// SPDX-License-Identifier: MIT
// What counts as a dataset of a mixture.
#include <pickmix/mos/mixture.hpp>

#include <support/catch.hpp>

#include <vector>

namespace mos_mixture_test {

using namespace pickmix;

TEST_CASE("A dataset is masked where both its prior and its probability are 0") {
  const std::vector<double> prior{0.5, 0.5, 0.0, 0.0}, probabilities{0.7, 0.0, 0.3, 0.0};
  const MixtureView now{.prior = prior, .probabilities = probabilities};
  CHECK(now.updates == 0);
  CHECK(now.drawn(2) == 0.3);
  const std::vector<double> floored{0.5, 0.1, 0.4, 0.0};
  CHECK(MixtureView{.prior = prior, .probabilities = probabilities, .drawn_from = floored}.drawn(1) == 0.1);
  CHECK(now.active(0));
  CHECK(now.active(1));
  CHECK(now.active(2));
  CHECK_FALSE(now.active(3));
  CHECK(now.active_count() == 3);
}

}
