// SPDX-License-Identifier: MIT
// How a mixture is sampled and learnt.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/update.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <variant>
#include <vector>

namespace pickmix::inline v0 {

/// What comes from one dataset: a whole batch (printed), or each example by itself (released).
enum class Draw { batch, example };

/// Where an epoch, one MosSampler's loop, ends. By passes, the passes completed over each dataset, or over the rows it is
/// restricted to, are compared with what they were when the epoch began. Those datasets count that were in the mixture's list
/// then and whose probability is above 0 now (a share set to 0 counts as 0); one that has nothing left to draw, read
/// `most_passes` times or restricted to no rows, is not waited for. By passes, a sampler looks at every dataset before each
/// step: O(datasets), about 10 ns each. Any epoch ends, too, when a batch is asked for and there is nothing to draw.
enum class EpochEnd {
  steps,       ///< after `epoch_steps` steps
  first_pass,  ///< when one of them has completed another pass
  every_pass   ///< when every one of them has
};

/// Options of a MosState. Where the released recipe of Mixture-of-Skills differs from the printed one, the defaults of what
/// updates the distribution (`inner_steps`, `optimizer`, the first update after `update_interval` steps) are the released
/// ones. `draw` is the printed one, `replacement` neither, and where only one of them says a number it is said which.
///
/// \cite wu2024mos (Algorithm 1 and § 4.1: "printed"); its authors' later release (`DynaTrainer`): "released"
struct MosOptions {
  /// Examples in each dataset; each at least 1.
  std::vector<Index> sizes;

  /// Examples in a batch; the default is our own.
  Index batch_size = 64;

  /// τ of the distribution training starts with, q(i) ∝ size(i)^(1/τ): 1 is proportional to size, infinity is uniform
  /// (Eq. 4; printed and released start uniform).
  double prior_temperature = std::numeric_limits<double>::infinity();

  /// Steps between two updates of the distribution: S of Algorithm 1 (printed: 100). The first comes after S steps.
  Index update_interval = 100;

  /// Optimiser steps per update (released: 200; Algorithm 1 prints one, which moves nothing visible in a usual run).
  Index inner_steps = 200;

  /// The optimiser's learning rate on the scorer (printed and released: 1e-4). With a LogitScorer and Adam an early update
  /// moves a logit by at most about inner_steps · learning_rate, one after rewards change that were steady by up to six
  /// times that (four with 200 steps); other scorers make a logit of many parameters, and plain gradient steps are as long
  /// as rewards are large.
  double learning_rate = 1e-4;

  /// Examples per dataset a reward is computed from (printed: 64); fewer where a dataset has fewer.
  Index reward_batch = 64;

  /// Names the run: everything drawn is a function of it and of the step.
  std::uint64_t seed = 0;

  /// How rewards become probabilities, unless the policy brings a rule of its own (released: Drift).
  Update update = Drift{};

  /// How the scorer takes a step up the gradient (released: Adam; printed: plain gradient steps).
  Optimizer optimizer = Optimizer::adam;

  /// ε of the floor p ← ε + (1 − Mε)·p over the M datasets that are not masked: none is forgotten for good. At most one in
  /// all datasets, masked ones too.
  double least_probability = 0.0;

  /// Whether a batch is of one dataset (printed) or each of its examples drawn by itself (released).
  Draw draw = Draw::batch;

  /// Rows of a dataset are drawn with replacement (released), not pass after pass (our default; the paper does not say).
  bool replacement = false;

  /// How many times over a dataset, or the rows it is restricted to, may be read; then it is drawn no more. Its last batch
  /// may be a short one.
  double most_passes = std::numeric_limits<double>::infinity();

  /// Where an epoch ends, and after how many steps if by steps; 0: after Σ sizes / batch_size, rounded up, over the datasets
  /// whose probability is above 0 when the epoch begins, sizes being of the rows they are restricted to.
  EpochEnd epoch_end = EpochEnd::steps;
  Index epoch_steps = 0;

