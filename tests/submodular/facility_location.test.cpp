// SPDX-License-Identifier: MIT
// Facility location: values computed by hand. Its laws are in tests/property.
#include <pickmix/submodular/facility_location.hpp>

#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>

#include <cstddef>
#include <vector>

using namespace pickmix;

static_assert(SubmodularObjective<FacilityLocationObjective> && has_diminishing_returns<FacilityLocationObjective>);

namespace {

Kernel four_by_four() {
  const instances::Matrix s{
      4, 4, {1, .5f, .125f, .3f, .4f, .875f, .55f, 0, .2f, .625f, .95f, .35f, .45f, .175f, .275f, .8f}};
  return Kernel(s.view());
}

}  // namespace

TEST_CASE("Greedy picks on the four-by-four utility matrix are those computed by hand") {
  FacilityLocationObjective f(four_by_four());
  const auto s = maximize(f, Count{4}, NaiveGreedy{});
  CHECK(s.indices == std::vector<Index>{1, 0, 3, 2});
  const std::vector<double> gains{2.175, 0.775, 0.35, 0.325};
  for (std::size_t k = 0; k < 4; ++k) CHECK(s.gains[k] == Approx(gains[k]).epsilon(1e-6));
  CHECK(s.value == Approx(3.625).epsilon(1e-6));
}

TEST_CASE("A row is served by the most similar item of the set, whatever came first") {
  FacilityLocationObjective f(instances::kernel(1, 3, [](Index, Index j) { return j == 1 ? 0.75f : 0.25f; }));
  f.add(1);
  f.add(0);
  CHECK(f.gain(2) == 0.0);
  f.reset();
  f.add(0);
  CHECK(f.gain(1) == 0.5);
}

TEST_CASE("Negative similarities count as zero") {
  FacilityLocationObjective f(
      instances::kernel(2, 2, [](Index i, Index j) { return i == 0 ? -1.0f : 0.5f * static_cast<float>(j); }));
  CHECK(f.gain(0) == 0.0);
  CHECK(f.gain(1) == 0.5);
  f.add(0);
  CHECK(f.gain(1) == 0.5);
}

TEST_CASE("Rows are what is served and columns are the candidates") {
  FacilityLocationObjective f(instances::kernel(2, 5, [](Index i, Index j) { return i == 0 && j == 4 ? 1.0f : 0.0f; }));
  CHECK(f.size() == 5);
  CHECK(f.gain(4) == 1.0);
}

TEST_CASE("The value of any set is that of the definition") {
  const auto kernel = instances::dyadic(7, 30, 20);
  FacilityLocationObjective f(kernel);
  for (const std::vector<Index>& set : {std::vector<Index>{}, {3}, {0, 19, 7}, {5, 5, 5}, {11, 2, 13, 4, 15}})
    CHECK(evaluate(f, set) == FacilityLocationDefinition{kernel}(set));
}

TEST_CASE("An item in the set gains nothing") {
  FacilityLocationObjective f(instances::real(1, 50, 10));
  f.add(6);
  CHECK(f.gain(6) == 0.0);
}

TEST_CASE("Copies of an objective share the kernel and not the set") {
  FacilityLocationObjective f(four_by_four()), copy = f;
  copy.add(1);
  CHECK(f.gain(1) == Approx(2.175).epsilon(1e-6));
  CHECK(copy.gain(1) == 0.0);
}

TEST_CASE("The family's plain objective is empty at first") {
  CHECK(FacilityLocation{}.plain(four_by_four()).gain(1) == Approx(2.175).epsilon(1e-6));
}
