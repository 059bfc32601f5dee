// SPDX-License-Identifier: MIT
// What was learnt outlives a change of the mixture: datasets retired, restored, added, shares set by hand.
#include <pickmix/mos/state.hpp>

#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace property_mixture_changes_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

void check_near(const Doubles& p, const Doubles& expected) {
  REQUIRE(p.size() == expected.size());
  for (std::size_t d = 0; d < p.size(); ++d) CHECK(p[d] == Approx(expected[d]).margin(1e-12));
}

}  // namespace

TEST_CASE("A dataset comes back with what it had beside the others, whatever rule was at work meanwhile") {
  const std::vector<Update> rules{ExponentiatedGradient{}, Exp3{}, Boltzmann{}, ClosedForm{}};
  for (const Update& rule : rules) {
    CAPTURE(name(rule));
    MosState state({.sizes = {100, 100, 100}});
    state.retire(0);
    state.learn(Doubles{1.0, 1.0, 1.0}, rule);
    check_near(state.probabilities(), {0.0, 0.5, 0.5});
    state.restore(0);
    check_near(state.probabilities(), {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0});
  }
  MosState state({.sizes = {1, 1, 1}});
  state.set_probabilities(Doubles{0.6, 0.3, 0.1});  // the first is to the others together as 3 to 2
  state.retire(0);
  state.learn(Doubles{0.0, 1.0, 4.0}, ClosedForm{});
  check_near(state.probabilities(), {0.0, 0.2, 0.8});
  MosState again = loaded(saved(state));
  again.restore(0);
  check_near(again.probabilities(), {0.6, 0.08, 0.32});
}

TEST_CASE("A retired dataset keeps its proportion to the others when one is added") {
  MosState state({.sizes = {1, 3}, .prior_temperature = 1.0});
  state.retire(1);
  state.add_dataset(5, 0.5);
  check_near(state.probabilities(), {0.5, 0.0, 0.5});
  state.restore(1);
  check_near(state.probabilities(), {0.2, 0.6, 0.2});
}

TEST_CASE("Shares set while a dataset is retired leave it what it had beside the others") {
  MosState state({.sizes = {1, 1, 1}});
  state.set_probabilities(Doubles{0.5, 0.25, 0.25});
  state.retire(0);
  state.set_probabilities(Doubles{7.0, 3.0, 1.0});
  check_near(state.probabilities(), {0.0, 0.75, 0.25});
  state.restore(0);
  check_near(state.probabilities(), {0.5, 0.375, 0.125});
}

TEST_CASE("A dataset that is added leaves what a rule remembers of the others, and starts as the rule starts") {
  MosState state({.sizes = {1, 1}, .update = Boltzmann{.beta = std::log(4.0), .gamma = 0.0, .alpha = 0.5}});
  state.learn(Doubles{1.0, 0.0});  // Q = (1/2, 0)
  state.add_dataset(1, 0.25);
  state.learn(Doubles{1.0, 1.0, 1.0});  // equal rewards count as 0: Q = (1/4, 0, 0), and exp(beta Q) = (sqrt 2, 1, 1)
  const double first = std::sqrt(2.0), all = first + 2.0;
  check_near(state.probabilities(), {first / all, 1.0 / all, 1.0 / all});
}

TEST_CASE("A dataset added before the first update of a rule that remembers adds nothing to remember") {
  MosState state({.sizes = {1, 1}, .update = Exp3{}});
  state.add_dataset(1, 0.25);
  CHECK_NOTHROW(state.learn(Doubles{1.0, 1.0, 1.0}));
  state.learn(Doubles{1.0, 1.0, 1.0}, ClosedForm{});  // remembers nothing, with more datasets too
  state.add_dataset(1, 0.25);
  CHECK_NOTHROW(state.learn(Doubles{1.0, 1.0, 1.0, 1.0}, ClosedForm{}));
}

TEST_CASE("Shares set by hand are where rules start anew") {
  const Boltzmann rule{.beta = std::log(4.0), .gamma = 0.0, .alpha = 0.5};
  MosState state({.sizes = {1, 1}, .update = rule});
  state.learn(Doubles{1.0, 0.0});
  state.set_probabilities(Doubles{0.5, 0.5});
  state.learn(Doubles{1.0, 1.0});  // Q starts at 0 again, and equal rewards leave it there
  check_near(state.probabilities(), {0.5, 0.5});
}

