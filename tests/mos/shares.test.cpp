// SPDX-License-Identifier: MIT
// Tests of mos/shares.hpp.
#include <pickmix/mos/shares.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace mos_shares_test {

using namespace pickmix;
using Doubles = std::vector<double>;

TEST_CASE("A masked dataset has exactly nothing; the others keep their proportions") {
  const auto p = detail::masked_softmax(Doubles{std::log(1.0), std::log(3.0), std::log(6.0)}, {false, false, true});
  CHECK(p[0] == Approx(0.25));
  CHECK(p[1] == Approx(0.75));
  CHECK(p[2] == 0.0);
}

TEST_CASE("The floor lifts all that are not masked and keeps the sum") {
  Doubles p{0.0, 0.25, 0.75, 0.0};
  const std::vector<bool> masked{false, false, false, true};
  detail::raise_to_floor(p, masked, 0.1);
  CHECK(p[0] == Approx(0.1));
  CHECK(p[1] == Approx(0.1 + 0.7 * 0.25));
  CHECK(p[2] == Approx(0.1 + 0.7 * 0.75));
  CHECK(p[3] == 0.0);
  Doubles even{1.0, 0.0, 0.0};
  detail::raise_to_floor(even, {false, false, false}, 1.0 / 3.0);
  for (double share : even) CHECK(share == Approx(1.0 / 3.0));
  Doubles same{0.2, 0.8};
  detail::raise_to_floor(same, {false, false}, 0.0);
  CHECK(same == Doubles{0.2, 0.8});
}

TEST_CASE("Logits give back the shares they were made of, in any unit; nothing is minus infinity") {
  const auto logits = detail::logits_of(Doubles{2.0, 6.0, 0.0}, "test");
  for (double logit : logits) CHECK(std::isfinite(logit));
  CHECK(std::exp(logits[0]) == Approx(0.25));
  CHECK(std::exp(logits[1]) == Approx(0.75));
  CHECK(std::exp(logits[2]) < 1e-299);
  for (double wrong : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(detail::logits_of(Doubles{1.0, wrong}, "test"), ValueError);
  CHECK_THROWS_AS(detail::logits_of(Doubles{0.0, 0.0}, "test"), ValueError);
}

TEST_CASE("A masked dataset keeps its logit relative to the log-sum of the others") {
  const std::vector<bool> masked{true, false, false};
  const Doubles before{5.0 + std::log(3.0), 5.0 + std::log(0.5), 5.0 + std::log(1.5)};
  CHECK(detail::log_sum(before, masked) == Approx(5.0 + std::log(2.0)));
  const auto logits = detail::logits_beside({-1.0, 3.0, 1.0}, before, masked, "test");
  CHECK(logits[0] == Approx(std::log(1.5)));
  CHECK(logits[1] == Approx(std::log(0.75)));
  CHECK(logits[2] == Approx(std::log(0.25)));
  CHECK_THROWS_AS(detail::logits_beside({1.0, -1.0, 1.0}, before, masked, "test"), ValueError);
  const auto far = detail::logits_beside({0.0, 1.0, 1.0}, Doubles{1e308, -1e308, -1e308}, masked, "test");
  CHECK(std::isfinite(far[0]));
}

TEST_CASE("A dataset is added with its share, and all others keep their proportions, masked ones too") {
  const auto logits = detail::logits_with(Doubles{7.0, 7.0 + std::log(3.0)}, {false, true}, 0.2);
  CHECK(std::exp(logits[0]) == Approx(0.8));
  CHECK(std::exp(logits[1]) == Approx(2.4));
  CHECK(std::exp(logits[2]) == Approx(0.2));
}

TEST_CASE("Shares of tokens become shares of examples") {
  CHECK(detail::shares_of_examples(Doubles{0.3, 0.7}, Doubles{}) == Doubles{0.3, 0.7});
  const auto q = detail::shares_of_examples(Doubles{0.5, 0.5, 0.0}, Doubles{100.0, 300.0, 1.0});
  CHECK(q[0] == Approx(0.75));
  CHECK(q[1] == Approx(0.25));
  CHECK(q[2] == 0.0);
}

TEST_CASE("A share too small for a double is no mask") {
  const Doubles p = detail::positive_softmax(Doubles{0.0, -2000.0, 0.0, -720.0}, {false, false, true, false});
  CHECK(p == Doubles{1.0, std::numeric_limits<double>::min(), 0.0, std::numeric_limits<double>::min()});
}

}
