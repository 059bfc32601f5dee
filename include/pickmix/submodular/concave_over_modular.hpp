// SPDX-License-Identifier: MIT
// Concave over modular: picks that resemble the target, and all of the target.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/lane_sum.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/submodular/concave.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = η Σ_{j∈A} ψ(Σ_q s_qj) + Σ_q ψ(Σ_{j∈A} s_qj), over the target items q (rows) and candidates j (columns) of a
/// kernel, ψ concave.
///
/// Monotone, with diminishing returns. An item in the set gains 0. Copies share the kernel and not the set.
///
/// \complexity  gain and add: one column of the kernel each; making one: the whole kernel; memory: 8 bytes a row, 8 a
///              candidate, beside the shared kernel
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit: its
///              first part is fixed, and of the second each term is a `rise`, which never does
/// \cite kothawade2022prism (concave over modular), kaushal2022 (the forms of ψ)
class ConcaveOverModularObjective {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  /// \shape  to_pool: target items × candidates
  /// \throws ValueError if a similarity is negative (by more than rounding noise, which counts as 0), or if η is
  ///         negative or not finite (names it)
  ConcaveOverModularObjective(Kernel to_pool, Concave psi, double eta)
      : to_pool_(std::move(to_pool)), psi_(psi), sums_(static_cast<std::size_t>(to_pool_.rows()), 0.0) {
    if (!(std::isfinite(eta) && eta >= 0.0))
      raise<ValueError>("ConcaveOverModular: eta is {}; it must be finite and at least 0", eta);
    detail::NotNegative similarities;
    detail::for_each_column(to_pool_, [&](Index j, std::span<const float> column) {
      similarities.look(j, column);
      double sum = 0.0;
      for (float s : column) sum += detail::amount(s);
      relevance_.push_back(eta * value_of(psi_, sum));
    });
    similarities.check("ConcaveOverModular", "to_pool");
    held_.assign(relevance_.size(), false);
  }

  Index size() const { return to_pool_.columns(); }

  double gain(Index j) const { return gain(j, detail::read_column(to_pool_, j)); }

  /// out[k] = gain(items[k]), the columns read many at once.
  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const {
    detail::for_each_column(executor, to_pool_, items,
                            [&](std::size_t k, std::span<const float> column) { out[k] = gain(items[k], column); });
  }
  Index batch() const { return detail::columns_at_once(to_pool_); }

  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    const auto column = detail::read_column(to_pool_, j);
    held_[static_cast<std::size_t>(j)] = true;
    for (std::size_t q = 0; q < sums_.size(); ++q) sums_[q] += detail::amount(column[q]);
  }

  void reset() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(held_.begin(), held_.end(), false);
  }

 private:
  double gain(Index j, std::span<const float> column) const {
    if (held_[static_cast<std::size_t>(j)]) return 0.0;
    const double risen = with_concave(psi_, [&]<Concave psi>() {
      return lane_sum(to_pool_.rows(), [s = column.data(), sums = sums_.data()](Index q) {
        return rise<psi>(sums[q], detail::amount(s[q]));
      });
    });
    return relevance_[static_cast<std::size_t>(j)] + risen;
  }

  Kernel to_pool_;
  Concave psi_;
  std::vector<double> sums_;       // Σ_{j∈A} s_qj
  std::vector<double> relevance_;  // η ψ(Σ_q s_qj)
  std::vector<bool> held_;
};

/// The family of concave-over-modular objectives, a mutual information between a set and a target.
struct ConcaveOverModular {
  Concave psi = Concave::logarithm;

  /// \param eta how much it counts that each pick resembles the target, beside that the target is resembled
  ConcaveOverModularObjective mutual_information(const Kernel& to_pool, double eta = 1.0) const {
    return ConcaveOverModularObjective(to_pool, psi, eta);
  }
};

}  // namespace pickmix::inline v0
