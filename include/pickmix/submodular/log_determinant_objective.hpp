// SPDX-License-Identifier: MIT
// The log-determinant of the set's similarities: large where items are unlike each other.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/diagonal.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>
#include <pickmix/kernel/symmetry.hpp>
#include <pickmix/submodular/log_determinant_cholesky.hpp>
#include <pickmix/submodular/log_determinant_known.hpp>
#include <pickmix/submodular/log_determinant_linear.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// \throws ValueError if ε is below a thousandth of the mean diagonal (but for rounding), or 2⁻¹⁸ of the largest: single
///         precision breaks down
inline void check_epsilon(const Kernel& kernel, double epsilon) {
  double mean = 0.0, largest = 0.0;
  for (double own : diagonal(kernel)) {
    mean += own / static_cast<double>(kernel.columns());
    largest = std::max(largest, own);
  }
  if (epsilon < 0.9999e-3 * mean || epsilon < 0x1p-18 * largest)
    raise<ValueError>(
        "LogDeterminant: epsilon is {}; with similarities in single precision, on the diagonal {} on average and {} at "
        "most, it needs to be at least {}; take that, or rows of equal length (the metric Cosine)",
        epsilon, mean, largest, std::max(1e-3 * mean, 0x1p-18 * largest));
}

}  // namespace detail

/// f(A) = log det(S_A + εI), or the same with what known items explain taken from S. Its gain is log d²_j, where d²_j is ε
/// and what of item j is not explained by the items in A.
///
/// It has diminishing returns; with ε ≥ 1 it is monotone, but for rounding: that is promised where no s_jj is above 16ε. An
/// item in the set gains 0. Where the kernel has rank r (an inner product of d features has rank d at most), items after the
/// first r gain little more than log ε. Copies share the kernel and not the set.
///
/// \complexity  A gain catches up with the picks since the item was last asked for. A streamed Cosine, ShiftedCosine or Dot
///              takes 2d operations a pick and item, d² a pick, and 4nd bytes beside the kernel. Other kernels take t
///              operations and one similarity for pick number t, and 4 bytes for each pick that an item has seen
/// \accuracy    similarities have single precision, and so d² about six digits of s_jj: where ε is small beside s_jj, gains
///              of items that are explained already are rough
/// \determinism bits do not depend on threads, nor on when and with which others a gain is asked for; gains of equal items
///              are equal; a computed gain never rises when items are added, to the last bit
/// \cite kulesza2012 (Determinantal point processes for machine learning), chen2018 (Fast greedy MAP inference for
///       determinantal point process)
class LogDeterminantObjective {
 public:
  static constexpr bool diminishing_returns = true;

  /// \throws ShapeError if the kernel is not square; ValueError if ε is not finite or not positive, or below a thousandth of
  ///         the similarities' mean diagonal or 2⁻¹⁸ of the largest, where single precision breaks down, or if the kernel is
  ///         not symmetric
  explicit LogDeterminantObjective(Kernel kernel, double epsilon)
      : LogDeterminantObjective(std::move(kernel), epsilon, {}) {}

  /// \param known  see known_rows
  LogDeterminantObjective(Kernel kernel, double epsilon, const detail::KnownRows& known)
      : epsilon_(epsilon),
        conditional_(known.conditional),
        monotone_(epsilon >= 1.0 && known.conditional),
        held_(static_cast<std::size_t>(kernel.columns()), 0),
        residuals_(make(kernel, epsilon, known)) {
    for (double own : diagonal(kernel)) monotone_ = monotone_ && own <= 16.0 * epsilon;
  }

  Index size() const { return static_cast<Index>(held_.size()); }

  /// No variance falls below ε, as long as known items explain no more than they can (weights of at most 1) and rounding,
  /// of about a millionth of s_jj, is nothing beside it.
  bool monotone_holds() const { return monotone_; }

  double gain(Index j) const {
    double out = 0.0;
    gains(cpu, std::span(&j, 1), std::span(&out, 1));
    return out;
  }

  /// \throws ValueError if the kernel turns out not to be positive semidefinite; names the item, and the way out
  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const {
    std::visit([&](const auto& residuals) { residuals.catch_up(executor, items); }, residuals_);
    for (std::size_t k = 0; k < items.size(); ++k)
      out[k] = held_[static_cast<std::size_t>(items[k])] ? 0.0 : log_of_residual(items[k]);
  }
  Index batch() const { return 1024; }

