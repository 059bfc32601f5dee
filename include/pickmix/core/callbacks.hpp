// SPDX-License-Identifier: MIT
// The only door to the trainer: what the library asks of the model.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// What a trainer offers to the sampler and to the selector. Leave out what is not needed; a policy or a call that
/// needs a missing one says so before it starts.
///
/// Callbacks run on the thread that called the library, one at a time. What they throw passes through unchanged, and
/// the object they were called for is as it was before.
struct Callbacks {
  /// Mean negative log-likelihood of each example's response tokens under the current model.
  /// \units nats per token; for DELIFT any distance that falls as the model does better
  std::function<void(std::span<const Example>, std::span<float>)> loss = {};

  /// One row per example: a hidden state averaged over its tokens, or any other fixed-length description.
  /// \shape examples.size() × embedding_size
  std::function<void(std::span<const Example>, MatrixView<float>)> embedding = {};
  Index embedding_size = 0;
};

/// The losses of `examples`, every one of them written and finite.
///
/// \param caller who asks, for the message
/// \throws ValueError if there is no loss callback
/// \throws CallbackError if a loss was not written or is not finite (names the example)
inline std::vector<float> ask_losses(const Callbacks& callbacks, std::span<const Example> examples,
                                     std::string_view caller) {
  if (!callbacks.loss) raise<ValueError>("{}: Callbacks::loss is empty; a loss callback is needed here", caller);
  std::vector<float> losses(examples.size(), std::numeric_limits<float>::quiet_NaN());
  if (!examples.empty()) callbacks.loss(examples, losses);
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (!std::isfinite(losses[i]))
      raise<CallbackError>(
          "{}: Callbacks::loss gave {} for example {{dataset {}, row {}, context {}}}; "
          "every loss must be written and finite",
          caller, losses[i], examples[i].dataset, examples[i].row, examples[i].context);
  return losses;
}

}  // namespace pickmix::inline v0
