// SPDX-License-Identifier: MIT
// Budgets: how many items a wish comes to.
#include <pickmix/submodular/budget.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

static_assert(Budget<Count> && Budget<Fraction> && !Budget<int>);

TEST_CASE("A count is what it says, more than there are included") {
  CHECK(Count{0}.limit(10) == 0);
  CHECK(Count{3}.limit(10) == 3);
  CHECK(Count{11}.limit(10) == 11);
}

TEST_CASE("A negative count is refused by name") {
  const auto message = thrown<ValueError>([] { (void)Count{-1}.limit(10); });
  CHECK_THAT(message, ContainsSubstring("Count") && ContainsSubstring("-1"));
}

TEST_CASE("A fraction is rounded down") {
  CHECK(Fraction{0.5}.limit(7) == 3);
  CHECK(Fraction{0.999}.limit(1000) == 999);
  CHECK(Fraction{0.9989}.limit(1000) == 998);
  CHECK(Fraction{1.0}.limit(7) == 7);
}

TEST_CASE("A fraction that is whole on paper is whole here") {
  CHECK(Fraction{0.29}.limit(100) == 29);  // 0.29 * 100 is 28.999999999999996
  CHECK(Fraction{0.57}.limit(100) == 57);
  for (Index k = 1; k <= 1000; ++k) REQUIRE(Fraction{static_cast<double>(k) / 1000.0}.limit(1000) == k);
  CHECK(Fraction{1.0}.limit(2'000'000'000'000) == 2'000'000'000'000);
}

TEST_CASE("A tiny fraction is one item") {
  CHECK(Fraction{1e-9}.limit(100) == 1);
  CHECK(Fraction{std::numeric_limits<double>::denorm_min()}.limit(1) == 1);
}

TEST_CASE("A fraction outside (0, 1] is refused by name") {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (double share : {0.0, -0.1, 1.0000001, 1.5, infinity, nan}) {
    CAPTURE(share);
    CHECK_THAT(thrown<ValueError>([&] { (void)Fraction{share}.limit(10); }), ContainsSubstring("Fraction: of_pool is"));
  }
}