  /// \throws as `gains`
  void add(Index j) {
    if (held_[static_cast<std::size_t>(j)]) return;
    gain(j);
    std::visit([&](auto& residuals) { residuals.add(j); }, residuals_);
    held_[static_cast<std::size_t>(j)] = 1;
  }

  void reset() {
    std::fill(held_.begin(), held_.end(), char{0});
    std::visit([](auto& residuals) { residuals.reset(); }, residuals_);
  }

 private:
  using AnyResiduals = std::variant<detail::LinearResiduals, detail::CholeskyResiduals>;

  static AnyResiduals make(const Kernel& kernel, double epsilon, const detail::KnownRows& known) {
    detail::check_square("LogDeterminant", kernel);
    if (!(epsilon > 0.0) || !std::isfinite(epsilon))
      raise<ValueError>("LogDeterminant: epsilon is {}; needs to be finite and above 0", epsilon);
    if (const auto* streamed = kernel.streamed(); streamed != nullptr && !streamed->symmetric())
      raise<ValueError>(
          "LogDeterminant: the kernel's rows and columns were given one by one; the similarities of the candidates to "
          "each other are needed: similarity(pool)");
    if (const auto pair = asymmetric_pair(kernel, 1e-5f))
      raise<ValueError>(
          "LogDeterminant: kernel({}, {}) is {} and kernel({}, {}) is {}; the similarities of the candidates to each "
          "other must be symmetric",
          pair->i, pair->j, kernel(pair->i, pair->j), pair->j, pair->i, kernel(pair->j, pair->i));
    detail::check_epsilon(kernel, epsilon);
    if (const auto* streamed = kernel.streamed(); streamed != nullptr && streamed->linear())
      return detail::LinearResiduals(cpu, *streamed, epsilon, known);
    return detail::CholeskyResiduals(cpu, kernel, epsilon, known);
  }

  /// The last twelve bits of the residual are left out: then two that differ have logarithms that differ by more than the
  /// logarithm's own rounding, and a gain cannot rise where the residual falls.
  double log_of_residual(Index j) const {
    const double residual = std::visit([&](const auto& residuals) { return residuals[j]; }, residuals_);
    if (!(residual > 0.0))
      raise<ValueError>(
          "LogDeterminant: with item {}, the similarities of the set are not positive definite (its residual is {}); "
          "use a kernel that is (Cosine, ShiftedCosine, Dot, Rbf are){}, or an epsilon above {}",
          j, residual, conditional_ ? "" : ", a weight of target or known items of at most 1", epsilon_);
    return std::log(std::bit_cast<double>(std::bit_cast<std::uint64_t>(residual) & ~std::uint64_t{0xFFF}));
  }

  double epsilon_;
  bool conditional_, monotone_;
  std::vector<char> held_;
  AnyResiduals residuals_;
};

/// The difference of two log-determinants, as mutual information is one. It has no diminishing returns: NaiveGreedy
/// maximises it, at the price of about two plain ones.
class LogDeterminantDifference {
 public:
  static constexpr bool diminishing_returns = false;

  LogDeterminantDifference(LogDeterminantObjective minuend, LogDeterminantObjective subtrahend)
      : minuend_(std::move(minuend)), subtrahend_(std::move(subtrahend)) {}

  Index size() const { return minuend_.size(); }
  double gain(Index j) const { return minuend_.gain(j) - subtrahend_.gain(j); }
  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const {
    std::vector<double> less(items.size());
    minuend_.gains(executor, items, out);
    subtrahend_.gains(executor, items, less);
    for (std::size_t k = 0; k < items.size(); ++k) out[k] -= less[k];
  }
  Index batch() const { return minuend_.batch(); }
  /// \throws as `LogDeterminantObjective::add`. If it is std::bad_alloc, only `reset` makes it of use again
  void add(Index j) {
    (void)subtrahend_.gain(j);  // what may be wrong with the item comes first
    minuend_.add(j);
    subtrahend_.add(j);
  }
  void reset() {
    minuend_.reset();
    subtrahend_.reset();
  }

 private:
  LogDeterminantObjective minuend_, subtrahend_;
};

}  // namespace pickmix::inline v0
