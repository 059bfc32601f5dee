// SPDX-License-Identifier: MIT
// The laws of set functions, tried on the objectives, and on some that break them.
#include <pickmix/submodular/facility_location.hpp>

#include <property/laws.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace property_objectives_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

void check_laws(const Kernel& kernel) {
  const FacilityLocationObjective f(kernel);
  CHECK(laws::gains_match(f, FacilityLocationDefinition{kernel}, 1e-5) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::reset_empties(f) == "");
}

struct Broken : objectives::Modular<true> {
  bool forgets_reset = false;
  double bonus = 0.0;  // what each item in the set adds to the gains of the others
  Index added = 0;

  double gain(Index j) const { return Modular::gain(j) + bonus * static_cast<double>(added); }
  void add(Index) { ++added; }
  void reset() { added = forgets_reset ? added : 0; }
};

}  // namespace

TEST_CASE("Facility location keeps the laws on square kernels with negative entries") {
  const auto seed = GENERATE(range(1, 6));
  check_laws(instances::real(static_cast<std::uint64_t>(seed), 15, 15));
}

TEST_CASE("Facility location keeps the laws on rectangular kernels, wide and tall") {
  check_laws(instances::real(1, 3, 25));
  check_laws(instances::real(2, 300, 9));  // more rows than one block of the sum
}

TEST_CASE("Facility location keeps the laws on kernels of ties and of duplicates") {
  check_laws(instances::tied(1, 12, 12));
  check_laws(instances::duplicated(2, 17, 5));
}

TEST_CASE("Facility location keeps the laws where all similarities are negative or there is one item") {
  check_laws(instances::kernel(4, 6, [](Index, Index) { return -0.5f; }));
  check_laws(instances::kernel(1, 1, [](Index, Index) { return 0.5f; }));
}

TEST_CASE("Facility location's gains are exact where the sums are") {
  const auto kernel = instances::dyadic(3, 40, 20);
  CHECK(laws::gains_match(FacilityLocationObjective(kernel), FacilityLocationDefinition{kernel}, 0.0) == "");
}

TEST_CASE("An objective of the test's own keeps the laws") {
  const auto f = objectives::Coverage::random(1, 20);
  CHECK(laws::gains_match(
            f, [&](std::span<const Index> set) { return f.definition(set); }, 0.0) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::reset_empties(f) == "");
}

TEST_CASE("The check of gains finds a gain that is wrong") {
  const Broken f{{{1.0, 2.0, 3.0}}, false, 0.5};
  const auto sum = [&](std::span<const Index> set) {
    double value = 0.0;
    for (Index j : set) value += f.weights[static_cast<std::size_t>(j)];
    return value;
  };
  CHECK_THAT(laws::gains_match(f, sum, 1e-9), ContainsSubstring("expected"));
}

TEST_CASE("The check of monotonicity finds a negative gain") {
  CHECK_THAT(laws::monotone(Broken{{{1.0, -2.0, 3.0}}}), ContainsSubstring("gain(1) is -2"));
}

TEST_CASE("The check of diminishing returns finds a gain that rises") {
  CHECK_THAT(laws::diminishing_returns(Broken{{{1.0, 2.0, 3.0}}, false, 1e-12}), ContainsSubstring("it was"));
}

TEST_CASE("The check of reset finds a set that is not emptied") {
  CHECK_THAT(laws::reset_empties(Broken{{{1.0, 2.0, 3.0}}, true, 0.5}), ContainsSubstring("at first"));
}

}
