// SPDX-License-Identifier: MIT
// What is an objective, and what it promises.
#include <pickmix/submodular/objective.hpp>

#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <vector>

namespace submodular_objective_test {

using namespace pickmix;

namespace {

/// The least an objective is.
struct Archetype {
  int size() const { return 1; }
  float gain(Index) const { return 1.0f; }
  void add(Index) {}
  void reset() {}
};

struct GainIsNotConst : Archetype {
  float gain(Index) { return 1.0f; }
};

struct WithoutAdd {
  Index size() const { return 1; }
  double gain(Index) const { return 1.0; }
  void reset() {}
};

}  // namespace

static_assert(SubmodularObjective<Archetype> && !has_diminishing_returns<Archetype>);
static_assert(!SubmodularObjective<GainIsNotConst> && !SubmodularObjective<WithoutAdd>);
static_assert(has_diminishing_returns<objectives::Modular<true>> &&
              !has_diminishing_returns<objectives::Modular<false>>);

TEST_CASE("The value of a set is the sum of the gains along it") {
  objectives::Coverage f({0b0011, 0b0110, 0b1000});
  CHECK(evaluate(f, std::vector<Index>{}) == 0.0);
  CHECK(evaluate(f, std::vector<Index>{0, 1}) == 3.0);
  CHECK(evaluate(f, std::vector<Index>{2, 1, 0}) == 4.0);
}

TEST_CASE("Evaluating a set forgets what was in the objective before, and leaves it empty") {
  objectives::Coverage f({0b0011, 0b0110, 0b1000});
  f.add(0);
  CHECK(evaluate(f, std::vector<Index>{1}) == 2.0);
  CHECK(f.gain(0) == 2.0);
  CHECK(f.gain(1) == 2.0);
}

}
