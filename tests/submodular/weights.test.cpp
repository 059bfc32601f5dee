// SPDX-License-Identifier: MIT
// Weights: given, left out, or refused.
#include <pickmix/submodular/weights.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>
#include <vector>

namespace submodular_weights_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Weights = std::vector<double>;

TEST_CASE("Weights that are given are taken, and without any each is 1") {
  CHECK(detail::weights_or_ones("Caller", {0.0, 2.5}, 2, "topics") == Weights{0.0, 2.5});
  CHECK(detail::weights_or_ones("Caller", {}, 3, "topics") == Weights{1.0, 1.0, 1.0});
}

TEST_CASE("Too many or too few weights are refused, by both numbers") {
  const auto message = thrown<ShapeError>([] { detail::weights_or_ones("Caller", {1.0, 1.0}, 3, "topics"); });
  CHECK_THAT(message, ContainsSubstring("Caller: weights has 2 entries") && ContainsSubstring("3 topics"));
}

TEST_CASE("A weight that is negative or not finite is refused by position and value") {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (double bad : {-0.5, infinity, -infinity, nan}) {
    CAPTURE(bad);
    CHECK_THAT(thrown<ValueError>([&] {
                 detail::weights_or_ones("Caller", {1.0, bad}, 2, "topics");
               }),
               ContainsSubstring("Caller: weights[1] is "));
    CHECK_THAT(thrown<ValueError>([&] { detail::check_weights("Caller", {bad}); }), ContainsSubstring("weights[0]"));
  }
}

}
