// SPDX-License-Identifier: MIT
// Reward policies: how much a dataset is worth sampling now.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/permutation.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/epoch.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/row_subset.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// What reward policies remember between updates, by name. It is part of the state and of its checkpoints.
using RewardMemory = std::map<std::string, std::vector<double>, std::less<>>;

namespace detail {

/// \throws ValueError if a checkpoint could not hold the entry
inline void check_memory(std::string_view name, std::span<const double> values) {
  if (name == epoch_name) raise<ValueError>("RewardMemory: the name '{}' is taken; needs another", name);
  for (std::size_t k = 0; k < values.size(); ++k)
    if (!std::isfinite(values[k]))
      raise<ValueError>("RewardMemory: '{}'[{}] is {}; needs to be finite", name, k, values[k]);
}

}  // namespace detail

/// The run as it is when rewards are asked for. Spans have an entry for each dataset.
struct RunView {
  const MosOptions& options;
  const Callbacks& callbacks;
  Index updates = 0;  ///< of the distribution, so far
  Index step = 0;
  std::span<const double> probabilities = {};
  std::span<const double> prior = {};     ///< the distribution without what was learnt; 0 for a retired dataset alone
  std::span<const double> reported = {};  ///< mean loss reported since the update before; NaN where none
  std::span<const Index> drawn = {};      ///< rows so far
  std::span<const RowSubset> rows = {};   ///< that are drawn; no entries: all of all datasets
};

/// What a policy sees of the run while it computes rewards: datasets, the model through its callbacks, a memory.
///
/// Nothing a policy does here takes effect unless its call returns; a throwing callback leaves the state as it was.
class RewardContext {
 public:
  /// \param memory what is remembered; written to by `remember`, so callers hand in a copy
  RewardContext(const RunView& run, RewardMemory& memory) : run_(run), memory_(&memory) {}

  Index datasets() const { return static_cast<Index>(run_.options.sizes.size()); }
  Index size(Index dataset) const { return run_.options.sizes[static_cast<std::size_t>(dataset)]; }

  /// How many updates the distribution has had so far.
  Index updates() const { return run_.updates; }
  Index step() const { return run_.step; }
  const RunView& run() const { return run_; }

  /// Whether the dataset takes part: the reward of one that is retired is not looked at, and nothing need be asked for it.
  bool active(Index dataset) const {
    const auto d = static_cast<std::size_t>(dataset);
    return run_.prior.empty() || run_.prior[d] > 0.0 || (!run_.probabilities.empty() && run_.probabilities[d] > 0.0);
  }

  /// `MosOptions::reward_batch` different examples of `dataset`, or all of a smaller one; a function of the seed, the
  /// dataset and `round` only. Where the dataset is restricted, they are of the rows that are drawn, if there are any.
  std::vector<Example> sample(Index dataset, Index round) const {
    const RowSubset rows = run_.rows.empty() ? RowSubset() : run_.rows[static_cast<std::size_t>(dataset)];
    return sample(dataset, round, rows.count(size(dataset)) > 0 ? rows : RowSubset());
  }
  /// The same of other rows of the dataset, `RowSubset()` being all: of what was measured once, whatever is drawn later.
  std::vector<Example> sample(Index dataset, Index round, const RowSubset& rows) const {
    const auto instance = static_cast<std::uint64_t>(round) << 32 | static_cast<std::uint64_t>(dataset);
    const Index count = rows.count(size(dataset));
    const Permutation order(count, RandomStream(run_.options.seed, purpose, instance));
    std::vector<Example> examples;
    for (Index i = 0; i < std::min(run_.options.reward_batch, count); ++i)
      examples.push_back({.dataset = dataset, .row = rows[order(i)]});
    return examples;
  }

  /// The model's losses on `examples`, finite.
  /// \throws ValueError, CallbackError as `ask_losses`; what the callback throws
  std::vector<float> losses(std::span<const Example> examples) const {
    return ask_losses(run_.callbacks, examples, "MosSampler");
  }

  /// One row for each of `examples`, finite.
  /// \return examples.size() × Callbacks::embedding_size, row after row
  /// \throws ValueError, CapacityError, CallbackError as `ask_embeddings`; what the callback throws
  std::vector<float> embeddings(std::span<const Example> examples) const {
    return ask_embeddings(run_.callbacks, examples, "MosSampler");
  }

  /// What was remembered under `name`; empty if nothing was. Valid until `remember` is called.
  std::span<const double> recall(std::string_view name) const {
    const auto entry = memory_->find(scope_ + std::string(name));
    return entry == memory_->end() ? std::span<const double>() : entry->second;
  }
  /// \throws ValueError if a value is not finite, or the name is one that checkpoints use
  void remember(std::string_view name, std::vector<double> values) {
    detail::check_memory(scope_ + std::string(name), values);
    memory_->insert_or_assign(scope_ + std::string(name), std::move(values));
  }

  /// The same context for a policy inside a policy, with names of its own.
  RewardContext within(std::string_view policy) const {
    RewardContext inner = *this;
    inner.scope_ += std::string(policy) + "/";
    return inner;
  }
  /// These names, each followed by "/".
  const std::string& scope() const { return scope_; }

 private:
  static constexpr std::uint32_t purpose = 0x72657764;  // "rewd"

  RunView run_;
  RewardMemory* memory_;
  std::string scope_;
};

/// A policy of rewards: `rewards(context, out)` writes one finite, non-negative number per dataset; a dataset with a
/// larger one is sampled more. Optional members:
///
/// - `start(context)`: called when a sampler is made, to refuse what cannot work and to measure what must be measured before
///   training
/// - `static constexpr bool needs_loss = true`, `needs_embedding`: a sampler without that callback is refused
/// - `update()`: the rule its rewards are learnt by (see Update), in the place of `MosOptions::update`
template <class P>
concept RewardPolicy = std::copy_constructible<P> &&
    requires(const P& policy, RewardContext& context, std::span<double> out) {
  policy.rewards(context, out);
};

namespace detail {

template <class P>
constexpr bool needs_loss = [] {
  if constexpr (requires { P::needs_loss; })
    return bool{P::needs_loss};
  else
    return false;
}();

template <class P>
constexpr bool needs_embedding = [] {
  if constexpr (requires { P::needs_embedding; })
    return bool{P::needs_embedding};
  else
    return false;
}();

template <class P>
void start(const P& policy, RewardContext& context) {
  if constexpr (requires { policy.start(context); }) policy.start(context);
}

inline bool is_reward(double reward) { return reward >= 0.0 && reward <= largest_reward; }

/// The rewards of a policy within another.
///
/// \throws ValueError if one of a dataset that takes part is none: mixed with others it would not be seen any more
template <class P>
void rewards_within(const P& policy, RewardContext& context, std::span<double> out) {
  policy.rewards(context, out);
  for (Index d = 0; d < context.datasets(); ++d)
    if (const double reward = out[static_cast<std::size_t>(d)]; context.active(d) && !is_reward(reward))
      raise<ValueError>("the reward of dataset {} within '{}' is {}; rewards must be in [0, {}]", d, context.scope(),
                        reward, largest_reward);
}

}  // namespace detail

}  // namespace pickmix::inline v0
