// SPDX-License-Identifier: MIT
// The rules as one, and those that give a gradient at Adam's pace: towards the normalised rewards.
#include <pickmix/mos/update.hpp>

#include <pickmix/mos/logit_scorer.hpp>
#include <support/catch.hpp>
#include <support/fixed_scorer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mos_update_test {

using namespace pickmix;

namespace {

using Doubles = std::vector<double>;

template <class S>
Doubles probabilities(const S& scorer) {
  Doubles p(scorer.logits().size());
  softmax(scorer.logits(), p);
  return p;
}

void check_near(const Doubles& p, const Doubles& expected, double margin) {
  for (std::size_t i = 0; i < p.size(); ++i) CHECK(p[i] == Approx(expected[i]).margin(margin));
}

/// Never moves, and keeps the gradients it was shown.
struct Recorder : FixedScorer {
  using FixedScorer::FixedScorer;
  std::vector<Doubles> gradients;
  Doubles rates;
  void ascend(std::span<const double> gradient, const AscentStep& step) {
    gradients.emplace_back(gradient.begin(), gradient.end());
    rates.push_back(step.rate);
  }
  static Recorder load(ArchiveReader&, std::size_t);
};

const std::vector<bool> no_mask;

const Doubles rewards{0.70, 0.53, 0.66, 0.21};

}  // namespace

TEST_CASE("One update of the released recipe, and forty-eight, give the known distributions") {
  LogitScorer scorer(Doubles{1, 1, 1, 1});
  ascend_update(scorer, Drift{}, rewards, no_mask, 200, {1e-4});
  check_near(probabilities(scorer), {.2527, .2516, .2527, .2429}, 5e-5);
  for (int update = 1; update < 48; ++update) ascend_update(scorer, Drift{}, rewards, no_mask, 200, {1e-4});
  check_near(probabilities(scorer), {.3329, .2524, .3141, .1006}, 5e-5);
}

TEST_CASE("The gradient is that of the reward-weighted sum of log-probabilities") {
  const Doubles logits{0.3, -1.2, 0.8, 0.1};
  const auto objective = [&](const Doubles& x) {
    Doubles p(4);
    softmax(x, p);
    double sum = 0.0;
    for (std::size_t i = 0; i < 4; ++i) sum += rewards[i] * std::log(p[i]);
    return sum;
  };
  Recorder recorder(logits);
  ascend_update(recorder, Drift{}, rewards, no_mask, 1, {0.5});
  REQUIRE(recorder.gradients.size() == 1);
  for (std::size_t k = 0; k < 4; ++k) {
    Doubles up = logits, down = logits;
    up[k] += 1e-5, down[k] -= 1e-5;
    CHECK(recorder.gradients[0][k] == Approx((objective(up) - objective(down)) / 2e-5).epsilon(1e-7));
  }
}

TEST_CASE("As many optimiser steps are taken as asked for, at the rate asked for") {
  Recorder recorder(Doubles{0.0, 0.0});
  ascend_update(recorder, Drift{}, Doubles{1.0, 2.0}, no_mask, 7, {0.25});
  CHECK(recorder.rates == Doubles(7, 0.25));
}

TEST_CASE("Normalised rewards are a fixed point") {
  Doubles logits(4);
  std::transform(rewards.begin(), rewards.end(), logits.begin(), [](double r) { return std::log(r); });
  Recorder recorder(logits);
  ascend_update(recorder, Drift{}, rewards, no_mask, 1, {1.0});
  for (double g : recorder.gradients[0]) CHECK(std::abs(g) < 1e-15);
}

TEST_CASE("The distribution arrives at the normalised rewards from anywhere") {
  LogitScorer scorer(Doubles{std::log(0.001), std::log(0.9), std::log(0.049), std::log(0.05)});
  ascend_update(scorer, Drift{}, rewards, no_mask, 20000, {1e-2});
  const double total = std::accumulate(rewards.begin(), rewards.end(), 0.0);
  check_near(probabilities(scorer), {.70 / total, .53 / total, .66 / total, .21 / total}, 1e-3);
}

TEST_CASE("A constant added to all rewards flattens the distribution they lead to") {
  const auto arrives_at = [](double constant) {
    LogitScorer scorer(Doubles{0.0, 0.0});
    ascend_update(scorer, Drift{}, Doubles{1.0 + constant, 3.0 + constant}, no_mask, 20000, {1e-2});
    return probabilities(scorer)[1];
  };
  CHECK(arrives_at(0.0) == Approx(0.75).margin(1e-6));
  CHECK(arrives_at(2.0) == Approx(0.625).margin(1e-6));
}

TEST_CASE("Rewards of zero leave the distribution where it is") {
  const Doubles start{0.1, 0.7};
  LogitScorer scorer(start);
  ascend_update(scorer, Drift{}, Doubles{0.0, 0.0}, no_mask, 50, {0.1});
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) == start);
}