  /// Mean tokens of an example of each dataset. Where given, probabilities are shares of tokens, not of examples: a dataset
  /// is drawn in proportion to probability / tokens.
  std::vector<double> tokens = {};
};

/// The largest reward a state learns from: its square and sums of many are still finite.
inline constexpr double largest_reward = 1e100;

/// \throws ShapeError if there is no dataset; ValueError if an option is out of its range (names it)
inline void validate(const MosOptions& options) {
  constexpr Index most_datasets = Index{1} << 20, most_rows = Index{1} << 40, largest_batch = Index{1} << 24;
  constexpr double least_temperature = 1e-6;
  if (options.sizes.empty()) raise<ShapeError>("MosOptions: sizes is empty; needs at least one dataset");
  if (std::ssize(options.sizes) > most_datasets)
    raise<ShapeError>("MosOptions: sizes has {} datasets; needs at most {}", options.sizes.size(), most_datasets);
  for (std::size_t d = 0; d < options.sizes.size(); ++d)
    if (options.sizes[d] < 1 || options.sizes[d] > most_rows)
      raise<ValueError>("MosOptions: sizes[{}] is {}; a dataset needs at least one example, and at most {}", d,
                        options.sizes[d], most_rows);
  const auto at_least_one = [](const char* name, Index value) {
    if (value < 1) raise<ValueError>("MosOptions: {} is {}; needs at least 1", name, value);
  };
  at_least_one("batch_size", options.batch_size);
  if (options.batch_size > largest_batch)
    raise<ValueError>("MosOptions: batch_size is {}; needs at most {}", options.batch_size, largest_batch);
  at_least_one("update_interval", options.update_interval);
  at_least_one("inner_steps", options.inner_steps);
  at_least_one("reward_batch", options.reward_batch);
  if (!(options.prior_temperature >= least_temperature))
    raise<ValueError>("MosOptions: prior_temperature is {}; needs at least {}", options.prior_temperature,
                      least_temperature);
  if (!(options.learning_rate >= 0.0 && std::isfinite(options.learning_rate)))
    raise<ValueError>("MosOptions: learning_rate is {}; needs to be finite and at least 0", options.learning_rate);
  std::visit([](const auto& rule) { rule.validate(); }, options.update);
  const double even = 1.0 / static_cast<double>(options.sizes.size());
  if (!(options.least_probability >= 0.0 && options.least_probability <= even))
    raise<ValueError>("MosOptions: least_probability is {}; needs to be in [0, {}], one in {} datasets",
                      options.least_probability, even, options.sizes.size());
  if (!(options.most_passes > 0.0))
    raise<ValueError>("MosOptions: most_passes is {}; needs to be above 0", options.most_passes);
  if (options.epoch_steps < 0)
    raise<ValueError>("MosOptions: epoch_steps is {}; needs at least 0", options.epoch_steps);
  const auto one_of = [](const char* name, auto value, auto last) {
    if (value < decltype(value){} || value > last)
      raise<ValueError>("MosOptions: {} is {}; needs to be one of its enumerators, 0 to {}", name,
                        static_cast<int>(value), static_cast<int>(last));
  };
  one_of("draw", options.draw, Draw::example);
  one_of("optimizer", options.optimizer, Optimizer::sgd);
  one_of("epoch_end", options.epoch_end, EpochEnd::every_pass);
  if (options.epoch_end != EpochEnd::steps && options.replacement)
    raise<ValueError>("MosOptions: epoch_end is by passes and replacement is on; there are no passes then");
  if (!options.tokens.empty() && options.tokens.size() != options.sizes.size())
    raise<ShapeError>("MosOptions: tokens has {} entries for {} datasets; needs one each, or none",
                      options.tokens.size(), options.sizes.size());
  for (std::size_t d = 0; d < options.tokens.size(); ++d)
    if (!(options.tokens[d] >= 1e-6 && options.tokens[d] <= 1e12))
      raise<ValueError>("MosOptions: tokens[{}] is {}; needs to be in [1e-6, 1e12]", d, options.tokens[d]);
}

}  // namespace pickmix::inline v0
