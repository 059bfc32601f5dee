// SPDX-License-Identifier: MIT
// One update of a scorer, by a rule of either kind.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/mixture.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/prior.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/shares.hpp>
#include <pickmix/mos/update.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace pickmix::inline v0::detail {

/// What an update reads of the run. It owns nothing.
struct UpdateRun {
  const MosOptions& options;
  const std::vector<bool>& masked;
  Index updates = 0;                        ///< before this one
  std::span<const double> drawn_from = {};  ///< shares of examples that are drawn; none where they are the scorer's
};

/// Whether a scorer can take a rule: its logits can be set, or the rule gives a gradient.
template <class S, class Rule>
concept Takes = GradientUpdate<Rule> || requires(S& scorer) {
  scorer.assign(scorer.logits());
};

/// \throws ValueError if a parameter of the rule is out of its range (names it), or a scorer S cannot take the rule
template <Scorer S>
void check_rule(const Update& how, std::string_view caller) {
  std::visit(
      [&]<class Rule>(const Rule& rule) {
        rule.validate();
        if constexpr (!Takes<S, Rule>)
          raise<ValueError>(
              "{}: the rule '{}' sets the distribution, which a '{}' scorer cannot take; use a LogitScorer, or a rule "
              "that gives a gradient",
              caller, Rule::kind, S::kind);
      },
      how);
}

template <Scorer S, GradientUpdate Rule>
void apply_rule(S& scorer, const Rule& rule, std::span<const double> rewards, const UpdateRun& run,
                std::vector<double>&) {
  ascend_update(scorer, rule, rewards, run.masked, run.options.inner_steps,
                {run.options.learning_rate, run.options.optimizer});
}

template <Scorer S, DirectUpdate Rule>
void apply_rule(S& scorer, const Rule& rule, std::span<const double> rewards, const UpdateRun& run,
                std::vector<double>& memory) {
  const std::vector<double> prior =
      positive_softmax(log_prior(run.options.sizes, run.options.prior_temperature), run.masked);
  const std::vector<double> p = positive_softmax(scorer.logits(), run.masked);
  const MixtureView now{.prior = prior, .probabilities = p, .updates = run.updates, .drawn_from = run.drawn_from};
  scorer.assign(logits_beside(rule.next(now, rewards, memory), scorer.logits(), run.masked, "MosState::learn"));
}

/// Lets `how` change `scorer` and its `memory`, both of which are then to be thrown away if this throws.
///
/// \shape  rewards: one per dataset, checked
/// \throws ValueError as `check_rule`, or if a logit is no longer finite, or the scorer is not by its `finite()`
template <Scorer S>
void apply_update(S& scorer, const Update& how, std::span<const double> rewards, const UpdateRun& run,
                  std::vector<double>& memory) {
  check_rule<S>(how, "MosState::learn");
  std::visit(
      [&]<class Rule>(const Rule& rule) {
        if constexpr (Takes<S, Rule>) apply_rule(scorer, rule, rewards, run, memory);
      },
      how);
  const std::span<const double> logits = scorer.logits();
  for (std::size_t d = 0; d < logits.size(); ++d)
    if (!std::isfinite(logits[d]))
      raise<ValueError>("MosState::learn: the logit of dataset {} became {}; learning_rate is {}, which is too large",
                        d, logits[d], run.options.learning_rate);
  if constexpr (requires { scorer.finite(); })
    if (!scorer.finite())
      raise<ValueError>(
          "MosState::learn: a parameter of the '{}' scorer or a moment of its optimiser is no longer finite; "
          "learning_rate is {}, which is too large",
          S::kind, run.options.learning_rate);
}

}  // namespace pickmix::inline v0::detail
