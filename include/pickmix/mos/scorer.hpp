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

/// How a scorer takes a step up a gradient: by Adam, with moments that are kept, or by the plain gradient.
enum class Optimizer { adam, sgd };

struct AscentStep {
  double rate;
  Optimizer optimizer = Optimizer::adam;
};

/// A scorer gives every dataset a logit; the softmax of the logits is the sampling distribution. It is made from the
/// logarithm of the prior, and starts exactly there.
///
/// - `S::kind`: its name in checkpoints
/// - `logits()`: one per dataset
/// - `ascend(gradient, step)`: one optimiser step up the gradient with respect to the logits
/// - `save(writer)`, `S::load(reader, datasets)`: everything it has learnt
///
/// Optional members:
///
/// - `assign(logits)`: sets the logits; needed by rules that set the distribution
/// - `see(LearningState)`: called before each update; its logits may depend on what it sees
/// - `finite()`: false once anything beside the logits is not finite that `S::load` wants so; an update that leads
///   there is refused
template <class S>
concept Scorer = std::copyable<S> && std::constructible_from<S, std::span<const double>> &&
    requires(S& scorer, const S& constant, std::span<const double> gradient, ArchiveWriter& out, ArchiveReader& in,
             std::size_t datasets) {
  { S::kind } -> std::convertible_to<std::string_view>;
  { constant.logits() } -> std::convertible_to<std::span<const double>>;
  scorer.ascend(gradient, AscentStep{0.0});
  constant.save(out);
  { S::load(in, datasets) } -> std::same_as<S>;
};

}  // namespace pickmix::inline v0
