// SPDX-License-Identifier: MIT
// What is read from a kernel whatever its storage: whole columns, and both similarities of a pair.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0::detail {

/// The similarities of all rows to candidate `j`.
inline std::vector<float> read_column(const Kernel& kernel, Index j) {
  std::vector<float> column(static_cast<std::size_t>(kernel.rows()));
  kernel.read(std::span<const Index>(&j, 1), MatrixView<float>(column.data(), 1, kernel.rows()));
  return column;
}

/// The similarities of row `i` to all candidates.
inline std::vector<float> read_row(const Kernel& kernel, Index i) {
  std::vector<float> row(static_cast<std::size_t>(kernel.columns()));
  if (const auto* streamed = kernel.streamed())
    streamed->transposed().read(std::span<const Index>(&i, 1), MatrixView<float>(row.data(), 1, kernel.columns()));
  else
    for (Index j = 0; j < kernel.columns(); ++j) row[static_cast<std::size_t>(j)] = kernel(i, j);
  return row;
}

/// Calls `work(k, column)` with the column of every items[k]: rows() similarities. Columns are read many at once, on
/// the executor's threads; what `work` does must be right for different k at the same time.
template <class Work>
void for_each_column(Cpu executor, const Kernel& kernel, std::span<const Index> items, Work&& work) {
  constexpr std::size_t at_once = 64;
  const auto tiles = static_cast<Index>((items.size() + at_once - 1) / at_once);
  for_each_tile(executor, tiles, [&](Index tile) {
    const std::size_t begin = static_cast<std::size_t>(tile) * at_once;
    const auto wanted = items.subspan(begin, std::min(at_once, items.size() - begin));
    std::vector<float> block(wanted.size() * static_cast<std::size_t>(kernel.rows()));
    const MatrixView<float> columns(block.data(), static_cast<Index>(wanted.size()), kernel.rows());
    kernel.read(wanted, columns);
    for (std::size_t c = 0; c < wanted.size(); ++c)
      work(begin + c, std::span<const float>(columns.row(static_cast<Index>(c))));
  });
}

/// Calls `work(j, column)` for every candidate j, in order.
template <class Work>
void for_each_column(const Kernel& kernel, Work&& work) {
  std::vector<Index> all(static_cast<std::size_t>(kernel.columns()));
  std::iota(all.begin(), all.end(), Index{0});
  for_each_column(cpu, kernel, all,
                  [&](std::size_t k, std::span<const float> column) { work(static_cast<Index>(k), column); });
}

/// How many columns are best read together: one where they are stored, a tile of them where they are computed.
inline Index columns_at_once(const Kernel& kernel) { return kernel.streamed() == nullptr ? 1 : 64; }

/// A similarity as an amount, which is not negative: rounding noise is 0.
inline double amount(float similarity) { return static_cast<double>(std::max(similarity, 0.0f)); }

/// Looks whether similarities can be taken as amounts: whether none of them is negative, but for rounding noise.
class NotNegative {
 public:
  void look(Index j, std::span<const float> column) {
    for (std::size_t i = 0; i < column.size(); ++i) {
      most_ = std::max(most_, column[i]);
      if (column[i] < least_) least_ = column[i], row_ = i, column_ = j;
    }
  }

  /// \throws ValueError if the least that was seen is below 0 by more than 2⁻¹² of the largest, which is what (1 + cos)/2 of
  ///         opposite rows of 4,096 features is off by at most; names it, and the way out
  void check(std::string_view caller, std::string_view name) const {
    if (least_ < -0x1p-12f * most_)
      raise<ValueError>(
          "{}: {}({}, {}) is {}; every similarity must be at least 0: replace s by max(s, 0), or by (1 + s)/2 (the "
          "metric ShiftedCosine)",
          caller, name, row_, column_, least_);
  }

 private:
  float least_ = 0.0f, most_ = 0.0f;
  std::size_t row_ = 0;
  Index column_ = 0;
};

/// \throws ShapeError if the rows are not the candidates, as far as their numbers tell
inline void check_square(std::string_view caller, const Kernel& kernel) {
  if (kernel.rows() != kernel.columns())
    raise<ShapeError>("{}: kernel is {} x {}; it must be square, the similarities of the candidates to each other",
                      caller, kernel.rows(), kernel.columns());
}

/// s_ij + s_ji for every i, of a square kernel.
inline std::vector<double> both_ways(const Kernel& kernel, Index j) {
  const bool symmetric = kernel.streamed() != nullptr && kernel.streamed()->symmetric();
  const auto column = read_column(kernel, j), row = symmetric ? column : read_row(kernel, j);
  std::vector<double> sums(column.begin(), column.end());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(row[i]);
  return sums;
}

}  // namespace pickmix::inline v0::detail
