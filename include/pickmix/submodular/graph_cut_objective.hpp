// SPDX-License-Identifier: MIT
// Graph cut: what the set has in common with everything, less what it has in common with itself.
#pragma once

#include <pickmix/backend/vector_products.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/column_sums.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/diagonal.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/symmetry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_{j∈A} [ Σ_i s_ij + offset_j ] − λ Σ_{i,j∈A} s_ij, over ordered pairs, the pairs (i, i) included. A kernel that
/// is not symmetric counts with both of its entries for a pair.
///
/// It has diminishing returns where no similarity is negative or λ = 0, and is monotone where besides λ ≤ 1/2, offsets are
/// not negative and the kernel is symmetric. Similarities that are negative by no more than a millionth of their column's
/// largest count as 0; of a streamed ShiftedCosine, each pair in A counts 2⁻²² more than it is, which shifts all gains
/// alike. An item in the set gains 0. Copies share the kernel and not the set.
///
/// \complexity  Stored kernel: gain one step; add one column, and one row of a kernel that is not symmetric; making one,
///              the whole kernel. Streamed Cosine, ShiftedCosine, Dot: gain and add d steps, making one n·d: no similarity
///              is ever computed. Streamed Rbf: gain one step, add n·d, making one n²·d. Memory: 17 bytes a candidate
/// \determinism bits do not depend on threads; gains of equal items are equal; where there are diminishing returns, a gain
///              does not rise by a bit when items are added
/// \cite iyer2021 (Submodular combinatorial information measures), kothawade2022prism (Table 1)
class GraphCutObjective {
 public:
  static constexpr bool diminishing_returns = true;

  /// The modular case, f(A) = Σ_{j∈A} worth_j.
  explicit GraphCutObjective(std::vector<double> worth) : worth_(std::move(worth)), held_(worth_.size(), 0) {
    monotone_ = std::all_of(worth_.begin(), worth_.end(), [](double w) { return w >= 0.0; });
  }

  /// \param offset one for each candidate, or none
  /// \throws ShapeError if the kernel is not square, or there are offsets, but not one for each candidate; ValueError if λ
  ///         is negative or not finite
  GraphCutObjective(Kernel kernel, double lambda, std::span<const double> offset = {})
      : kernel_(std::move(kernel)), lambda_(lambda) {
    detail::check_square("GraphCut", *kernel_);
    if (!(lambda >= 0.0) || !std::isfinite(lambda))
      raise<ValueError>("GraphCut: lambda is {}; needs to be finite and at least 0", lambda);
    if (!offset.empty() && offset.size() != static_cast<std::size_t>(size_of_kernel()))
      raise<ShapeError>("GraphCut: offset has {} entries and the kernel {} candidates; needs one for each",
                        offset.size(), size_of_kernel());
    const bool none_negative = no_entry_is_negative();
    non_negative_ = lambda_ == 0.0 || none_negative;
    symmetric_ = lambda_ == 0.0 || !asymmetric_pair(*kernel_, 0.0f);
    monotone_ = none_negative && symmetric_ && lambda_ <= 0.5 &&
                std::all_of(offset.begin(), offset.end(), [](double o) { return o >= 0.0; });
    worth_ = column_sums(cpu, *kernel_);
    for (std::size_t j = 0; j < offset.size(); ++j) worth_[j] += offset[j];
    if (lambda_ > 0.0) {
      const std::vector<double> own = diagonal(*kernel_);
      for (std::size_t j = 0; j < worth_.size(); ++j) worth_[j] -= lambda_ * counted(own[j]);
    }
    held_.assign(worth_.size(), 0);
    reset();
  }

  Index size() const { return static_cast<Index>(worth_.size()); }
  bool diminishing_returns_hold() const { return non_negative_; }
  bool monotone_holds() const { return monotone_; }

  double gain(Index j) const {
    const auto at = static_cast<std::size_t>(j);
    if (held_[at]) return 0.0;
    if (count_ == 0 || lambda_ == 0.0) return worth_[at];
    return beside(at, matrix_free() ? shared_with_sum(j) : shared_[at]);
  }