TEST_CASE("A logit moves by at most about a learning rate a step") {
  LogitScorer scorer(Doubles{0.0, 0.0});
  ascend_update(scorer, Drift{}, Doubles{1000.0, 0.0}, no_mask, 200, {1e-4});
  CHECK(scorer.logits()[0] == Approx(0.02).epsilon(0.01));
  CHECK(scorer.logits()[1] == Approx(-0.02).epsilon(0.01));
}

TEST_CASE("The policy gradient puts all on the best dataset") {
  LogitScorer scorer(Doubles{0.0, 0.0, 0.0});
  ascend_update(scorer, PolicyGradient{}, Doubles{0.5, 0.9, 0.1}, no_mask, 4000, {1e-2});
  CHECK(probabilities(scorer)[1] > 0.999);
}

TEST_CASE("Each optimiser step starts where the one before led") {
  // Adam's first step moves a logit by the rate, the way its gradient points. At p = (1/2, 1/2) the gradient is
  // (1 − 4/2, 3 − 4/2) = (−1, 1).
  LogitScorer one(Doubles{0.0, 0.0}), two = one, again = one;
  ascend_update(one, Drift{}, Doubles{1.0, 3.0}, no_mask, 1, {0.5});
  CHECK(one.logits()[0] == Approx(-0.5).epsilon(1e-7));
  CHECK(one.logits()[1] == Approx(0.5).epsilon(1e-7));
  ascend_update(two, Drift{}, Doubles{1.0, 3.0}, no_mask, 2, {0.5});
  ascend_update(again, Drift{}, Doubles{1.0, 3.0}, no_mask, 1, {0.5});
  ascend_update(again, Drift{}, Doubles{1.0, 3.0}, no_mask, 1, {0.5});
  CHECK(probabilities(two) == probabilities(again));
  CHECK(probabilities(two) != probabilities(one));
}

TEST_CASE("Masked datasets are not moved, whatever the rule, and the others do not see their rewards") {
  const auto check = [](const auto& rule) {
    LogitScorer all(Doubles{0.0, 0.7, 0.4}), without(Doubles{0.0, 0.4});
    ascend_update(all, rule, Doubles{0.3, 1e6, 0.8}, {false, true, false}, 300, {1e-2});
    ascend_update(without, rule, Doubles{0.3, 0.8}, no_mask, 300, {1e-2});
    CHECK(all.logits()[1] == 0.7);
    CHECK(all.logits()[0] == without.logits()[0]);
    CHECK(all.logits()[2] == without.logits()[1]);
  };
  check(Drift{});
  check(Drift{.centred = true});
  check(PolicyGradient{});
}

TEST_CASE("A probability too small for a double is not a mask") {
  Recorder recorder(Doubles{0.0, -1000.0});
  REQUIRE(probabilities(recorder)[1] == 0.0);
  ascend_update(recorder, Drift{}, Doubles{1.0, 3.0}, no_mask, 1, {1.0});
  CHECK(recorder.gradients[0] == Doubles{-3.0, 3.0});  // 1 − 1 · 4 and 3 − 0 · 4
}

TEST_CASE("Every rule has its name, and its defaults are valid") {
  const std::vector<std::pair<Update, std::string_view>> rules{{Drift{}, "drift"},
                                                               {PolicyGradient{}, "policy_gradient"},
                                                               {ExponentiatedGradient{}, "exponentiated_gradient"},
                                                               {Exp3{}, "exp3"},
                                                               {Boltzmann{}, "boltzmann"},
                                                               {ClosedForm{}, "closed_form"}};
  CHECK(rules.size() == std::variant_size_v<Update>);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    CHECK(rules[i].first.index() == i);
    CHECK(name(rules[i].first) == rules[i].second);
    std::visit([](const auto& rule) { CHECK_NOTHROW(rule.validate()); }, rules[i].first);
  }
  CHECK(std::holds_alternative<Drift>(Update{}));
}

TEST_CASE("The bandits keep a memory, the other rules none") {
  CHECK(detail::remembers("exp3") == true);
  CHECK(detail::remembers("boltzmann") == true);
  for (const char* rule : {"drift", "policy_gradient", "exponentiated_gradient", "closed_form"})
    CHECK(detail::remembers(rule) == false);
  CHECK_FALSE(detail::remembers("guess").has_value());
}

TEST_CASE("A rule is of one kind") {
  STATIC_REQUIRE_FALSE(DirectUpdate<Drift>);
  STATIC_REQUIRE_FALSE(DirectUpdate<PolicyGradient>);
  STATIC_REQUIRE_FALSE(GradientUpdate<ExponentiatedGradient>);
  STATIC_REQUIRE_FALSE(GradientUpdate<Exp3>);
  STATIC_REQUIRE_FALSE(GradientUpdate<Boltzmann>);
  STATIC_REQUIRE_FALSE(GradientUpdate<ClosedForm>);
}

}
