// SPDX-License-Identifier: MIT
// Residuals of any kernel: each candidate's row of the Cholesky factor, extended when the candidate is asked for.
#pragma once

#include <pickmix/backend/row_products.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/diagonal.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>
#include <pickmix/submodular/log_determinant_known.hpp>
#include <pickmix/submodular/log_determinant_residuals.hpp>
#include <pickmix/submodular/log_determinant_rows.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// c_jt = (s_{a(t), j} − Σ_{s<t} l_ts c_js) / l_tt for pick number t, which is candidate a(t); d²_j = s_jj + ε − Σ_t c_jt²;
/// and l_t is c_{a(t)} with d_{a(t)} after it. Sums over s go by blocks of 16 picks, at the same places however many picks
/// are caught up at once, so that the bits do not tell when that was. Known items stand before the picks.
///
/// \complexity catching up an item: t operations for pick number t, and one similarity. Memory: 4 bytes for each pick that
///             an item has seen
/// \cite chen2018 (Fast greedy MAP inference for determinantal point process)
class CholeskyResiduals {
 public:
  CholeskyResiduals(Cpu executor, Kernel kernel, double epsilon, const KnownRows& known)
      : kernel_(std::move(kernel)),
        known_(known.width),
        rows_(static_cast<std::size_t>(kernel_.columns())),
        residuals_(std::vector<double>{}) {
    if (const auto* streamed = kernel_.streamed()) {
      embeddings_.emplace(executor, *streamed->packed_columns(), 0, nullptr);
      picked_.emplace(embeddings_->features());
    }
    std::vector<double> start = diagonal(kernel_);
    for (std::size_t j = 0; j < start.size(); ++j) {
      start[j] = rounded_diagonal(start[j]) + epsilon;
      if (known_ > 0) rows_[j].assign(known.row(static_cast<Index>(j)), known.row(static_cast<Index>(j)) + known_);
      for (float part : rows_[j]) start[j] -= static_cast<double>(part) * static_cast<double>(part);
    }
    residuals_ = Residuals(std::move(start));
  }

  double operator[](Index j) const { return residuals_[j]; }

  void catch_up(Cpu executor, std::span<const Index> items) const {
    constexpr std::size_t tile = 64;
    residuals_.for_each_group(executor, items, picks(), tile, [&](std::span<const Index> some) {
      std::vector<float> stored;
      Index first = picks();
      if (!embeddings_) {
        for (Index j : some) first = std::min(first, residuals_.seen(j) / 16 * 16);
        const auto wanted = std::span<const Index>(picks_).subspan(static_cast<std::size_t>(first));
        stored.reserve(wanted.size() * some.size());
        for (Index pick : wanted)
          for (Index j : some) stored.push_back(kernel_(j, pick));
      }
      for (std::size_t k = 0; k < some.size(); k += 8) {
        const auto eight = some.subspan(k, std::min<std::size_t>(8, some.size() - k));
        if (embeddings_) {
          extend(eight, [&](Index start, Parts& parts) { compute(eight, start, parts); });
        } else {
          extend(eight, [&](Index start, Parts& parts) {
            for (Index t = start; t < std::min(start + 16, picks()); ++t) {
              const float* const column = stored.data() + static_cast<std::size_t>(t - first) * some.size() + k;
              std::copy_n(column, eight.size(), parts[static_cast<std::size_t>(t - start)].data());
            }
          });
        }
      }
    });
  }

  /// \pre residual of j is above 0
  void add(Index j) {
    catch_up(cpu, std::span(&j, 1));
    const Index place = known_ + picks(), start = place / 16 * 16, lane = place % 16;
    // All that may throw comes first; a block made for an item that then failed is the next one's.
    if (static_cast<Index>(blocks_.size()) == picks() / 16)
      blocks_.push_back({std::vector<float>(static_cast<std::size_t>(16 * start)), {}, {}});
    if (embeddings_) picked_->make_room();
    picks_.push_back(j);
    Block& block = blocks_.back();
    const float* const row = rows_[static_cast<std::size_t>(j)].data();
    for (Index s = 0; s < start; ++s) block.before[static_cast<std::size_t>(s * 16 + lane)] = row[s];
    std::copy(row + start, row + place, block.within.begin() + lane * 16);
    block.divisor[static_cast<std::size_t>(lane)] = static_cast<float>(std::sqrt(residuals_[j]));
    if (embeddings_) picked_->append((*embeddings_)[j]);
  }

