// SPDX-License-Identifier: MIT
// The gradient of Mixture-of-Skills, R_k − p_k ΣR.
#include <pickmix/mos/drift.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <vector>

namespace mos_drift_test {

using namespace pickmix;

namespace {

using Doubles = std::vector<double>;

Doubles gradient(const Drift& rule, const Doubles& p, const Doubles& rewards) {
  Doubles out(p.size(), 99.0);
  rule.gradient(p, rewards, out);
  return out;
}

}  // namespace

TEST_CASE("Drift: the gradient, by hand") {
  // ΣR = 8: 1 − 8/2, 2 − 8/4, 5 − 8/4.
  CHECK(gradient({}, {0.5, 0.25, 0.25}, {1.0, 2.0, 5.0}) == Doubles{-3.0, 0.0, 3.0});
}

TEST_CASE("Centred rewards have the mean taken off, and p drops out") {
  // The mean is 3: 1 − 3, 3 − 3, 5 − 3; their sum is 0.
  CHECK(gradient({.centred = true}, {0.5, 0.25, 0.25}, {1.0, 3.0, 5.0}) == Doubles{-2.0, 0.0, 2.0});
  CHECK(gradient({.centred = true}, {0.9, 0.05, 0.05}, {1.0, 3.0, 5.0}) == Doubles{-2.0, 0.0, 2.0});
}

TEST_CASE("Drift: a dataset of probability 0 has no gradient, and its reward does not count") {
  CHECK(gradient({}, {0.5, 0.0, 0.5}, {1.0, 100.0, 3.0}) == Doubles{-1.0, 0.0, 1.0});                   // ΣR = 4
  CHECK(gradient({.centred = true}, {0.25, 0.0, 0.75}, {1.0, 100.0, 3.0}) == Doubles{-1.0, 0.0, 1.0});  // mean 2
}

TEST_CASE("Drift: one dataset alone has nowhere to go") {
  CHECK(gradient({}, {1.0}, {0.7}) == Doubles{0.0});
  CHECK(gradient({.centred = true}, {1.0}, {0.7}) == Doubles{0.0});
}

TEST_CASE("The largest rewards give a finite gradient that sums to 0") {
  for (bool centred : {false, true}) {
    const auto out = gradient({.centred = centred}, {0.25, 0.75}, {1e100, 0.0});
    CHECK(std::isfinite(out[0]));
    CHECK(out[0] == Approx(centred ? 5e99 : 7.5e99));
    CHECK(out[0] + out[1] == 0.0);
  }
}

}
