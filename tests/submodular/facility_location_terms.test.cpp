// SPDX-License-Identifier: MIT
// Terms of facility location that cannot be are refused by name.
#include <pickmix/submodular/facility_location_terms.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>

namespace submodular_facility_location_terms_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("None at all, one for each, and infinite caps are accepted") {
  FacilityLocationTerms{}.validate(3, 2);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  FacilityLocationTerms{.floor = {0, 1, 2}, .cap = {1, infinity, 0}, .bonus = {0, 0.5f}}.validate(3, 2);
}

TEST_CASE("Another length is a ShapeError") {
  const auto of = [](const FacilityLocationTerms& terms) { return thrown<ShapeError>([&] { terms.validate(3, 2); }); };
  CHECK_THAT(of({.floor = {0, 1}}), ContainsSubstring("floor has 2 entries and the kernel 3 rows"));
  CHECK_THAT(of({.cap = {0}}), ContainsSubstring("cap has 1 entries and the kernel 3 rows"));
  CHECK_THAT(of({.bonus = {0, 1, 2}}), ContainsSubstring("bonus has 3 entries and the kernel 2 candidates"));
}

TEST_CASE("What is no number, and a bonus that is negative or infinite, is a ValueError") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const auto of = [](const FacilityLocationTerms& terms) { return thrown<ValueError>([&] { terms.validate(2, 2); }); };
  CHECK_THAT(of({.floor = {0, nan}}), ContainsSubstring("floor[1] is nan"));
  CHECK_THAT(of({.cap = {nan, 0}}), ContainsSubstring("cap[0] is nan"));
  CHECK_THAT(of({.bonus = {0, nan}}), ContainsSubstring("bonus[1] is nan"));
  CHECK_THAT(of({.bonus = {-0.5f, 0}}), ContainsSubstring("bonus[0] is -0.5; needs to be finite and at least 0"));
  CHECK_THAT(of({.bonus = {0, infinity}}), ContainsSubstring("bonus[1] is inf"));
}

}
