// SPDX-License-Identifier: MIT
// MosSampler: one epoch of batches, with a mixture that learns on the way.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/apply_update.hpp>
#include <pickmix/mos/batch.hpp>
#include <pickmix/mos/epoch.hpp>
#include <pickmix/mos/logit_scorer.hpp>
#include <pickmix/mos/reward.hpp>
#include <pickmix/mos/row_subset.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/shard.hpp>
#include <pickmix/mos/state.hpp>
#include <pickmix/mos/static.hpp>
#include <pickmix/mos/update.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// A sampler's policy: rewards that change the mixture, or none.
template <class P>
concept SamplerPolicy = RewardPolicy<P> || std::same_as<P, Static>;

/// One epoch over a MosState, as a range of batches:
///
///     for (int epoch = 0; epoch < epochs; ++epoch)
///       for (const Batch& batch : MosSampler<Policy>(state, callbacks)) train(batch);
///
/// Every `update_interval` steps, before a batch is drawn, the policy computes one reward per dataset and the state
/// learns from them. An epoch begins with its first batch, where none is under way: rows restricted and datasets added
/// before it count, also those since the sampler was made. It ends as `MosOptions::epoch_end` says, or when a batch is
/// asked for and there is nothing more to draw; an update due then is not made, even if it would give a share to what is
/// left. A loop may be left anywhere: the batches drawn count as used, and the next sampler, also of a state that was
/// saved and loaded, goes on behind them in the same epoch.
///
/// The sampler refers to the state, which must outlive it.
///
/// \cite wu2024mos (Algorithm 1)
template <SamplerPolicy Policy, Scorer S = LogitScorer>
class MosSampler {
 public:
  /// Asks the policy for what must be measured before training (see `Difficulty`), the first time it meets this state.
  ///
  /// \param shard  which part of each batch this rank trains on; rewards must come out the same on every rank, so callbacks
  ///               must give every rank the same numbers
  /// \throws ValueError if the policy needs a callback that is absent, its rule has a parameter out of range or is one that
  ///         the state's scorer cannot take, or `shard` makes no sense; CallbackError if one breaks its contract; what a
  ///         callback throws. The state is then as it was
  explicit MosSampler(MosState<S>& state, Callbacks trainer = {}, Policy policy = {}, Shard shard = {})
      : state_(&state), trainer_(std::move(trainer)), policy_(std::move(policy)), shard_(shard) {
    shard_.validate(state.options().batch_size);
    auto begun = epoch_ = state.epoch();
    if constexpr (RewardPolicy<Policy>) {
      if (detail::needs_loss<Policy> && !trainer_.loss)
        raise<ValueError>("MosSampler: Callbacks::loss is empty; this policy needs a loss callback");
      if (detail::needs_embedding<Policy>) detail::check_embedding(trainer_, "MosSampler");
      detail::check_rule<S>(rule(), "MosSampler");
      with_memory([&](RewardContext& context) { detail::start(policy_, context); });
    }
    state.epoch(std::move(begun));
  }

  class Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;

    const Batch& operator*() const { return sampler_->batch_; }
    const Batch* operator->() const { return &sampler_->batch_; }

    /// \throws as `begin`
    Iterator& operator++() {
      sampler_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.at_end(); }

   private:
    friend MosSampler;
    bool at_end() const { return sampler_->finished_; }
    explicit Iterator(MosSampler* sampler) : sampler_(sampler) {}
    MosSampler* sampler_;
  };

  /// Draws the next batch; at most one loop at a time.
  ///
  /// \throws if an update is due: ValueError if a reward is out of range, CallbackError, what a callback
  ///         throws. The state is then as it was, and a new loop tries again
  Iterator begin() {
    advance();
    return Iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  /// The policy's rule if it brings one, else that of the options.
  Update rule() const {
    if constexpr (requires { policy_.update(); })
      return policy_.update();
    else
      return state_->options().update;
  }

  void advance() {
    if (!finished_ && epoch_.begin == state_->step())  // nothing drawn in it: it is of what there is now
      state_->epoch(epoch_ = state_->epoch());
    finished_ = ended();
    if constexpr (RewardPolicy<Policy>)
      if (!finished_ && state_->update_due()) {
        with_memory([&](RewardContext& context) {
          std::vector<double> rewards(static_cast<std::size_t>(context.datasets()));
          policy_.rewards(context, rewards);
          state_->learn(rewards, rule());
        });
        finished_ = ended();  // an update may leave a share to nothing but what has been read
      }
    if (finished_) return;
    state_->draw(batch_);
    shard_.keep_part(batch_);
  }

  /// Whether the epoch is over or there is nothing more to draw. Then it has ended in the state, too: whatever comes
  /// back later is for the epoch that the next sampler begins.
  bool ended() {
    const bool by_steps = epoch_.passes.empty(), over = state_->over(epoch_), nothing = state_->exhausted();
    if (over && !by_steps) state_->end(epoch_);
    if (nothing && by_steps && state_->step() > 0) {
      epoch_ = {.begin = state_->step() - 1, .length = 1};  // one that is over, the same however many samplers see it
      state_->epoch(epoch_);
    }
    return over || nothing;
  }

  /// Lets `work` write to a copy of the memory, which replaces the state's only if `work` returns.
  template <class Work>
  void with_memory(Work&& work) {
    RewardMemory memory = state_->memory();
    const MosOptions options = state_->options();  // copies of all: a callback might change the state
    const std::vector<double> prior = state_->prior(), reported = state_->reported();
    const std::vector<double> probabilities = state_->probabilities();
    const std::vector<Index> drawn(state_->drawn().begin(), state_->drawn().end());
    const std::vector<RowSubset> rows(state_->rows().begin(), state_->rows().end());
    RewardContext context({.options = options,
                           .callbacks = trainer_,
                           .updates = state_->updates(),
                           .step = state_->step(),
                           .probabilities = probabilities,
                           .prior = prior,
                           .reported = reported,
                           .drawn = drawn,
                           .rows = rows},
                          memory);
    work(context);
    state_->memory(std::move(memory));
  }

  MosState<S>* state_;
  Callbacks trainer_;
  Policy policy_;
  Shard shard_;
  Batch batch_;
  detail::Epoch epoch_;
  bool finished_ = false;
};

}  // namespace pickmix::inline v0
