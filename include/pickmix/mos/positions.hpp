// SPDX-License-Identifier: MIT
// How far each dataset has been read, and which row comes next.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/permutation.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

/// The place in each of some datasets. Which row comes k-th is a function of the seed, the dataset and k: without
/// replacement, each pass over a dataset takes every row once, in an order of its own; with replacement, every row is
/// equally likely every time.
///
/// \complexity a row costs about ten random numbers; no memory beside 8 bytes a dataset
class Positions {
 public:
  /// \param most_passes how many times over a dataset may be read, above 0; infinity: without end
  Positions(std::size_t datasets, std::uint64_t seed, bool replacement, double most_passes)
      : drawn_(datasets, 0), seed_(seed), replacement_(replacement), most_passes_(most_passes) {}

  std::span<const Index> drawn() const { return drawn_; }

  /// How many rows of a dataset of `size` rows may be drawn in all.
  Index most(Index size) const {
    const double rows = std::ceil(most_passes_ * static_cast<double>(size));
    return rows >= static_cast<double>(INT64_MAX) ? INT64_MAX : static_cast<Index>(rows);
  }
  /// How many may still be drawn.
  Index left(std::size_t dataset, Index size) const { return std::max<Index>(most(size) - drawn_[dataset], 0); }

  /// Appends the next `count` rows of a dataset of `size` rows to `examples`.
  void take(std::size_t dataset, Index size, Index count, std::vector<Example>& examples) {
    Index at = drawn_[dataset];
    const Index end = at + count;
    const auto append = [&](Index row) { examples.push_back({.dataset = static_cast<Index>(dataset), .row = row}); };
    while (at < end) {
      if (replacement_) {
        const std::uint64_t instance =
            static_cast<std::uint64_t>(dataset) << 44 | (static_cast<std::uint64_t>(at) & mask);
        append(RandomStream(seed_, row_purpose, instance).below(size));
        ++at;
        continue;
      }
      const std::uint64_t pass = static_cast<std::uint64_t>(at / size);
      const Permutation order(size, RandomStream(seed_, order_purpose, pass << 32 | dataset));
      for (Index i = at % size; i < size && at < end; ++i, ++at) append(order(i));
    }
    drawn_[dataset] = end;
  }

  void add_dataset() { drawn_.push_back(0); }

  /// \throws CheckpointError if a place is not in [0, most], or all together are not in [least, most]
  void load(std::vector<Index> drawn, Index least, Index most) {
    if (drawn.size() != drawn_.size())
      raise<CheckpointError>("checkpoint: field 'drawn' has {} values; expected {}", drawn.size(), drawn_.size());
    Index not_drawn = most;
    for (std::size_t d = 0; d < drawn.size(); ++d) {
      if (drawn[d] < 0 || drawn[d] > not_drawn)
        raise<CheckpointError>("checkpoint: field 'drawn'[{}] is {}; needs to be in [0, {}]", d, drawn[d], not_drawn);
      not_drawn -= drawn[d];
    }
    if (not_drawn > most - least)
      raise<CheckpointError>("checkpoint: field 'drawn' adds up to {} less than step · batch_size", not_drawn);
    drawn_ = std::move(drawn);
  }

 private:
  static constexpr std::uint32_t order_purpose = 0x6F726465;  // "orde"
  static constexpr std::uint32_t row_purpose = 0x726F7773;    // "rows"
  static constexpr std::uint64_t mask = (std::uint64_t{1} << 44) - 1;

  std::vector<Index> drawn_;
  std::uint64_t seed_;
  bool replacement_;
  double most_passes_;
};

}  // namespace pickmix::inline v0
