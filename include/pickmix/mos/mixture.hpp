// SPDX-License-Identifier: MIT
// What an update that sets the distribution sees of it.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

namespace pickmix::inline v0 {

/// The distribution over datasets at one update. It owns nothing.
///
/// A dataset whose prior and whose probability are 0 is masked: it keeps probability 0, whatever its reward, and does
/// not count among the K datasets of the formulas. A state gives no other a 0: what is too small for a double counts as
/// the smallest there is.
///
/// \shape prior, probabilities, drawn_from: one per dataset, none negative, each with sum 1 (drawn_from with sum 0 where
///        nothing is left to draw)
struct MixtureView {
  /// The distribution training started with.
  std::span<const double> prior;

  /// The distribution as it was learnt, without a floor.
  std::span<const double> probabilities;

  /// Updates before this one.
  Index updates = 0;

  /// The shares of examples that were drawn from, the floor (and tokens) included, for a rule that divides by how likely a
  /// dataset was: 0 for one that has no rows left. None where they are `probabilities`.
  std::span<const double> drawn_from = {};
  double drawn(std::size_t k) const { return drawn_from.empty() ? probabilities[k] : drawn_from[k]; }

  /// False if dataset `k` is masked.
  bool active(std::size_t k) const { return prior[k] > 0.0 || probabilities[k] > 0.0; }

  /// K: the datasets that are not masked.
  std::size_t active_count() const {
    std::size_t count = 0;
    for (std::size_t k = 0; k < prior.size(); ++k)
      if (active(k)) ++count;
    return count;
  }
};

namespace detail {

/// \throws ValueError if what `update` remembers is neither nothing nor `expected` finite values
inline void check_update_memory(std::string_view update, std::span<const double> memory, std::size_t expected) {
  if (!memory.empty() && memory.size() != expected)
    raise<ValueError>("{}: memory has {} values; needs {}, or none before the first update", update, memory.size(),
                      expected);
  for (std::size_t k = 0; k < memory.size(); ++k)
    if (!std::isfinite(memory[k])) raise<ValueError>("{}: memory[{}] is {}; needs to be finite", update, k, memory[k]);
}

}  // namespace detail

}  // namespace pickmix::inline v0
