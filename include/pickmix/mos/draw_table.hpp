// SPDX-License-Identifier: MIT
// What batches are drawn from.
#pragma once

#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/alias_table.hpp>
#include <pickmix/mos/batch.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/positions.hpp>
#include <pickmix/mos/shares.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// The distribution over datasets and a table of it, over those with rows left. Both are made of what a state holds anyway:
/// they are not saved.
class DrawTable {
 public:
  const std::vector<double>& probabilities() const { return probabilities_; }

  /// The shares of examples by which datasets are drawn, with sum 1; 0 for one with no rows left or whose share was set to 0,
  /// and all 0 if that is each.
  const std::vector<double>& shares() const { return shares_; }

  /// Whether there is nothing more to draw.
  bool empty() const { return !table_; }

  /// The probabilities by a scorer's logits, masks and floor, and what is drawn by them.
  void refresh(std::span<const double> logits, const std::vector<bool>& masked, const MosOptions& options,
               const Positions& positions) {
    probabilities_ = masked_softmax(logits, masked);
    raise_to_floor(probabilities_, masked, options.least_probability);
    refresh_table(options, positions);
  }

  /// Replaces what is in `batch`: datasets from the distribution, of each its next rows. Requires that it is not empty.
  void draw(const MosOptions& options, Index step, Positions& positions, Batch& batch) {
    batch.step = step;
    batch.examples.clear();
    batch.examples.reserve(static_cast<std::size_t>(options.batch_size));
    RandomStream random(options.seed, purpose, static_cast<std::uint64_t>(step));
    if (options.draw == Draw::batch)
      take(random.uniform(), options.batch_size, options, positions, batch);
    else
      for (Index k = 0; k < options.batch_size && !empty(); ++k) take(random.uniform(), 1, options, positions, batch);
  }

 private:
  static constexpr std::uint32_t purpose = 0x64617461;  // "data"

  void refresh_table(const MosOptions& options, const Positions& positions) {
    shares_ = shares_of_examples(probabilities_, options.tokens);
    double gone = 0.0, left = 0.0;
    for (std::size_t d = 0; d < shares_.size(); ++d)
      if (probabilities_[d] <= no_share || positions.left(d, options.sizes[d]) == 0)
        gone += std::exchange(shares_[d], 0.0);
      else
        left += shares_[d];
    table_.reset();
    if (left > 0.0) table_.emplace(shares_);
    if (left > 0.0 && gone > 0.0)
      for (double& share : shares_) share /= left;
  }

  /// Appends up to `count` rows of the dataset on which u falls.
  void take(double u, Index count, const MosOptions& options, Positions& positions, Batch& batch) {
    const auto d = static_cast<std::size_t>((*table_)(u));
    const Index size = options.sizes[d], left = positions.left(d, size);
    positions.take(d, size, std::min(count, left), batch.examples);
    if (left <= count) refresh_table(options, positions);
  }

  std::vector<double> probabilities_, shares_;
  std::optional<AliasTable> table_;  // of examples
};

}  // namespace pickmix::inline v0::detail
