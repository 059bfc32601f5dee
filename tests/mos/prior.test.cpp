// SPDX-License-Identifier: MIT
// The prior: q(i) ∝ size(i)^(1/τ).
#include <pickmix/mos/prior.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace mos_prior_test {

using namespace pickmix;

namespace {

std::vector<double> shares(const std::vector<Index>& sizes, double temperature) {
  auto p = log_prior(sizes, temperature);
  for (double& x : p) x = std::exp(x);
  return p;
}

void check_shares(const std::vector<double>& p, const std::vector<double>& expected) {
  REQUIRE(p.size() == expected.size());
  for (std::size_t i = 0; i < p.size(); ++i) CHECK(p[i] == Approx(expected[i]).epsilon(1e-12));
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("At temperature one the shares are proportional to the sizes") {
  check_shares(shares({10, 30, 60}, 1.0), {0.1, 0.3, 0.6});
}

TEST_CASE("At infinite temperature the shares are equal, to the last bit") {
  const auto logits = log_prior(std::vector<Index>{1, 7, 1000000000000, 3}, infinity);
  for (double logit : logits) CHECK(logit == -std::log(4.0));
}

TEST_CASE("At temperature ten the shares are those of the tenth roots") {
  check_shares(shares({1, 1024}, 10.0), {1.0 / 3.0, 2.0 / 3.0});
}

TEST_CASE("A temperature below one sharpens the shares") { check_shares(shares({1, 3}, 0.5), {0.1, 0.9}); }

TEST_CASE("Neither a tiny temperature nor a huge dataset overflows") {
  const auto logits = log_prior(std::vector<Index>{1, 1000000000000}, 0.01);
  CHECK(logits[0] == Approx(-1200.0 * std::log(10.0)).epsilon(1e-12));
  CHECK(logits[1] == 0.0);
  for (double logit : log_prior(std::vector<Index>{1, std::numeric_limits<Index>::max()}, 1e-6))
    CHECK(std::isfinite(logit));
}

TEST_CASE("Prior: one dataset has it all") {
  for (double temperature : {0.01, 1.0, infinity})
    CHECK(log_prior(std::vector<Index>{123}, temperature) == std::vector<double>{0.0});
}

}
