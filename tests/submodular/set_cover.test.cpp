// SPDX-License-Identifier: MIT
// Set cover and its information measures: values computed by hand, the definitions, the laws.
#include <pickmix/submodular/set_cover.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace submodular_set_cover_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using set_function::Items;
using Concepts = std::vector<Index>;

static_assert(SubmodularObjective<SetCoverObjective> && has_diminishing_returns<SetCoverObjective>);

namespace {

/// f(A), the weight of what the items of A and the concepts `more` cover.
struct Cover {
  std::vector<Concepts> concepts;
  std::vector<double> weights;  // of every concept there is

  double operator()(Items set, std::initializer_list<Concepts> more = {}) const {
    std::set<Index> covered;
    for (Index j : set)
      covered.insert(concepts[static_cast<std::size_t>(j)].begin(), concepts[static_cast<std::size_t>(j)].end());
    for (const Concepts& extra : more) covered.insert(extra.begin(), extra.end());
    double value = 0.0;
    for (Index u : covered) value += weights[static_cast<std::size_t>(u)];
    return value;
  }
};

/// Items with about a third of `count` concepts, whose weights are multiples of 1/4: sums are exact.
Cover random_cover(std::uint64_t seed, Index items, Index count) {
  RandomStream random(seed, 11);
  Cover cover;
  for (Index j = 0; j < items; ++j) {
    cover.concepts.emplace_back();
    for (Index u = count - 1; u >= 0; --u)
      if (random.below(3) == 0) cover.concepts.back().push_back(u);
  }
  for (Index u = 0; u < count; ++u) cover.weights.push_back(static_cast<double>(random.below(9)) / 4.0);
  return cover;
}

const Concepts query{1, 4, 4, 6}, known{2, 6, 9};

}  // namespace

TEST_CASE("The values of four items are those computed by hand") {
  const std::vector<Concepts> concepts{{0, 1}, {1, 2, 3}, {3}, {}};
  auto f = SetCover{}.plain(concepts);
  CHECK(f.size() == 4);
  CHECK(f.gain(0) == 2.0);
  CHECK(f.gain(1) == 3.0);
  CHECK(f.gain(3) == 0.0);
  f.add(0);
  CHECK(f.gain(1) == 2.0);
  f.add(1);
  CHECK(f.gain(2) == 0.0);

  const SetCover weighted{.weights = {1.0, 10.0, 100.0, 1000.0}};
  CHECK(weighted.plain(concepts).gain(1) == 1110.0);
  CHECK(weighted.mutual_information(concepts, {3, 0}).gain(1) == 1000.0);
  CHECK(weighted.conditional_gain(concepts, {3, 0}).gain(1) == 110.0);
  CHECK(weighted.conditional_mutual_information(concepts, {3, 1}, {3}).gain(1) == 10.0);
}

TEST_CASE("Set cover keeps the laws, without any tolerance where sums are exact") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 5)));
  const Cover cover = random_cover(seed, 14, 12);
  const auto f = SetCover{cover.weights}.plain(cover.concepts);
  set_function::check_monotone_submodular(f, cover, 0.0);
}

TEST_CASE("The information measures are those defined from set cover itself") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 5)));
  const Cover cover = random_cover(seed, 10, 12);
  const SetCover family{cover.weights};
  const double q = cover({}, {query}), p = cover({}, {known});
  set_function::check_monotone_submodular(
      family.mutual_information(cover.concepts, query), [&](Items set) { return cover(set) + q - cover(set, {query}); },
      0.0);
  set_function::check_monotone_submodular(
      family.conditional_gain(cover.concepts, known), [&](Items set) { return cover(set, {known}) - p; }, 0.0);
  set_function::check_monotone_submodular(
      family.conditional_mutual_information(cover.concepts, query, known),
      [&](Items set) {
        return cover(set, {known}) + cover({}, {query, known}) - cover(set, {query, known}) - p;
      },
      0.0);
}

TEST_CASE("Greedy and its certificate hold on set cover") {
  const Cover cover = random_cover(7, 10, 16);
  CHECK(laws::guarantee_holds(SetCover{cover.weights}.plain(cover.concepts), cover) == "");
}

TEST_CASE("Gains do not rise by a bit where weights are of all sizes") {
  Cover cover = random_cover(8, 40, 30);
  for (std::size_t u = 0; u < cover.weights.size(); ++u) cover.weights[u] = std::exp2(3.7 * static_cast<double>(u)) / 7;
  const auto f = SetCover{cover.weights}.plain(cover.concepts);
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::lazy_is_naive(f, 40) == "");
}

TEST_CASE("Naming a concept twice changes nothing, nor does a second item like the first gain anything") {
  auto f = SetCover{}.plain({{2, 0, 2, 2}, {0, 2}});
  CHECK(f.gain(0) == 2.0);
  f.add(0);
  CHECK(f.gain(1) == 0.0);
  CHECK(evaluate(f, Concepts{1, 1, 0, 1}) == 2.0);
}

TEST_CASE("One item, and concepts of any number") {
  constexpr Index large = std::numeric_limits<Index>::max();
  const std::vector<Concepts> one{{large, 5}};
  CHECK(SetCover{}.plain(one).gain(0) == 2.0);
  CHECK(SetCover{}.mutual_information(one, {large}).gain(0) == 1.0);
  CHECK(SetCover{}.mutual_information(one, {}).gain(0) == 0.0);
  CHECK(SetCover{}.conditional_gain(one, {}).gain(0) == 2.0);
  CHECK(SetCover{}.conditional_gain(one, {4}).gain(0) == 2.0);
}

TEST_CASE("Copies have sets of their own") {
  auto f = SetCover{}.plain({{0}, {0, 1}}), other = f;
  other.add(1);
  CHECK(f.gain(0) == 1.0);
  CHECK(other.gain(0) == 0.0);
}

TEST_CASE("Concepts that cannot be are refused by name") {
  const std::vector<Concepts> good{{0}, {1}};
  const SetCover family{.weights = {1.0, 1.0}};
  CHECK_THAT(thrown<ValueError>([] {
               SetCover{}.plain({{0}, {3, -2}});
             }),
             ContainsSubstring("SetCover: concepts[1][1] is -2"));
  CHECK_THAT(thrown<ValueError>([&] {
               family.plain({{0, 2}});
             }),
             ContainsSubstring("concepts[0][1] is 2") && ContainsSubstring("2 concepts"));
  CHECK_THAT(thrown<ValueError>([&] { family.mutual_information(good, {0, 2}); }), ContainsSubstring("query[1] is 2"));
  CHECK_THAT(thrown<ValueError>([&] { SetCover{}.conditional_gain(good, {-1}); }), ContainsSubstring("known[0] is -1"));
  CHECK_THAT(thrown<ValueError>([&] { family.conditional_mutual_information(good, {0}, {7}); }),
             ContainsSubstring("known[0] is 7"));
}

TEST_CASE("No items and weights that cannot be are refused") {
  CHECK_THAT(thrown<ShapeError>([] { SetCover{}.plain({}); }), ContainsSubstring("SetCover: concepts is empty"));
  CHECK_THAT(thrown<ValueError>([] {
               SetCover{.weights = {1.0, -1.0}}.plain({{0}});
             }),
             ContainsSubstring("SetCover: weights[1] is -1"));
}

}
