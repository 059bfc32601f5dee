// SPDX-License-Identifier: MIT
// Tests of mos/mlp_scorer.hpp.
#include <pickmix/mos/mlp_scorer.hpp>

#include <pickmix/core/numeric.hpp>
#include <pickmix/mos/drift.hpp>
#include <pickmix/mos/policy_gradient.hpp>
#include <pickmix/mos/update.hpp>
#include <support/catch.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <sstream>
#include <string_view>
#include <vector>

using namespace pickmix;
using Doubles = std::vector<double>;

namespace {

const Doubles log_prior{std::log(0.5), std::log(0.2), std::log(0.3)};

/// Its fields, `spoilt` by a function of (name, values) on the way.
template <class Spoil>
std::stringstream fields(const MlpScorer& scorer, const Spoil& spoil) {
  ArchiveWriter file("test", 1);
  Doubles hidden{4.0}, parameters(scorer.parameters().begin(), scorer.parameters().end());
  spoil("mlp.hidden", hidden);
  spoil("mlp.parameters", parameters);
  file.write("mlp.hidden", static_cast<Index>(hidden[0]));
  file.write("mlp.parameters", parameters);
  Adam(parameters.size()).save(file);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

MlpScorer loaded(std::stringstream stream, std::size_t datasets = 3) {
  ArchiveReader file(stream, "test", 1);
  return MlpScorer::load(file, datasets);
}
std::stringstream saved(const MlpScorer& scorer) {
  ArchiveWriter file("test", 1);
  scorer.save(file);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

/// Σ_i R_i log p_i
double objective(const MlpScorer& scorer, const Doubles& rewards) {
  Doubles p(rewards.size());
  softmax(scorer.logits(), p);
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += rewards[i] * std::log(p[i]);
  return sum;
}

/// Σ_i p_i R_i, by enumeration: the expected reward.
double expectation(const MlpScorer& scorer, const Doubles& rewards) {
  Doubles p(rewards.size());
  softmax(scorer.logits(), p);
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += p[i] * rewards[i];
  return sum;
}

/// A plain gradient step moves parameters along the gradient, and f rises by rate · ‖gradient‖², as finite differences along
/// the same line say.
template <class Rule, class Value>
void check_gradient(MlpScorer scorer, const Rule& rule, const Value& value) {
  const Doubles rewards{0.3, 0.9, 0.5};
  for (int warm_up = 0; warm_up < 3; ++warm_up) ascend_update(scorer, rule, rewards, {}, 20, {1e-2});
  constexpr double rate = 1e-6;
  MlpScorer up = scorer, down = scorer;
  ascend_update(up, rule, rewards, {}, 1, {rate, Optimizer::sgd});
  ascend_update(down, rule, rewards, {}, 1, {-rate, Optimizer::sgd});
  double square = 0.0;
  for (std::size_t k = 0; k < scorer.parameters().size(); ++k) {
    const double slope = (up.parameters()[k] - scorer.parameters()[k]) / rate;
    square += slope * slope;
  }
  CHECK(square > 1e-8);
  CHECK((value(up, rewards) - value(down, rewards)) / (2.0 * rate) == Approx(square).epsilon(1e-5));
}

/// One parameter after the other: what a plain gradient step does to it, against finite differences through a checkpoint.
template <class Rule, class Value>
void check_each_parameter(MlpScorer scorer, const char* field, const Rule& rule, const Value& value) {
  const Doubles rewards{0.3, 0.9, 0.5};
  ascend_update(scorer, rule, rewards, {}, 60, {1e-2});
  MlpScorer moved = scorer;
  constexpr double rate = 1e-6, h = 1e-5;
  ascend_update(moved, rule, rewards, {}, 1, {rate, Optimizer::sgd});
  for (std::size_t k = 0; k < scorer.parameters().size(); k += 1 + k / 20) {
    const auto at = [&](double shift) {
      return loaded(fields(scorer, [&](std::string_view name, Doubles& values) {
        if (name == field) values[k] += shift;
      }));
    };
    const double slope = (value(at(h), rewards) - value(at(-h), rewards)) / (2.0 * h);
    CAPTURE(k);
    CHECK((moved.parameters()[k] - scorer.parameters()[k]) / rate == Approx(slope).margin(1e-6));
  }
}

}  // namespace

TEST_CASE("It starts exactly at the prior") {
  const MlpScorer scorer(log_prior);
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) == log_prior);
  CHECK(scorer.parameters().size() == 64 + 3 * 64 + 3);
  CHECK_THROWS_AS(MlpScorer(log_prior, 0), ValueError);
}

TEST_CASE("Its gradient is that of finite differences, in every parameter") {
  const MlpScorer scorer(log_prior, 4);
  check_gradient(scorer, Drift{}, objective);
  check_gradient(scorer, PolicyGradient{}, expectation);
  check_each_parameter(scorer, "mlp.parameters", Drift{}, objective);
  check_each_parameter(scorer, "mlp.parameters", PolicyGradient{}, expectation);
}

TEST_CASE("It drifts towards the normalised rewards, by either optimiser") {
  for (const AscentStep& step : {AscentStep{1e-3}, AscentStep{1e-2, Optimizer::sgd}}) {
    MlpScorer scorer(log_prior);
    ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 4000, step);
    Doubles p(3);
    softmax(scorer.logits(), p);
    CHECK(p[0] == Approx(0.125).margin(1e-3));
    CHECK(p[2] == Approx(0.625).margin(1e-3));
  }
}

TEST_CASE("Saved and loaded it goes on to the same bits") {
  MlpScorer scorer(log_prior, 5);
  ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 10, {1e-2});
  MlpScorer again = loaded(saved(scorer));
  ascend_update(scorer, Drift{}, Doubles{3.0, 2.0, 5.0}, {}, 10, {1e-2});
  ascend_update(again, Drift{}, Doubles{3.0, 2.0, 5.0}, {}, 10, {1e-2});
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) ==
        Doubles(again.logits().begin(), again.logits().end()));
}

TEST_CASE("Fields that cannot be are refused by name") {
  const MlpScorer scorer(log_prior, 4);
  const auto refused = [&](const auto& spoil) { CHECK_THROWS_AS(loaded(fields(scorer, spoil)), CheckpointError); };
  CHECK_NOTHROW(loaded(fields(scorer, [](std::string_view, Doubles&) {})));
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.hidden") v[0] = 0.0;
  });
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.hidden") v[0] = 5.0;
  });
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.parameters") v.pop_back();
  });
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.parameters") v[7] = std::nan("");
  });
  CHECK_THROWS_AS(loaded(saved(scorer), 2), CheckpointError);
}
