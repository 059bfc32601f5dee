// SPDX-License-Identifier: MIT
// What gives each dataset its score, and learns.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/types.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// A scorer gives every dataset a logit; the softmax of the logits is the sampling distribution. It is made from the
/// logarithm of the prior, and starts exactly there.
///
/// - `S::kind`: its name in checkpoints
/// - `logits()`: one per dataset
/// - `ascend(gradient, learning_rate)`: one optimiser step up the gradient with respect to the logits
/// - `save(writer)`, `S::load(reader, datasets)`: everything it has learnt
template <class S>
concept Scorer = std::copyable<S> && std::constructible_from<S, std::span<const double>> &&
    requires(S& scorer, const S& constant, std::span<const double> gradient, ArchiveWriter& out, ArchiveReader& in,
             std::size_t datasets) {
  { S::kind } -> std::convertible_to<std::string_view>;
  { constant.logits() } -> std::convertible_to<std::span<const double>>;
  scorer.ascend(gradient, 0.0);
  constant.save(out);
  { S::load(in, datasets) } -> std::same_as<S>;
};

}  // namespace pickmix::inline v0