  void reset() {
    picks_.clear();
    blocks_.clear();
    if (embeddings_) picked_->clear();
    for (auto& row : rows_) {
      row.resize(static_cast<std::size_t>(known_));
      row.shrink_to_fit();
    }
    residuals_.reset();
  }

 private:
  using Lanes = std::array<float, 8>;   ///< eight items
  using Parts = std::array<Lanes, 16>;  ///< for each of sixteen picks

  /// The factor's rows of 16 picks.
  struct Block {
    std::vector<float> before;          ///< what lies before the block, as a panel
    std::array<float, 16 * 16> within;  ///< what lies in it below the diagonal, row after row
    std::array<float, 16> divisor;      ///< the diagonal
  };

  Index picks() const { return static_cast<Index>(picks_.size()); }

  template <class Row>
  static backend::EightRows eight_rows(std::span<const Index> some, const Row& row) {
    backend::EightRows rows;
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = row(some[std::min(r, some.size() - 1)]);
    return rows;
  }

  /// The similarities of up to eight items to the picks from number `start` on.
  void compute(std::span<const Index> some, Index start, Parts& parts) const {
    const StreamedEntries& entries = *kernel_.streamed();
    backend::RowProducts products;
    backend::row_products(eight_rows(some, [&](Index j) { return (*embeddings_)[j]; }), picked_->panel(start / 16),
                          embeddings_->features(), products, entries.instructions());
    Lanes squares = {};
    for (std::size_t r = 0; r < some.size(); ++r) squares[r] = entries.column_square(some[r]);
    for (Index t = 0; t < std::min<Index>(16, picks() - start); ++t) {
      Lanes& column = parts[static_cast<std::size_t>(t)];
      for (std::size_t r = 0; r < 8; ++r) column[r] = products[r * 16 + static_cast<std::size_t>(t)];
      entries.finish(squares.data(), entries.column_square(picks_[static_cast<std::size_t>(start + t)]), column.data(),
                     8);
    }
  }

  /// Similarities become the rows' places in a block; products: those of what lies before it.
  static void substitute(const Block& block, const backend::RowProducts& products, std::span<Lanes> parts) {
    for (std::size_t t = 0; t < parts.size(); ++t) {
      Lanes part = parts[t];  // a copy, so that no other can change: the loops become vectors
      for (std::size_t r = 0; r < 8; ++r) part[r] -= products[r * 16 + t];
      for (std::size_t s = 0; s < t; ++s)
        for (std::size_t r = 0; r < 8; ++r) part[r] -= block.within[t * 16 + s] * parts[s][r];
      for (std::size_t r = 0; r < 8; ++r) part[r] /= block.divisor[t];
      parts[t] = part;
    }
  }

  /// Brings the rows of up to eight items up to date; similarities(start, parts) gives those to 16 picks.
  template <class Similarities>
  void extend(std::span<const Index> some, const Similarities& similarities) const {
    Index from = picks();
    for (Index j : some) from = std::min(from, residuals_.seen(j));
    const auto rows = eight_rows(some, [&](Index j) {
      auto& row = rows_[static_cast<std::size_t>(j)];
      row.resize(static_cast<std::size_t>((known_ + picks() + 15) / 16 * 16));
      return row.data();
    });
    backend::RowProducts products;
    Parts parts;
    for (Index start = from / 16 * 16; start < picks(); start += 16) {
      const Block& block = blocks_[static_cast<std::size_t>(start / 16)];
      parts.fill({});
      similarities(start, parts);
      backend::row_products(rows, block.before.data(), known_ + start, products, kernel_.instructions());
      const auto count = static_cast<std::size_t>(std::min<Index>(16, picks() - start));
      substitute(block, products, std::span(parts).first(count));
      for (std::size_t r = 0; r < some.size(); ++r)
        for (std::size_t t = 0; t < count; ++t) {
          const Index pick = start + static_cast<Index>(t);
          const float part = parts[t][r];
          rows_[static_cast<std::size_t>(some[r])][static_cast<std::size_t>(known_ + pick)] = part;
          residuals_.lower(some[r], pick, part);
        }
    }
  }

  Kernel kernel_;
  Index known_;  // places before the picks, a multiple of 16
  std::optional<ContiguousRows> embeddings_;
  std::optional<Panels> picked_;
  std::vector<Index> picks_;
  std::vector<Block> blocks_;
  mutable std::vector<std::vector<float>> rows_;
  mutable Residuals residuals_;
};

}  // namespace pickmix::inline v0::detail
