// SPDX-License-Identifier: MIT
// Embeddings as residuals read them: each candidate's in one piece, sixteen picks' side by side.
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace pickmix::inline v0::detail {

/// A copy of packed rows, with room after each for `further` entries. Candidates are asked for in any order, and a packed row
/// is spread over as many cache lines as it has entries.
class ContiguousRows {
 public:
  ContiguousRows(Cpu executor, const backend::PackedRows& packed, Index further, const float* after)
      : features_(packed.features() + further),
        entries_(Kernel::allocate<float>("LogDeterminant", packed.rows(), features_)) {
    constexpr Index tile = 192;
    for_each_tile(executor, packed.blocks(), [&](Index number) {
      for (Index j = number * tile; j < std::min(packed.rows(), (number + 1) * tile); ++j) {
        float* const row = entries_.get() + j * features_;
        for (Index k = 0; k < packed.features(); ++k) row[k] = packed(j, k);
        std::copy_n(after + j * further, further, row + packed.features());
      }
    });
  }

  Index features() const { return features_; }
  const float* operator[](Index j) const { return entries_.get() + j * features_; }

 private:
  Index features_;
  std::shared_ptr<float[]> entries_;  // shared by copies, which do not change it
};

/// Vectors that are added one by one, in panels of 16 for `row_products`.
class Panels {
 public:
  explicit Panels(Index features) : features_(features) {}

  const float* panel(Index number) const { return entries_.data() + number * 16 * features_; }

  /// Has memory for one more: the next `append` throws nothing.
  void make_room() { entries_.resize(static_cast<std::size_t>((count_ / 16 + 1) * 16 * features_), 0.0f); }

  template <class Entry>
  void append(const Entry* vector) {
    make_room();
    float* const lane = entries_.data() + count_ / 16 * 16 * features_ + count_ % 16;
    for (Index k = 0; k < features_; ++k) lane[k * 16] = static_cast<float>(vector[k]);
    ++count_;
  }

  void clear() {
    entries_.clear();
    count_ = 0;
  }

 private:
  Index features_, count_ = 0;
  std::vector<float> entries_;
};

}  // namespace pickmix::inline v0::detail
