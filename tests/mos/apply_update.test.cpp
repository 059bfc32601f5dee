// SPDX-License-Identifier: MIT
// Tests of mos/apply_update.hpp.
#include <pickmix/mos/apply_update.hpp>

#include <pickmix/mos/feature_scorer.hpp>
#include <pickmix/mos/logit_scorer.hpp>
#include <pickmix/mos/mlp_scorer.hpp>
#include <pickmix/mos/state.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/fixed_scorer.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <string>
#include <variant>
#include <vector>

namespace mos_apply_update_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

const MosOptions options{.sizes = {1, 1, 1}, .inner_steps = 1, .learning_rate = 0.5};
const std::vector<bool> no_mask(3, false);

}  // namespace

TEST_CASE("A rule that gives a gradient moves the logits by the options' optimiser") {
  LogitScorer scorer(Doubles{0.0, 0.0, 0.0});
  Doubles memory;
  detail::apply_update(scorer, Drift{}, Doubles{1.0, 2.0, 3.0}, {options, no_mask}, memory);
  CHECK(scorer.logits()[0] == Approx(-0.5).epsilon(1e-6));
  CHECK(scorer.logits()[2] == Approx(0.5).epsilon(1e-6));
  CHECK(memory.empty());
}

TEST_CASE("A rule that sets the distribution does so where nothing is masked") {
  LogitScorer scorer(Doubles{std::log(0.5), std::log(0.25), std::log(0.25)});
  Doubles memory;
  detail::apply_update(scorer, ClosedForm{}, Doubles{9.0, 1.0, 3.0}, {options, {true, false, false}}, memory);
  CHECK(std::exp(scorer.logits()[0]) == Approx(1.0));  // as much as the others together, as before
  CHECK(std::exp(scorer.logits()[1]) == Approx(0.25));
  CHECK(std::exp(scorer.logits()[2]) == Approx(0.75));
  detail::apply_update(scorer, Exp3{}, Doubles{1.0, 1.0, 1.0}, {options, no_mask}, memory);
  CHECK(memory.size() == 3);
}

TEST_CASE("A scorer that cannot take a distribution, and a logit that leaves the doubles, are refused") {
  FixedScorer fixed(Doubles{0.0, 0.0, 0.0});
  Doubles memory;
  CHECK_THROWS_WITH(detail::apply_update(fixed, ClosedForm{}, Doubles{1.0, 1.0, 1.0}, {options, no_mask}, memory),
                    ContainsSubstring("'closed_form'") && ContainsSubstring("'fixed'"));
  const MosOptions steep{.sizes = {1, 1}, .learning_rate = 1e308};
  LogitScorer scorer(Doubles{0.0, 0.0});
  CHECK_THROWS_WITH(detail::apply_update(scorer, Drift{}, Doubles{0.0, 1.0}, {steep, {false, false}}, memory),
                    ContainsSubstring("dataset 0") && ContainsSubstring("learning_rate"));
}

TEST_CASE("A rule that divides by how likely datasets were is told what was drawn from") {
  LogitScorer scorer(Doubles{0.0, 0.0, 0.0});
  Doubles memory;
  const Doubles drawn_from{0.0, 0.2, 0.8};
  detail::apply_update(scorer, Exp3{}, Doubles{1.0, 1.0, 1.0}, {options, no_mask, 0, drawn_from}, memory);
  CHECK(memory[0] == 0.0);
  CHECK(memory[1] == Approx(0.5));
  CHECK(memory[2] == Approx(0.125));
}

TEST_CASE("A dataset whose prior is too small for a double is not masked, in the first update as in the second") {
  const std::vector<Update> rules{Boltzmann{}, ClosedForm{}, ExponentiatedGradient{.smoothing = 1.0},
                                  Exp3{.scale = 0.0}};
  for (const Update& rule : rules) {
    CAPTURE(name(rule));
    MosState state({.sizes = {100000, 10}, .prior_temperature = 0.01, .update = rule});
    REQUIRE(state.probabilities()[1] == 0.0);
    CHECK(state.prior()[1] > 0.0);
    state.learn(Doubles{1.0, 1.0});
    const double once = state.probabilities()[1];
    state.learn(Doubles{1.0, 1.0});
    CHECK(once == Approx(std::holds_alternative<Boltzmann>(rule) ? 0.15 : 0.5));
    CHECK(state.probabilities()[1] == Approx(once));
  }
  MosState spread({.sizes = {100000, 10}, .prior_temperature = 0.01, .update = ExponentiatedGradient{}});
  spread.learn(Doubles{1.0, 1.0});
  CHECK(spread.probabilities()[1] == Approx(0.5e-4));
  MosState even({.sizes = {100000, 10}, .prior_temperature = 0.01, .update = Exp3{}});
  even.learn(Doubles{1.0, 1.0});  // t is at most K ln K
  CHECK(even.probabilities()[1] == Approx(0.5));
  MosState retired({.sizes = {100000, 10}, .prior_temperature = 0.01, .update = Boltzmann{}});
  retired.retire(1);
  retired.learn(Doubles{1.0, 1.0});
  CHECK((retired.prior()[1] == 0.0 && retired.probabilities()[1] == 0.0));
}

TEST_CASE("What learn leaves can be saved and loaded, or learn refuses and leaves the state as it was") {
  const auto check = []<class S>(const S*) {
    for (const Optimizer optimizer : {Optimizer::adam, Optimizer::sgd})
      for (const double rate : {1.0, 1e60, 1e200, 1e308})
        for (const Index steps : {Index{1}, Index{2}, Index{7}})
          for (const double reward : {2.0, largest_reward}) {
            CAPTURE(S::kind, rate, steps, reward);
            MosState<S> state(
                {.sizes = {9, 9, 9}, .inner_steps = steps, .learning_rate = rate, .optimizer = optimizer});
            for (int update = 0; update < 3; ++update) {
              const std::string before = saved(state);
              try {
                state.learn(Doubles{reward, reward / 2.0, 0.0});
              } catch (const ValueError& error) {
                CHECK_THAT(error.what(), ContainsSubstring("learning_rate is "));
                CHECK((saved(state) == before));
                break;
              }
              REQUIRE((saved(loaded<MosState<S>>(saved(state))) == saved(state)));
            }
          }
  };
  check(static_cast<const LogitScorer*>(nullptr));
  check(static_cast<const MlpScorer*>(nullptr));
  check(static_cast<const FeatureScorer*>(nullptr));
}

TEST_CASE("Moments and parameters that leave the doubles are refused by the scorer's name, though logits are finite") {
  const auto refusal = [](const MosOptions& steep, double reward) {
    MosState<MlpScorer> state(steep);
    return thrown<ValueError>([&] {
      for (int update = 0; update < 2; ++update) state.learn(Doubles{reward, reward / 2.0, 0.0});
    });
  };
  const MosOptions adam{.sizes = {9, 9, 9}, .inner_steps = 2, .learning_rate = 1e60};
  CHECK_THAT(refusal(adam, largest_reward), ContainsSubstring("'mlp'") && ContainsSubstring("learning_rate is 1e+60"));
  const MosOptions sgd{.sizes = {9, 9, 9}, .inner_steps = 1, .learning_rate = 1e200, .optimizer = Optimizer::sgd};
  CHECK_THAT(refusal(sgd, 2.0), ContainsSubstring("'mlp'") && ContainsSubstring("learning_rate is 1e+200"));
}

}
