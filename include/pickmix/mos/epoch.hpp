// SPDX-License-Identifier: MIT
// The epoch a run is in: where it began, and whether it is over.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/positions.hpp>
#include <pickmix/mos/shares.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0::detail {

/// An epoch as it began; what has become of the datasets since is in the run.
struct Epoch {
  Index begin = 0;                 ///< its first step
  Index length = 0;                ///< in steps; 0 if it ends by passes
  std::vector<Index> passes = {};  ///< of each dataset that was there; none if it ends by steps

  bool operator==(const Epoch&) const = default;
};

/// What of a run decides about epochs. It owns nothing.
struct EpochRun {
  const MosOptions& options;
  std::span<const double> probabilities;
  const Positions& positions;
  Index step;

  Index passes(std::size_t d) const { return positions.passes(d, options.sizes[d]); }

  /// Whether the dataset can come up at all.
  bool active(std::size_t d) const { return probabilities[d] > no_share; }
};

/// By steps: after so many. By passes: of the datasets that were there at the beginning and are active, one or every one has
/// completed another pass; a dataset with nothing left to draw is not waited for, and without any there is no epoch.
inline bool over(const Epoch& epoch, const EpochRun& run) {
  if (run.options.epoch_end == EpochEnd::steps) return run.step - epoch.begin >= epoch.length;
  bool passed = false, open = false;
  for (std::size_t d = 0; d < epoch.passes.size(); ++d) {
    if (!run.active(d)) continue;
    if (run.passes(d) > epoch.passes[d])
      passed = true;
    else if (run.positions.left(d, run.options.sizes[d]) > 0)
      open = true;
  }
  return !open || (passed && run.options.epoch_end == EpochEnd::first_pass);
}

/// `epoch_steps`, or as many steps as read all rows that are drawn of the active datasets.
inline Index epoch_length(const EpochRun& run) {
  constexpr Index without_end = Index{1} << 53;  // more than there can be, and exact as a double
  if (run.options.epoch_steps > 0) return std::min(run.options.epoch_steps, without_end);
  Index rows = 0;
  for (std::size_t d = 0; d < run.options.sizes.size(); ++d)
    if (run.active(d)) rows += run.positions.pass_length(d, run.options.sizes[d]);
  return std::max<Index>(1, (rows + run.options.batch_size - 1) / run.options.batch_size);
}

/// The epoch `before` if it is under way, or the one that begins after it: of the datasets as they are now, also where it was
/// begun before and nothing drawn since. Steps drawn without a sampler belong to epochs of the same length.
inline Epoch epoch_after(const std::optional<Epoch>& before, const EpochRun& run) {
  const bool drawn = before && before->begin < run.step;
  if (drawn && !over(*before, run)) return *before;
  Epoch next{.begin = run.step};
  if (run.options.epoch_end == EpochEnd::steps) {
    const Index last = drawn ? before->begin + before->length : before ? before->begin : 0;
    next.length = epoch_length(run);
    next.begin -= (run.step - last) % next.length;
  } else {
    for (std::size_t d = 0; d < run.options.sizes.size(); ++d) next.passes.push_back(run.passes(d));
  }
  return next;
}

/// Under this name a checkpoint has the epoch, among what policies remember: a library that knows of none reads it too.
inline constexpr std::string_view epoch_name = "mos.epoch";

inline std::vector<double> to_values(const Epoch& epoch) {
  std::vector<double> values{static_cast<double>(epoch.begin), static_cast<double>(epoch.length)};
  for (Index passes : epoch.passes) values.push_back(static_cast<double>(passes));
  return values;
}

/// \throws CheckpointError if the values are no epoch of this run
inline Epoch epoch_from(const std::vector<double>& values, const MosOptions& options, const Positions& positions,
                        Index step) {
  const bool by_steps = options.epoch_end == EpochEnd::steps;
  if (by_steps ? values.size() != 2 : values.size() < 3 || values.size() > options.sizes.size() + 2)
    raise<CheckpointError>("checkpoint: '{}' has {} values for {} datasets", epoch_name, values.size(),
                           options.sizes.size());
  const auto number = [&](std::size_t k, Index least, Index most) {
    if (!(values[k] >= static_cast<double>(least) && values[k] <= static_cast<double>(most)) ||
        values[k] != std::trunc(values[k]))
      raise<CheckpointError>("checkpoint: '{}'[{}] is {}; needs to be a whole number in [{}, {}]", epoch_name, k,
                             values[k], least, most);
    return static_cast<Index>(values[k]);
  };
  Epoch epoch{.begin = number(0, 0, step), .length = number(1, by_steps ? 1 : 0, by_steps ? Index{1} << 53 : 0)};
  for (std::size_t k = 2; k < values.size(); ++k)
    epoch.passes.push_back(number(k, 0, positions.passes(k - 2, options.sizes[k - 2])));
  return epoch;
}

}  // namespace pickmix::inline v0::detail
