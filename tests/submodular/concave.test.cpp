// SPDX-License-Identifier: MIT
// Concave functions: values, and rises that match them and never grow.
#include <pickmix/submodular/concave.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>

#include <cmath>
#include <limits>

namespace submodular_concave_test {

using namespace pickmix;

namespace {

double rise_of(Concave g, double x, double step) {
  return with_concave(g, [&]<Concave known>() { return rise<known>(x, step); });
}

double definition(Concave g, long double x, long double step) {
  const auto value = [g](long double y) {
    return g == Concave::square_root ? std::sqrt(y) : g == Concave::logarithm ? std::log1p(y) : 1 - 1 / (1 + y);
  };
  return static_cast<double>(value(x + step) - value(x));
}

constexpr Concave all[] = {Concave::square_root, Concave::logarithm, Concave::inverse};

}  // namespace

TEST_CASE("The values are those of the formulas") {
  CHECK(value_of(Concave::square_root, 9.0) == 3.0);
  CHECK(value_of(Concave::logarithm, std::exp(2.0) - 1.0) == Approx(2.0).epsilon(1e-14));
  CHECK(value_of(Concave::inverse, 3.0) == 0.75);
  for (Concave g : all) CHECK(value_of(g, 0.0) == 0.0);
}

TEST_CASE("A rise is the difference of two values") {
  CHECK(rise<Concave::square_root>(4.0, 5.0) == 1.0);
  CHECK(rise<Concave::inverse>(1.0, 2.0) == 0.25);
  CHECK(rise<Concave::logarithm>(1.0, 2.0) == Approx(std::log(2.0)).epsilon(1e-12));
  for (Concave g : all)
    for (double x : {0.0, 0.001, 0.7, 3.0, 1000.0})
      for (double step : {0.0, 1e-4, 0.5, 2.0, 300.0}) {
        CAPTURE(static_cast<int>(g), x, step);
        CHECK(rise_of(g, x, step) == Approx(definition(g, x, step)).epsilon(1e-11).margin(1e-18));
      }
}

TEST_CASE("No step is no rise, from nothing too") {
  for (Concave g : all)
    for (double x : {0.0, 1.0, 1e30}) CHECK(rise_of(g, x, 0.0) == 0.0);
}

TEST_CASE("Small rises of large values keep their digits") {
  CHECK(rise<Concave::square_root>(1e16, 1.0) == Approx(0.5e-8).epsilon(1e-12));
  CHECK(rise<Concave::logarithm>(1e16, 1.0) == Approx(1e-16).epsilon(1e-11));
  CHECK(rise<Concave::inverse>(1e16, 1.0) == Approx(1e-32).epsilon(1e-12));
}

TEST_CASE("The largest step a float can be stays finite") {
  const double most = static_cast<double>(std::numeric_limits<float>::max());
  for (Concave g : all) {
    CHECK(std::isfinite(rise_of(g, 0.0, most)));
    CHECK(std::isfinite(rise_of(g, 1e9 * most, most)));
  }
}

TEST_CASE("A rise never grows with what there is, not by a bit") {
  RandomStream random(1, 10);
  for (Concave g : all)
    for (int chain = 0; chain < 300; ++chain) {
      const double step = static_cast<double>(static_cast<float>(std::exp2(80.0 * random.uniform() - 40.0)));
      double x = chain % 3 == 0 ? 0.0 : std::exp2(60.0 * random.uniform() - 30.0), last = rise_of(g, x, step);
      for (int k = 0; k < 200; ++k) {
        // the next number, or a few further on: where rounding would show
        for (Index hops = random.below(4) + 1; hops > 0; --hops) x = std::nextafter(x, 1e300);
        const double now = rise_of(g, x, step);
        CAPTURE(static_cast<int>(g), x, step);
        REQUIRE(now <= last);
        last = now;
      }
    }
}

TEST_CASE("Rounding to 40 bits keeps order, zero and size") {
  CHECK(detail::rounded_to_40_bits(0.0) == 0.0);
  CHECK(detail::rounded_to_40_bits(1.0) == 1.0);
  CHECK(detail::rounded_to_40_bits(1.0 + 0x1p-39) == 1.0 + 0x1p-39);
  CHECK(detail::rounded_to_40_bits(1.0 + 0x1p-41) == 1.0);
  CHECK(detail::rounded_to_40_bits(2.0 - 0x1p-52) == 2.0);
  double y = 0.1, last = detail::rounded_to_40_bits(y);
  for (int k = 0; k < 20000; ++k) {
    y = std::nextafter(y, 1.0);
    const double now = detail::rounded_to_40_bits(y);
    REQUIRE((now >= last && std::abs(now - y) <= 0x1p-40 * y));
    last = now;
  }
  CHECK(last > 0.1);
}

}