TEST_CASE("Shares set by hand last until the next update of a rule that does not look at them, and else beyond") {
  const auto after_update = [](MosState<> state, double reward) {
    state.learn(Doubles(state.options().sizes.size(), reward));
    return state.probabilities();
  };
  const auto start = [](const Update& rule) {
    MosState state({.sizes = {1, 1}, .update = rule});
    state.set_probabilities(Doubles{0.9, 0.1});
    return state;
  };
  check_near(after_update(start(Exp3{}), 0.0), {0.5, 0.5});
  check_near(after_update(start(Boltzmann{}), 0.0), {0.5, 0.5});
  check_near(after_update(start(ClosedForm{}), 1.0), {0.5, 0.5});
  for (const Update& rule :
       std::vector<Update>{Drift{}, ExponentiatedGradient{.smoothing = 0.0}, ClosedForm{.rate = 0.0}})
    check_near(after_update(start(rule), 0.0), {0.9, 0.1});

  for (const Update& rule : std::vector<Update>{Exp3{}, Boltzmann{}}) {
    MosState state = start(rule);
    state.add_dataset(1, 0.01);
    check_near(after_update(state, 0.0), Doubles(3, 1.0 / 3.0));
  }
}

TEST_CASE("Exp3 divides by the shares of examples that were drawn from, floor and tokens included") {
  // 2 ln 2 = 1.39: the first update gives the uniform distribution, the second goes by G.
  MosState state({.sizes = {1, 1}, .update = Exp3{.scale = 1.0}, .least_probability = 0.1, .tokens = {300.0, 100.0}});
  state.set_probabilities(Doubles{0.0, 1.0});
  CHECK(state.probabilities()[0] == Approx(0.1));
  state.learn(Doubles{1.0, 1.0});  // drawn from (0.1 / 300, 0.9 / 100), which is (1, 27) / 28
  state.learn(Doubles{0.0, 0.0});
  const double gap = 0.5 * (28.0 - 28.0 / 27.0), floor = std::sqrt(std::log(2.0) / 4.0);
  const double first = (1.0 - 2.0 * floor) / (1.0 + std::exp(-gap)) + floor;
  CHECK(state.probabilities()[0] == Approx(0.1 + 0.8 * first).epsilon(1e-12));
}

TEST_CASE("To Exp3, a dataset restricted to no rows makes the others no rarer than one that is retired") {
  // What the sums of the other two differ by, from p_k = (1 − K ε_t) exp(ε_{t−1} G_k) / Σ + ε_t.
  const auto difference = [](const MosState<>& state, double count) {
    const auto floor = [&](double t) { return std::min(1.0 / count, std::sqrt(std::log(count) / (count * t))); };
    const auto& p = state.probabilities();
    return std::log((p[2] - floor(10.0)) / (p[1] - floor(10.0))) / floor(9.0);
  };
  MosState restricted({.sizes = {10, 10, 10}, .update = Exp3{}});
  for (int update = 0; update < 9; ++update) restricted.learn(Doubles{0.0, 0.0, 0.0});
  restricted.set_probabilities(Doubles{0.98, 0.01, 0.01});
  MosState retired = restricted;
  restricted.restrict_rows(0, {});
  retired.retire(0);
  for (MosState<>* state : {&restricted, &retired}) state->learn(Doubles{1.0, 1.0, 2.0});
  CHECK(difference(retired, 2.0) == Approx(0.1 / 0.5));
  CHECK(difference(restricted, 3.0) == Approx(0.1 / 0.5));
  restricted.learn(Doubles{1.0, 0.0, 0.0});
  CHECK(restricted.probabilities()[0] < restricted.probabilities()[1]);  // it had no gain
}

TEST_CASE("A rule given for one update is checked as those in the options are, and the state is as it was") {
  MosState state({.sizes = {1, 1}});
  const auto as_it_was = saved(state);
  const auto refusal = [&](const Update& rule) {
    return thrown<ValueError>([&] { state.learn(Doubles{1.0, 2.0}, rule); });
  };
  CHECK_THAT(refusal(Exp3{-1.0}), ContainsSubstring("scale is -1"));
  CHECK_THAT(refusal(Boltzmann{.beta = -4.0}), ContainsSubstring("beta is -4"));
  CHECK_THAT(refusal(ExponentiatedGradient{.rate = -1.0}), ContainsSubstring("rate is -1"));
  CHECK_THAT(refusal(ClosedForm{2.0}), ContainsSubstring("rate is 2"));
  CHECK(saved(state) == as_it_was);
}

TEST_CASE("A dataset is not added where the floor would be more than an even share of all") {
  MosState state({.sizes = {1, 1}, .least_probability = 0.4});
  CHECK_THAT(thrown<ValueError>([&] { state.add_dataset(1, 0.4); }), ContainsSubstring("one in 3 datasets"));
  CHECK(state.options().sizes.size() == 2);
}

}
