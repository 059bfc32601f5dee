// SPDX-License-Identifier: MIT
// Tests of submodular/without.hpp.
#include <pickmix/submodular/without.hpp>

#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <support/catch.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <cstdint>
#include <vector>

namespace submodular_without_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Indices = std::vector<Index>;

static_assert(Budget<Without<Count>> && Budget<Without<Cost>> && Budget<Without<Among<Quotas>>>);

TEST_CASE("A budget without some items is spent on the others") {
  const Indices some{0, 3};
  const auto ledger = Without{Count{10}, some}.open(5);
  CHECK(ledger.most() == 3);
  for (Index j = 0; j < 5; ++j) CHECK(ledger.affords(j) == (j != 0 && j != 3));
  CHECK(Without{Count{2}, Indices{}}.open(5).most() == 2);
  const Indices all{4, 3, 2, 1, 0, 0};
  CHECK(Without{Count{2}, all}.open(5).most() == 0);
}

TEST_CASE("It is the complement of Among") {
  const std::vector<double> costs{1.0, 2.0, 3.0, 4.0};
  const Indices excluded{1, 2}, others{0, 3};
  const auto without = Without{Cost{4.0, costs}, excluded}.open(4);
  const auto among = Among{Cost{4.0, costs}, others}.open(4);
  CHECK(without.most() == among.most());
  for (Index j = 0; j < 4; ++j) CHECK(without.affords(j) == among.affords(j));
  const std::vector<double> values{1.0, 5.0, 5.0, 2.0};
  CHECK(without.largest(values).sum == among.largest(values).sum);
}

TEST_CASE("An item that there is not is refused by name") {
  const Indices wrong{1, 5}, negative{-1};
  CHECK_THAT(thrown<ValueError>([&] {
               (void)Without{Count{1}, wrong}.open(5);
             }),
             ContainsSubstring("Without: excluded[1] is 5; needs to be in [0, 5)"));
  CHECK_THROWS_AS((Without{Count{1}, negative}.open(5)), ValueError);
  CHECK_THROWS_AS((Without{Count{-1}, negative}.open(5)), ValueError);
}

TEST_CASE("A warm start goes on from what the objective holds, and picks none of it again") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    auto f = objectives::Coverage::random(seed, 40);
    const Selection cold = maximize(f, Count{30}, LazyGreedy{});  // beyond what covers all: gains of 0, ties to item 0
    const Indices kept(cold.indices.begin(), cold.indices.begin() + 10);
    f.reset();
    for (Index j : kept) f.add(j);
    const Selection more = maximize(f, Without{Count{20}, kept}, LazyGreedy{});
    CHECK(more.indices == Indices(cold.indices.begin() + 10, cold.indices.end()));
  }
}

}
