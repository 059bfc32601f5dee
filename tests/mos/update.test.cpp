// SPDX-License-Identifier: MIT
// The update: towards the normalised rewards, at Adam's pace.
#include <pickmix/mos/update.hpp>

#include <pickmix/mos/logit_scorer.hpp>
#include <support/catch.hpp>
#include <support/fixed_scorer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

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
  void ascend(std::span<const double> gradient, double rate) {
    gradients.emplace_back(gradient.begin(), gradient.end());
    rates.push_back(rate);
  }
  static Recorder load(ArchiveReader&, std::size_t);
};

const Doubles rewards{0.70, 0.53, 0.66, 0.21};

}  // namespace

TEST_CASE("One update of the released recipe, and forty-eight, give the known distributions") {
  LogitScorer scorer(Doubles{1, 1, 1, 1});
  drift_towards(scorer, rewards, 200, 1e-4);
  check_near(probabilities(scorer), {.2527, .2516, .2527, .2429}, 5e-5);
  for (int update = 1; update < 48; ++update) drift_towards(scorer, rewards, 200, 1e-4);
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
  drift_towards(recorder, rewards, 1, 0.5);
  REQUIRE(recorder.gradients.size() == 1);
  for (std::size_t k = 0; k < 4; ++k) {
    Doubles up = logits, down = logits;
    up[k] += 1e-5, down[k] -= 1e-5;
    CHECK(recorder.gradients[0][k] == Approx((objective(up) - objective(down)) / 2e-5).epsilon(1e-7));
  }
}

TEST_CASE("As many optimiser steps are taken as asked for, at the rate asked for") {
  Recorder recorder(Doubles{0.0, 0.0});
  drift_towards(recorder, Doubles{1.0, 2.0}, 7, 0.25);
  CHECK(recorder.rates == Doubles(7, 0.25));
}

TEST_CASE("Normalised rewards are a fixed point") {
  Doubles logits(4);
  std::transform(rewards.begin(), rewards.end(), logits.begin(), [](double r) { return std::log(r); });
  Recorder recorder(logits);
  drift_towards(recorder, rewards, 1, 1.0);
  for (double g : recorder.gradients[0]) CHECK(std::abs(g) < 1e-15);
}

TEST_CASE("The distribution arrives at the normalised rewards from anywhere") {
  LogitScorer scorer(Doubles{std::log(0.001), std::log(0.9), std::log(0.049), std::log(0.05)});
  drift_towards(scorer, rewards, 20000, 1e-2);
  const double total = std::accumulate(rewards.begin(), rewards.end(), 0.0);
  check_near(probabilities(scorer), {.70 / total, .53 / total, .66 / total, .21 / total}, 1e-3);
}

TEST_CASE("A constant added to all rewards flattens the distribution they lead to") {
  const auto arrives_at = [](double constant) {
    LogitScorer scorer(Doubles{0.0, 0.0});
    drift_towards(scorer, Doubles{1.0 + constant, 3.0 + constant}, 20000, 1e-2);
    return probabilities(scorer)[1];
  };
  CHECK(arrives_at(0.0) == Approx(0.75).margin(1e-6));
  CHECK(arrives_at(2.0) == Approx(0.625).margin(1e-6));
}

TEST_CASE("Rewards of zero leave the distribution where it is") {
  const Doubles start{0.1, 0.7};
  LogitScorer scorer(start);
  drift_towards(scorer, Doubles{0.0, 0.0}, 50, 0.1);
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) == start);
}

TEST_CASE("A logit moves by at most about a learning rate a step") {
  LogitScorer scorer(Doubles{0.0, 0.0});
  drift_towards(scorer, Doubles{1000.0, 0.0}, 200, 1e-4);
  CHECK(scorer.logits()[0] == Approx(0.02).epsilon(0.01));
  CHECK(scorer.logits()[1] == Approx(-0.02).epsilon(0.01));
}
