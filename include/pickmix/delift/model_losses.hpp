// SPDX-License-Identifier: MIT
// Losses asked of the model, many at a time.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace pickmix::inline v0::delift {

/// Which pairs are asked for where not all may be (see UtilityBudget).
enum class UtilityStrategy {
  adaptive,   ///< neighbours, then what the selection so far says to matter
  neighbors,  ///< nearest neighbours by embedding
  completion  ///< pairs at random, and a regression for the others
};

/// How the model is asked.
struct UtilityOptions {
  Index batch = 64;   ///< losses that one call of the callback is asked for, at most
  Index dataset = 0;  ///< `Example::dataset` of every example

  // On a budget of calls:
  UtilityStrategy strategy = UtilityStrategy::adaptive;
  std::uint64_t seed = 0;  ///< draws the pairs that are asked for at random
};

/// A model that is asked in batches, and how often it was. Where `Callbacks::concurrent` is true, the executor's threads ask.
class ModelLosses {
 public:
  /// \throws ValueError if there is no loss callback or options.batch < 1
  ModelLosses(Cpu executor, const Callbacks& callbacks, const UtilityOptions& options)
      : executor_(callbacks.concurrent ? executor : cpu), callbacks_(&callbacks), options_(options) {
    if (!callbacks.loss) raise<ValueError>("delift: Callbacks::loss is empty; a utility is measured with it");
    if (options.batch < 1) raise<ValueError>("UtilityOptions: batch is {}; needs at least 1", options.batch);
  }

  /// Asks for `count` losses, batch after batch in this order: example(k) says of what, take(k, loss) gets it.
  ///
  /// \param example   gives the k-th example; its dataset is filled in here
  /// \param take      called for each k once, from the threads that ask
  /// \param progress  called with the number of losses asked for so far; returns false to stop
  /// \return false if `progress` said stop
  /// \throws CallbackError if a loss is not finite; what the callback throws
  template <class ExampleAt, class Take, class OnProgress>
  bool ask(Index count, const ExampleAt& example, const Take& take, const OnProgress& progress) {
    const Index batch = options_.batch, calls = count / batch + (count % batch != 0);
    const auto one_call = [&](Index call) {
      const Index first = call * batch, end = std::min(count, first + batch);
      std::vector<Example> examples;
      for (Index k = first; k < end; ++k) {
        examples.push_back(example(k));
        examples.back().dataset = options_.dataset;
      }
      asked_.fetch_add(end - first, std::memory_order_relaxed);
      const std::vector<float> losses = ask_losses(*callbacks_, examples, "delift");
      for (Index k = first; k < end; ++k) take(k, losses[static_cast<std::size_t>(k - first)]);
    };
    return for_each_tile(executor_, calls, one_call,
                         [&](Index done) { return progress(std::min(count, done * batch)); });
  }

  /// How many losses the callback was asked for: after a stop, fewer than `count`.
  Index asked() const { return asked_.load(std::memory_order_relaxed); }

 private:
  Cpu executor_;
  const Callbacks* callbacks_;
  UtilityOptions options_;
  std::atomic<Index> asked_ = 0;
};

}  // namespace pickmix::inline v0::delift
