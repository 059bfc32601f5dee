// SPDX-License-Identifier: MIT
// Everything a mixture has learnt, and where it is.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/numeric.hpp>
#include <pickmix/core/permutation.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/batch.hpp>
#include <pickmix/mos/logit_scorer.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/prior.hpp>
#include <pickmix/mos/reward.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/update.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <numeric>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// A mixture of datasets in the course of a run: the distribution over datasets and its scorer, how far each dataset
/// has been read, what the rewards remember. It outlives the samplers of the single epochs, and is saved whole.
///
/// What is drawn is a function of the seed, the step and this state: two states that are equal go on equally, on every
/// machine and at every later time.
///
/// Copies are independent. One state is for one thread at a time.
template <Scorer S = LogitScorer>
class MosState {
 public:
  /// \throws ShapeError, ValueError if an option is out of its range (names it)
  explicit MosState(MosOptions options)
      : MosState((validate(options), std::move(options)),
                 [](const MosOptions& valid) { return S(log_prior(valid.sizes, valid.prior_temperature)); }) {}

  const MosOptions& options() const { return options_; }

  /// The distribution over datasets the next batch is drawn from; sums to 1.
  std::vector<double> probabilities() const {
    std::vector<double> p(options_.sizes.size());
    softmax(scorer_.logits(), p);
    return p;
  }

  /// Batches drawn so far.
  Index step() const { return step_; }

  /// Updates of the distribution so far, and the rewards of the last one (empty before the first).
  Index updates() const { return updates_; }
  std::span<const double> rewards() const { return rewards_; }

  /// True if the distribution should be updated before the next batch is drawn: every `update_interval` steps.
  bool update_due() const { return step_ > 0 && step_ % options_.update_interval == 0 && updated_at_ != step_; }

  /// Rows drawn from `dataset` so far; divided by its size, the passes over it.
  Index drawn(Index dataset) const { return drawn_[static_cast<std::size_t>(dataset)]; }

  /// What the reward policies remember.
  const RewardMemory& memory() const { return memory_; }
  void memory(RewardMemory memory) { memory_ = std::move(memory); }

  /// Draws the next batch: a dataset from the distribution, then its next rows. Each pass over a dataset takes every
  /// row once, in an order of its own.
  ///
  /// \complexity O(batch_size + log datasets), a few µs at most
  Batch draw() {
    RandomStream random(options_.seed, dataset_purpose, static_cast<std::uint64_t>(step_));
    const std::size_t d = dataset_at(random.uniform());
    Batch batch{.step = step_, .examples = {}};
    batch.examples.reserve(static_cast<std::size_t>(options_.batch_size));
    const Index size = options_.sizes[d];
    Index at = drawn_[d];
    const Index end = at + options_.batch_size;
    while (at < end) {
      const auto pass = static_cast<std::uint64_t>(at / size);
      const Permutation order(size, RandomStream(options_.seed, order_purpose, pass << 32 | d));
      for (Index i = at % size; i < size && at < end; ++i, ++at)
        batch.examples.push_back({.dataset = static_cast<Index>(d), .row = order(i)});
    }
    drawn_[d] = end;
    ++step_;
    return batch;
  }

  /// Updates the distribution with one reward per dataset, larger for what should be sampled more.
  ///
  /// \throws ShapeError if there are not as many rewards as datasets; ValueError if one is not in
  ///         [0, largest_reward], or if the learning rate is so large that a logit is no longer finite (names dataset and
  ///         value). The state is then as it was
  void learn(std::span<const double> rewards) {
    if (rewards.size() != options_.sizes.size())
      raise<ShapeError>("MosState::learn: {} rewards for {} datasets; needs one each", rewards.size(),
                        options_.sizes.size());
    for (std::size_t d = 0; d < rewards.size(); ++d)
      if (!is_reward(rewards[d]))
        raise<ValueError>("MosState::learn: the reward of dataset {} is {}; rewards must be in [0, {}]", d, rewards[d],
                          largest_reward);
    S next = scorer_;
    ascend_update(next, Drift{}, rewards, options_.inner_steps, options_.learning_rate);
    const std::span<const double> logits = next.logits();
    for (std::size_t d = 0; d < logits.size(); ++d)
      if (!std::isfinite(logits[d]))
        raise<ValueError>("MosState::learn: the logit of dataset {} became {}; learning_rate is {}, which is too large",
                          d, logits[d], options_.learning_rate);
    auto next_cumulative = cumulative(next);
    std::vector<double> next_rewards(rewards.begin(), rewards.end());
    scorer_ = std::move(next);
    cumulative_ = std::move(next_cumulative);
    rewards_ = std::move(next_rewards);
    ++updates_;
    updated_at_ = step_;
  }

  /// Writes everything, options included. \throws CheckpointError if the stream does not take it
  void save(std::ostream& out) const {
    ArchiveWriter file(archive_kind, archive_version);
    file.write("sizes", options_.sizes);
    file.write("batch_size", options_.batch_size);
    file.write("prior_temperature", options_.prior_temperature);
    file.write("update_interval", options_.update_interval);
    file.write("inner_steps", options_.inner_steps);
    file.write("learning_rate", options_.learning_rate);
    file.write("reward_batch", options_.reward_batch);
    file.write("seed", options_.seed);
    file.write("step", step_);
    file.write("updates", updates_);
    file.write("updated_at", updated_at_);
    file.write("drawn", drawn_);
    file.write("rewards", rewards_);
    file.write("memory", static_cast<Index>(memory_.size()));
    for (const auto& [name, values] : memory_) {
      file.write("memory.name", std::string_view(name));
      file.write("memory.values", values);
    }
    file.write("scorer", S::kind);
    scorer_.save(file);
    file.finish(out);
  }