  /// As `gain`, for all items of a panel at the price of one.
  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const {
    if (!matrix_free() || count_ == 0 || items.size() == 1) {
      for (std::size_t k = 0; k < items.size(); ++k) out[k] = gain(items[k]);
      return;
    }
    constexpr std::size_t items_a_tile = 4096;
    for_each_tile(executor, static_cast<Index>((items.size() + items_a_tile - 1) / items_a_tile), [&](Index tile) {
      const std::size_t begin = static_cast<std::size_t>(tile) * items_a_tile;
      Index panel = -1;
      std::array<double, panel_rows> shared{};
      for (std::size_t k = begin; k < std::min(begin + items_a_tile, items.size()); ++k) {
        const auto at = static_cast<std::size_t>(items[k]);
        if (items[k] / panel_rows != panel) shared = panel_shared(panel = items[k] / panel_rows);
        out[k] = held_[at] ? 0.0 : beside(at, shared[static_cast<std::size_t>(items[k] % panel_rows)]);
      }
    });
  }
  Index batch() const { return 1; }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    if (lambda_ != 0.0 && matrix_free()) {
      backend::add_row(*entries().packed_rows(), j, row_sum_);
      if (!symmetric_) backend::add_row(*entries().packed_columns(), j, column_sum_);
    } else if (lambda_ != 0.0) {
      share(j);
    }
    held_[static_cast<std::size_t>(j)] = 1;  // last: a similarity may not be had
    ++count_;
  }

  void reset() {
    std::fill(held_.begin(), held_.end(), char{0});
    count_ = 0;
    if (lambda_ == 0.0) return;
    if (matrix_free()) {
      row_sum_.assign(static_cast<std::size_t>(entries().packed_rows()->features()), 0.0);
      column_sum_ = row_sum_;
    } else {
      shared_.assign(worth_.size(), 0.0);
    }
  }

 private:
  static constexpr Index panel_rows = backend::PackedRows::panel;
  // The entries of a ShiftedCosine on paper are not negative; as inner products of rounded rows they may be, by 2⁻²³.
  static constexpr double noise = 0x1p-22;

  Index size_of_kernel() const { return kernel_->columns(); }
  const StreamedEntries& entries() const { return *kernel_->streamed(); }
  bool matrix_free() const { return kernel_ && kernel_->streamed() != nullptr && entries().linear(); }
  /// The gain of an item that shares so much with the set. Where no item lowers the objective, rounding does not either.
  double beside(std::size_t at, double shared) const {
    const double gain = worth_[at] - lambda_ * shared;
    return monotone_ ? std::max(gain, 0.0) : gain;
  }
  double counted(double similarity) const { return non_negative_ ? std::max(similarity, 0.0) : similarity; }

  /// But for rounding noise, a millionth of the largest entry of a column: the candidate's similarity to itself, or a larger
  /// one.
  bool no_entry_is_negative() const {
    if (kernel_->streamed() != nullptr) return entries().non_negative();
    const Index n = size_of_kernel();
    const auto none_in = [](const auto* values, Index count) {
      double least = 0.0, most = 0.0;
      for (const auto* s = values; s != values + count; ++s) {
        least = std::min(least, static_cast<double>(*s));
        most = std::max(most, static_cast<double>(*s));
      }
      return least >= -1e-6 * most;
    };
    for (Index j = 0; j < n; ++j) {
      bool none = true;
      if (const auto* dense = kernel_->dense()) none = none_in(dense->entries.get() + j * n, n);
      if (const auto* half = kernel_->half()) none = none_in(half->entries.get() + j * n, n);
      if (const auto* sparse = kernel_->sparse())
        none = none_in(sparse->values_of(j).data(), std::ssize(sparse->values_of(j)));
      if (!none) return false;
    }
    return true;
  }

  /// Σ_{i∈A} s_ij + s_ji for the items j of a panel, by Σ_{i∈A} x_i. Each pair is raised by more than its rounding errors
  /// can lower it, so a sum never falls when items are added.
  std::array<double, panel_rows> panel_shared(Index panel) const {
    const Index first = panel * panel_rows;
    auto sums = backend::panel_products(*entries().packed_columns(), first, row_sum_);
    const auto mirrored = symmetric_ ? sums : backend::panel_products(*entries().packed_rows(), first, column_sum_);
    const double raise = non_negative_ ? 2.0 * noise * static_cast<double>(count_) : 0.0;
    for (std::size_t r = 0; r < sums.size(); ++r) sums[r] = sums[r] + mirrored[r] + raise;
    return sums;
  }
  double shared_with_sum(Index j) const {
    return panel_shared(j / panel_rows)[static_cast<std::size_t>(j % panel_rows)];
  }

  /// All that may throw comes first.
  void share(Index j) {
    if (const auto* sparse = kernel_->sparse(); sparse != nullptr && symmetric_) {
      const auto rows = sparse->rows_of(j);
      for (std::size_t e = 0; e < rows.size(); ++e)
        shared_[rows[e]] += 2.0 * counted(static_cast<double>(sparse->values_of(j)[e]));
      return;
    }
    const std::vector<float> column = detail::read_column(*kernel_, j);
    std::vector<float> row;
    if (!symmetric_) row = detail::read_row(*kernel_, j);
    const std::vector<float>& mirrored = symmetric_ ? column : row;
    for (std::size_t i = 0; i < shared_.size(); ++i)
      shared_[i] += counted(static_cast<double>(column[i])) + counted(static_cast<double>(mirrored[i]));
  }

  std::optional<Kernel> kernel_;
  double lambda_ = 0.0;
  bool non_negative_ = true, symmetric_ = true, monotone_ = true;
  std::vector<double> worth_;  // f({j})
  std::vector<char> held_;
  Index count_ = 0;                           // |A|
  std::vector<double> shared_;                // Σ_{i∈A} s_ij + s_ji for each j, where the kernel is not matrix-free
  std::vector<double> row_sum_, column_sum_;  // where it is: Σ_{i∈A} of what its entries are inner products of
};

}  // namespace pickmix::inline v0
