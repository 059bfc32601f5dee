// SPDX-License-Identifier: MIT
// Residuals of a kernel that is an inner product: no similarity is computed, and nothing is kept for a candidate's picks.
#pragma once

#include <pickmix/backend/row_products.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/streamed.hpp>
#include <pickmix/submodular/log_determinant_known.hpp>
#include <pickmix/submodular/log_determinant_residuals.hpp>
#include <pickmix/submodular/log_determinant_rows.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace pickmix::inline v0::detail {

/// d²_j = ε + x_jᵀ H x_j, where H is what the picks leave of the identity: pick a takes u uᵀ from it, u = H x_a / d_a, and
/// so (u·x_j)² from d²_j. H is kept in double precision, for in single precision it departs after about d picks. Known
/// items take their part by further features, whose squares count against the others: H starts as diag(1, …, −1, …).
///
/// \complexity making one: n · d; add: d²; catching up an item: 2d a pick. Memory: 4nd bytes beside the kernel, for rows
///             that are read in any order are read faster where they are contiguous
class LinearResiduals {
 public:
  LinearResiduals(Cpu executor, const StreamedEntries& entries, double epsilon, const KnownRows& known)
      : epsilon_(epsilon),
        instructions_(entries.instructions()),
        plain_features_(entries.packed_columns()->features()),
        rows_(executor, *entries.packed_columns(), known.width, known.entries.data()),
        updates_(rows_.features()),
        residuals_(at_start(executor, entries.columns())) {
    reset();
  }

  double operator[](Index j) const { return residuals_[j]; }

  void catch_up(Cpu executor, std::span<const Index> items) const {
    residuals_.for_each_group(executor, items, picks_, 64, [&](std::span<const Index> some) {
      for (std::size_t k = 0; k < some.size(); k += 8)
        catch_up(some.subspan(k, std::min<std::size_t>(8, some.size() - k)));
    });
  }

  /// \pre residual of j is above 0
  void add(Index j) {
    const Eigen::VectorXd x = Eigen::Map<const Eigen::VectorXf>(rows_[j], rows_.features()).cast<double>();
    const Eigen::VectorXd h = left_.selfadjointView<Eigen::Lower>() * x;
    const double residual = epsilon_ + x.dot(h);
    const Eigen::VectorXd u = h / std::sqrt(std::max(residual, epsilon_ * 1e-3));
    updates_.make_room();  // all that may throw comes first
    left_.selfadjointView<Eigen::Lower>().rankUpdate(u, -1.0);
    updates_.append(u.data());
    ++picks_;
  }

  void reset() {
    residuals_.reset();
    picks_ = 0;
    updates_.clear();
    left_ = Eigen::MatrixXd::Identity(rows_.features(), rows_.features());
    left_.diagonal().tail(rows_.features() - plain_features_).setConstant(-1.0);
  }

 private:
  std::vector<double> at_start(Cpu executor, Index n) const {
    std::vector<double> squares(static_cast<std::size_t>(n), 0.0);
    constexpr Index tile = 192;
    for_each_tile(executor, (n + tile - 1) / tile, [&](Index number) {
      for (Index j = number * tile; j < std::min(n, (number + 1) * tile); ++j) {
        const float* const row = rows_[j];
        const auto square = [&](Index k) { return static_cast<double>(row[k]) * static_cast<double>(row[k]); };
        double& sum = squares[static_cast<std::size_t>(j)];
        for (Index k = 0; k < plain_features_; ++k) sum += square(k);
        sum = rounded_diagonal(sum) + epsilon_;
        for (Index k = plain_features_; k < rows_.features(); ++k) sum -= square(k);
      }
    });
    return squares;
  }

  /// Up to eight items.
  void catch_up(std::span<const Index> some) const {
    backend::EightRows rows;
    Index first = picks_;
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = rows_[some[std::min(r, some.size() - 1)]];
    for (Index j : some) first = std::min(first, residuals_.seen(j));
    backend::RowProducts parts;
    for (Index panel = first / 16 * 16; panel < picks_; panel += 16) {
      backend::row_products(rows, updates_.panel(panel / 16), rows_.features(), parts, instructions_);
      for (std::size_t r = 0; r < some.size(); ++r)
        for (Index t = panel; t < std::min(panel + 16, picks_); ++t)
          residuals_.lower(some[r], t, parts[r * 16 + static_cast<std::size_t>(t - panel)]);
    }
  }

  double epsilon_;
  InstructionSet instructions_;
  Index plain_features_;
  ContiguousRows rows_;
  Index picks_ = 0;
  Panels updates_;        // the u of all picks
  Eigen::MatrixXd left_;  // H; its lower triangle
  mutable Residuals residuals_;
};

}  // namespace pickmix::inline v0::detail
