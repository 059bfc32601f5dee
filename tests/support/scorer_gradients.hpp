// SPDX-License-Identifier: MIT
// A scorer's gradient against finite differences, in the values that updates climb.
#pragma once

#include <pickmix/core/numeric.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/drift.hpp>
#include <pickmix/mos/policy_gradient.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/update.hpp>
#include <support/catch.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace scorer_gradients {

using Doubles = std::vector<double>;

/// Σ_i R_i log p_i, which Drift climbs.
template <class S>
double log_likelihood(const S& scorer, const Doubles& rewards) {
  Doubles p(rewards.size());
  pickmix::softmax(scorer.logits(), p);
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += rewards[i] * std::log(p[i]);
  return sum;
}

/// Σ_i p_i R_i, the expected reward, by enumeration: which PolicyGradient climbs.
template <class S>
double expectation(const S& scorer, const Doubles& rewards) {
  Doubles p(rewards.size());
  pickmix::softmax(scorer.logits(), p);
  double sum = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += p[i] * rewards[i];
  return sum;
}

/// What a plain gradient step does to each parameter (to some twenty of many) is the slope of `value` along it.
///
/// \param shifted  shifted(scorer, k, by): the scorer with its k-th parameter changed
template <class S, class Rule, class Value, class Shifted>
void check_rule(S scorer, const Rule& rule, const Value& value, const Shifted& shifted) {
  const Doubles rewards{0.3, 0.9, 0.5};
  ascend_update(scorer, rule, rewards, {}, 60, {1e-2});
  S moved = scorer;
  constexpr double rate = 1e-6, h = 1e-5;
  ascend_update(moved, rule, rewards, {}, 1, {rate, pickmix::Optimizer::sgd});
  double square = 0.0;
  for (std::size_t k = 0; k < scorer.parameters().size(); k += 1 + k / 20) {
    const double slope = (value(shifted(scorer, k, h), rewards) - value(shifted(scorer, k, -h), rewards)) / (2.0 * h);
    CAPTURE(k);
    CHECK((moved.parameters()[k] - scorer.parameters()[k]) / rate == Approx(slope).margin(1e-6));
    square += slope * slope;
  }
  CHECK(square > 1e-8);
}

template <class S, class Shifted>
void check(const S& scorer, const Shifted& shifted) {
  check_rule(scorer, pickmix::Drift{}, log_likelihood<S>, shifted);
  check_rule(scorer, pickmix::PolicyGradient{}, expectation<S>, shifted);
}

}  // namespace scorer_gradients
