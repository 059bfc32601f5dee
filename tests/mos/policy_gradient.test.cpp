// SPDX-License-Identifier: MIT
// The gradient of the expected reward, p_k (R_k − Σ p R).
#include <pickmix/mos/policy_gradient.hpp>

#include <pickmix/core/numeric.hpp>
#include <support/catch.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace mos_policy_gradient_test {

using namespace pickmix;

namespace {

using Doubles = std::vector<double>;

Doubles gradient(const Doubles& p, const Doubles& rewards) {
  Doubles out(p.size(), 99.0);
  PolicyGradient{}.gradient(p, rewards, out);
  return out;
}

}  // namespace

TEST_CASE("Policy gradient: the gradient, by hand") {
  // Σ p R = 1/2 + 2/4 + 4/4 = 2: (1 − 2) / 2, (2 − 2) / 4, (4 − 2) / 4.
  CHECK(gradient({0.5, 0.25, 0.25}, {1.0, 2.0, 4.0}) == Doubles{-0.5, 0.0, 0.5});
}

TEST_CASE("It is the gradient of the expected reward with respect to the logits") {
  const Doubles logits{0.3, -1.2, 0.8}, rewards{0.7, 0.2, 0.4};
  const auto expected = [&](const Doubles& x) {
    Doubles p(3);
    softmax(x, p);
    return std::inner_product(p.begin(), p.end(), rewards.begin(), 0.0);
  };
  Doubles p(3);
  softmax(logits, p);
  const auto out = gradient(p, rewards);
  for (std::size_t k = 0; k < 3; ++k) {
    Doubles up = logits, down = logits;
    up[k] += 1e-5, down[k] -= 1e-5;
    CHECK(out[k] == Approx((expected(up) - expected(down)) / 2e-5).epsilon(1e-7));
  }
}

TEST_CASE("It is what REINFORCE estimates, averaged over what is drawn") {
  // Drawing i gives the estimate R_i (δ_ik − p_k).
  const Doubles p{0.5, 0.3, 0.2}, rewards{0.7, 0.2, 0.4};
  const auto out = gradient(p, rewards);
  for (std::size_t k = 0; k < 3; ++k) {
    double mean = 0.0;
    for (std::size_t i = 0; i < 3; ++i) mean += p[i] * rewards[i] * ((i == k ? 1.0 : 0.0) - p[k]);
    CHECK(out[k] == Approx(mean).epsilon(1e-12));
  }
}

TEST_CASE("A baseline changes nothing") {
  const auto plain = gradient({0.5, 0.25, 0.25}, {1.0, 2.0, 4.0});
  CHECK(gradient({0.5, 0.25, 0.25}, {8.0, 9.0, 11.0}) == plain);
  CHECK(gradient({0.5, 0.25, 0.25}, {-1.0, 0.0, 2.0}) == plain);
}

TEST_CASE("Policy gradient: a dataset of probability 0 has no gradient, and its reward does not count") {
  CHECK(gradient({0.5, 0.0, 0.5}, {1.0, 1e100, 3.0}) == Doubles{-0.5, 0.0, 0.5});
}

TEST_CASE("Policy gradient: one dataset alone has nowhere to go") { CHECK(gradient({1.0}, {0.7}) == Doubles{0.0}); }

TEST_CASE("The largest rewards give a finite gradient") {
  const auto out = gradient({0.25, 0.75}, {1e100, 0.0});
  CHECK(out[0] == Approx(0.1875e100));
  CHECK(out[1] == Approx(-0.1875e100));
}

}