  /// \throws CheckpointError if the stream ends early, is damaged, holds another kind of state or scorer, or a
  ///         field has an impossible value (names it)
  static MosState load(std::istream& in) {
    ArchiveReader file(in, archive_kind, archive_version);
    MosOptions options;
    options.sizes = file.read_all<Index>("sizes");
    options.batch_size = file.read<Index>("batch_size");
    options.prior_temperature = file.read<double>("prior_temperature");
    options.update_interval = file.read<Index>("update_interval");
    options.inner_steps = file.read<Index>("inner_steps");
    options.learning_rate = file.read<double>("learning_rate");
    options.reward_batch = file.read<Index>("reward_batch");
    options.seed = file.read<std::uint64_t>("seed");
    try {
      validate(options);
    } catch (const Error& error) {
      raise<CheckpointError>("checkpoint: {}", error.what());
    }
    const auto datasets = options.sizes.size();
    const auto counter = [&](const char* name, Index least, Index most) {
      const auto value = file.read<Index>(name);
      if (value < least || value > most)
        raise<CheckpointError>("checkpoint: field '{}' is {}; needs to be in [{}, {}]", name, value, least, most);
      return value;
    };
    const Index step = counter("step", 0, most_steps);
    const Index updates = counter("updates", 0, INT64_MAX - 1);
    const Index updated_at = updates == 0 ? counter("updated_at", -1, -1) : counter("updated_at", 0, step);
    auto drawn = file.read_all<Index>("drawn");
    if (drawn.size() != datasets)
      raise<CheckpointError>("checkpoint: field 'drawn' has {} values; expected {}", drawn.size(), datasets);
    Index not_drawn = step * options.batch_size;
    for (std::size_t d = 0; d < datasets; ++d) {
      if (drawn[d] < 0 || drawn[d] > not_drawn)
        raise<CheckpointError>("checkpoint: field 'drawn'[{}] is {}; needs to be in [0, {}]", d, drawn[d], not_drawn);
      not_drawn -= drawn[d];
    }
    if (not_drawn != 0)
      raise<CheckpointError>("checkpoint: field 'drawn' adds up to {} less than step · batch_size", not_drawn);
    auto rewards = file.read_all<double>("rewards");
    if (rewards.size() != (updates == 0 ? 0 : datasets))
      raise<CheckpointError>("checkpoint: field 'rewards' has {} values after {} updates of {} datasets",
                             rewards.size(), updates, datasets);
    for (std::size_t d = 0; d < rewards.size(); ++d)
      if (!is_reward(rewards[d])) raise<CheckpointError>("checkpoint: field 'rewards'[{}] is {}", d, rewards[d]);
    RewardMemory memory;
    for (Index entries = counter("memory", 0, INT64_MAX); entries > 0; --entries) {
      auto name = file.read_text("memory.name");
      memory[std::move(name)] = file.read_all<double>("memory.values");
    }
    if (const auto kind = file.read_text("scorer"); kind != S::kind)
      raise<CheckpointError>("checkpoint: holds a '{}' scorer; expected '{}'", kind, S::kind);

    MosState state(std::move(options), [&](const MosOptions&) { return S::load(file, datasets); });
    file.finish();
    state.step_ = step;
    state.updates_ = updates;
    state.updated_at_ = updated_at;
    state.drawn_ = std::move(drawn);
    state.rewards_ = std::move(rewards);
    state.memory_ = std::move(memory);
    return state;
  }

 private:
  static constexpr Index most_steps = Index{1} << 38;  // times the largest batch is still an Index
  static constexpr std::string_view archive_kind = "mos.state";
  static constexpr std::uint32_t archive_version = 1;
  static constexpr std::uint32_t dataset_purpose = 0x64617461;  // "data"
  static constexpr std::uint32_t order_purpose = 0x6F726465;    // "orde"

  /// \param make_scorer called with the options, which are valid
  template <class MakeScorer>
  MosState(MosOptions options, MakeScorer make_scorer)
      : options_(std::move(options)),
        scorer_(make_scorer(options_)),
        cumulative_(cumulative(scorer_)),
        drawn_(options_.sizes.size(), 0) {}

  static bool is_reward(double reward) { return reward >= 0.0 && reward <= largest_reward; }

  static std::vector<double> cumulative(const S& scorer) {
    const std::span<const double> logits = scorer.logits();
    std::vector<double> p(logits.size());
    softmax(logits, p);
    std::partial_sum(p.begin(), p.end(), p.begin());
    return p;
  }

  /// The dataset in whose share of [0, 1) `u` falls. A dataset of probability 0 has no share.
  std::size_t dataset_at(double u) const {
    const double scaled = u * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, scaled);
    return static_cast<std::size_t>(found - cumulative_.begin());
  }

  MosOptions options_;
  S scorer_;
  RewardMemory memory_;
  std::vector<double> rewards_;
  std::vector<double> cumulative_;  // of the probabilities; derived, not saved
  std::vector<Index> drawn_;
  Index step_ = 0;
  Index updates_ = 0;
  Index updated_at_ = -1;
};

MosState(MosOptions)->MosState<LogitScorer>;

}  // namespace pickmix::inline v0
