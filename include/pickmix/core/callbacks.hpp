// SPDX-License-Identifier: MIT
// The only door to the trainer: what the library asks of the model.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// What a trainer offers to the sampler and to the selector. Leave out what is not needed; a policy or a call that
/// needs a missing one says so before it starts.
///
/// Callbacks run on the thread that called the library, one at a time, unless `concurrent` says otherwise. What they throw
/// passes through unchanged, and the object they were called for is as it was before.
struct Callbacks {
  /// Mean negative log-likelihood of each example's response tokens under the current model.
  /// \units nats per token; for DELIFT any distance that falls as the model does better
  std::function<void(std::span<const Example>, std::span<float>)> loss = {};

  /// One row per example: a hidden state averaged over its tokens, or any other fixed-length description.
  /// \shape examples.size() × embedding_size
  std::function<void(std::span<const Example>, MatrixView<float>)> embedding = {};
  Index embedding_size = 0;

  /// Whether several threads may be in `loss` at the same time. Where it pays (a utility measured pair by pair), the executor's
  /// threads then call it.
  bool concurrent = false;
};

/// The losses of `examples` by the function called `name`, every one of them written and finite.
///
/// \throws ValueError if the function is empty
/// \throws CallbackError if a loss was not written or is not finite (names the example)
inline std::vector<float> ask_losses(const std::function<void(std::span<const Example>, std::span<float>)>& loss,
                                     std::string_view name, std::span<const Example> examples) {
  if (!loss) raise<ValueError>("{} is empty; a loss callback is needed here", name);
  std::vector<float> losses(examples.size(), std::numeric_limits<float>::quiet_NaN());
  if (!examples.empty()) loss(examples, losses);
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (!std::isfinite(losses[i]))
      raise<CallbackError>(
          "{} gave {} for example {{dataset {}, row {}, context {}}}; "
          "every loss must be written and finite",
          name, losses[i], examples[i].dataset, examples[i].row, examples[i].context);
  return losses;
}

/// The losses of `examples` by `Callbacks::loss`.
///
/// \param caller who asks, for the message
/// \throws as above
inline std::vector<float> ask_losses(const Callbacks& callbacks, std::span<const Example> examples,
                                     std::string_view caller) {
  return ask_losses(callbacks.loss, fmt::format("{}: Callbacks::loss", caller), examples);
}

namespace detail {

/// \throws ValueError if there is no embedding callback or embedding_size is below 1
inline void check_embedding(const Callbacks& callbacks, std::string_view caller) {
  if (!callbacks.embedding)
    raise<ValueError>("{}: Callbacks::embedding is empty; an embedding callback is needed here", caller);
  if (callbacks.embedding_size < 1)
    raise<ValueError>("{}: Callbacks::embedding_size is {}; needs at least 1", caller, callbacks.embedding_size);
}

/// Memory for the embeddings of so many examples, every entry NaN.
///
/// \throws CapacityError if it cannot be had
inline std::vector<float> room_for_embeddings(const Callbacks& callbacks, std::size_t examples,
                                              std::string_view caller) {
  const auto width = static_cast<std::size_t>(callbacks.embedding_size);
  try {
    if (examples <= std::vector<float>().max_size() / width)
      return std::vector<float>(examples * width, std::numeric_limits<float>::quiet_NaN());
  } catch (const std::bad_alloc&) {  // said better below
  }
  raise<CapacityError>(
      "{}: Callbacks::embedding_size is {}; {} embeddings of it need {} of memory, which could not be had; use a "
      "smaller one",
      caller, callbacks.embedding_size, examples,
      bytes_text(4.0 * static_cast<double>(examples) * static_cast<double>(width)));
}

}  // namespace detail

/// The embeddings of `examples`, every entry written and finite.
///
/// \param caller who asks, for the message
/// \return examples.size() × embedding_size, row after row
/// \throws ValueError if there is no embedding callback or embedding_size is below 1
/// \throws CapacityError, before the callback is called, if there is no memory for so many entries
/// \throws CallbackError if an entry was not written or is not finite (names the example and the column)
inline std::vector<float> ask_embeddings(const Callbacks& callbacks, std::span<const Example> examples,
                                         std::string_view caller) {
  detail::check_embedding(callbacks, caller);
  const auto width = static_cast<std::size_t>(callbacks.embedding_size);
  std::vector<float> out = detail::room_for_embeddings(callbacks, examples.size(), caller);
  if (!examples.empty())
    callbacks.embedding(examples, MatrixView<float>(out.data(), std::ssize(examples), callbacks.embedding_size));
  for (std::size_t k = 0; k < out.size(); ++k)
    if (const Example& e = examples[k / width]; !std::isfinite(out[k]))
      raise<CallbackError>(
          "{}: Callbacks::embedding gave {} for example {{dataset {}, row {}, context {}}}, column {}; "
          "every entry must be written and finite",
          caller, out[k], e.dataset, e.row, e.context, k % width);
  return out;
}

}  // namespace pickmix::inline v0
