// SPDX-License-Identifier: MIT
// Facility location: every row is served by the selected item most similar to it.
#pragma once

#include <pickmix/backend/coverage.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/above_each.hpp>
#include <pickmix/kernel/cells.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/screened.hpp>
#include <pickmix/kernel/streamed.hpp>
#include <pickmix/submodular/coverage_gains.hpp>
#include <pickmix/submodular/facility_location_terms.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_i [ clamp(max_{j∈A} s_ij, b_i, c_i) − b_i ] + Σ_{j∈A} r_j over the rows i and candidates j of a kernel.
/// Negative s count as zero; floors are at least 0; a row whose cap is below its floor counts nothing.
///
/// Monotone, with diminishing returns. After some picks most entries lie below what is covered and can never matter
/// again: `settle` then keeps only the others, and all gains stay what they were, to the last bit.
///
/// \complexity  gain and add: rows() operations of a stored kernel, as many as there are entries of a sparse one, and
///              rows() · d of a streamed one, which is faster for many items at once. Memory: 4 to 12 bytes a row, what
///              `settle` keeps (8 bytes an entry, within `room`), and before that 5 bytes a feature of a streamed kernel's rows
/// \determinism bits depend neither on threads nor on the storage, half-size apart, which is exact in its own unit; a
///              computed gain never rises when items are added, to the last bit
/// \cite cornuejols1977 (uncapacitated facility location), kothawade2022prism (mutual information and conditional gain),
///       agarwal2025delift (Section 3)
class FacilityLocationObjective {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  /// \throws ShapeError, ValueError as `FacilityLocationTerms::validate`
  explicit FacilityLocationObjective(Kernel kernel, FacilityLocationTerms terms = {})
      : kernel_(std::move(kernel)), terms_(std::move(terms)) {
    terms_.validate(kernel_.rows(), kernel_.columns());
    if (const auto* half = kernel_.half()) {
      for (float c : terms_.cap) half_cap_.push_back(in_units(*half, c));
      for (float b : terms_.floor) half_floor_.push_back(in_units(*half, b));
    }
    reset();
  }

  Index size() const { return kernel_.columns(); }
  const Kernel& kernel() const { return kernel_; }
  const FacilityLocationTerms& terms() const { return terms_; }

  double gain(Index j) const {
    double out = 0.0;
    gains(cpu, std::span(&j, 1), std::span(&out, 1));
    return out;
  }

  /// How many candidates are worth looking at together: as many as overlap their memory accesses, or fill a tile.
  Index batch() const { return needs_columns() ? 192 : 8; }

  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const {
    const auto in_groups = [&](Index group, const auto& compute) {
      const auto count = static_cast<Index>(items.size());
      if (count <= group) return compute(items, out);  // the usual case in lazy greedy: no loop to set up
      for_each_tile(executor, (count + group - 1) / group, [&](Index t) {
        const auto first = static_cast<std::size_t>(t * group),
                   size = static_cast<std::size_t>(std::min(group, count - t * group));
        compute(items.subspan(first, size), out.subspan(first, size));
      });
    };
    if (const SparseEntries* sparse = entries()) {
      in_groups(64, [&](auto some, auto gains) { detail::coverage_gains(*sparse, covered(), some, gains); });
    } else if (const auto* streamed = kernel_.streamed()) {
      detail::coverage_gains(executor, *streamed, covered(), items, out);
    } else if (const auto* half = kernel_.half()) {
      const backend::HalfCovered rows{half_coverage_.data(), half_cap_.empty() ? nullptr : half_cap_.data()};
      in_groups(16, [&](auto some, auto gains) { detail::coverage_gains(executor, *half, rows, some, gains); });
    } else {
      in_groups(16, [&](auto some, auto gains) {
        detail::coverage_gains(executor, *kernel_.dense(), covered(), some, gains);
      });
    }
    for (std::size_t k = 0; k < items.size(); ++k) out[k] += bonus_of(items[k]);
  }

  void add(Index j) {
    const auto raise = [](auto& coverage, const auto* column) {
      for (auto& covered : coverage) covered = std::max(covered, *column++);
    };
    if (const SparseEntries* sparse = entries())
      raise_coverage(sparse->rows_of(j), sparse->values_of(j));
    else if (const auto* half = kernel_.half())
      raise(half_coverage_, half->column(j));
    else
      raise(coverage_, kernel_.dense() ? kernel_.dense()->column(j) : detail::read_column(kernel_, j).data());
    count(j);
  }

  /// Adds items one after another and calls on_added(k, gain of items[k]) after each; stops where that returns false. Of a
  /// streamed kernel this is many times faster than one by one.
  template <class OnAdded>
  void add(Cpu executor, std::span<const Index> items, OnAdded&& on_added) {
    if (!needs_columns()) {
      for (std::size_t k = 0; k < items.size(); ++k) {
        const double gained = gain(items[k]);
        add(items[k]);
        if (!on_added(k, gained)) return;
      }
      return;
    }
    const auto& bytes = items.size() > detail::looked_at_whole ? in_bytes(executor) : bytes_;
    detail::for_each_above(executor, kernel_, bytes, items, coverage_,
                           [&](std::size_t k, const detail::ColumnAbove& above) {
                             const double gained = detail::coverage_gain(above, covered()) + bonus_of(items[k]);
                             raise_coverage(above.rows, above.values);
                             count(items[k]);
                             return on_added(k, gained);
                           });
  }

  /// The same objective over some of the items, as rows and as candidates, on a stored kernel. What is covered already
  /// becomes a floor. For kernels that are not of half size.
  ///
  /// \shape items: of a kernel whose rows are its candidates
  FacilityLocationObjective among(Cpu executor, std::span<const Index> items) const {
    const auto some = [&](const std::vector<float>& all) {
      std::vector<float> out;
      if (!all.empty())
        for (Index j : items) out.push_back(all[static_cast<std::size_t>(j)]);
      return out;
    };
    return FacilityLocationObjective(kernel_.among(executor, items), {some(coverage_), some(terms_.cap), some(bonus_)});
  }

  void reset() {
    rest_.reset();
    near_.reset();
    added_ = 0;
    settle_at_ = 64;
    const auto rows = static_cast<std::size_t>(kernel_.rows());
    bonus_ = terms_.bonus;
    if (kernel_.half() != nullptr) {
      half_coverage_ = half_floor_;
      half_coverage_.resize(rows, 0);
    } else {
      coverage_ = terms_.floor;
      coverage_.resize(rows, 0.0f);
      for (float& m : coverage_) m = std::max(m, 0.0f);
    }
  }

  /// Drops what cannot matter any more, once enough has been added for that to be nearly everything.
  ///
  /// \param on_progress called with `Progress`; returns false to stop
  /// \return false if `on_progress` said stop; nothing has changed then
  template <class OnProgress>
  bool settle(Cpu executor, OnProgress&& on_progress) {
    if (rest_ || kernel_.sparse() != nullptr || kernel_.half() != nullptr || added_ < settle_at_) return true;
    if (kernel_.rows() < 4096) return true;  // all of it is close at hand
    if (bytes_above(added_) > static_cast<double>(room())) return true;
    try {
      return keep_above(executor, on_progress);
    } catch (const detail::OutOfRoom&) {  // nothing has changed: tried again when more is covered
      settle_at_ = 2 * added_;
      return on_progress(Progress{"picks until what still matters is looked for again", added_, settle_at_});
    }
  }

  /// The part of `settle` that does it, whatever has been added. A half-size kernel stays as it is: it is as fast.
  ///
  /// \throws CapacityError if the entries that still matter are more than memory, or a streamed kernel's limit, allows
  template <class OnProgress>
  bool keep_above(Cpu executor, OnProgress&& on_progress) {
    if (kernel_.half() != nullptr) return true;
    auto bytes = in_bytes(executor);
    bytes_.reset();  // nobody else has them then: they are given back as soon as the pass is made
    auto rest =
        detail::entries_above(executor, kernel_, std::move(bytes), thresholds(), room(), [&](Index done, Index total) {
          return on_progress(Progress{"similarities that still matter", done, total});
        });
    if (!rest) return false;
    rest_ = std::move(rest);
    return true;
  }

  /// The same for a streamed kernel that is too large for a pass over all pairs: looks only at pairs whose cells are near
  /// each other, if few enough probes find `wanted_recall` of what matters. Gains are then too small by what lies elsewhere.
  ///
  /// \param recall  is set to the share that was found; 0 where that would have taken more than a quarter of all pairs, and
  ///                nothing was done
  /// \return false if `on_progress` said stop
  template <class OnProgress>
  bool keep_above_near(Cpu executor, std::span<const Index> centres, double wanted_recall, OnProgress&& on_progress,
                       double& recall) {
    const std::vector<float> limits = thresholds();
    const Cells cells(executor, kernel_, centres, in_bytes(executor));
    const std::vector<double> found = cells.recall(limits);
    const auto enough = std::lower_bound(found.begin() + 1, found.end(), wanted_recall);
    const Index probes = enough - found.begin();
    recall = 0.0;
    if (probes > cells.size() || cells.share(probes) > 0.25) return true;
    auto rest = cells.entries_above(
        limits, probes,
        [&](Index done, Index total) {
          return on_progress(Progress{"similarities that still matter", done, total});
        },
        kernel_.streamed()->memory_limit());
    if (!rest) return false;
    rest_ = std::move(rest);
    bytes_.reset();
    near_ = recall = *enough;
    return true;
  }

  /// What `keep_above_near` found: gains since then are of near rows only. Nothing if they are of all.
  std::optional<double> recall() const { return near_; }

  /// About how many bytes `keep_above` needs after `added` good picks: of n entries a row, one in `added` is above the
  /// largest of `added` others.
  double bytes_above(Index added) const {
    return 20.0 * static_cast<double>(kernel_.rows()) * static_cast<double>(kernel_.columns()) /
           static_cast<double>(added + 1);
  }

 private:
  static std::int16_t in_units(const HalfEntries& half, float value) {
    return static_cast<std::int16_t>(std::lround(std::clamp(value / half.unit, 0.0f, 32767.0f)));
  }

  /// Bytes that finding and keeping entries may take: what a stored kernel takes and 1 MiB, or a streamed one's limit.
  std::uint64_t room() const {
    if (const auto* streamed = kernel_.streamed()) return streamed->memory_limit();
    return (1 << 20) + 4 * static_cast<std::uint64_t>(kernel_.rows()) * static_cast<std::uint64_t>(kernel_.columns());
  }

  /// For each row, what an entry must exceed to matter.
  std::vector<float> thresholds() const {
    std::vector<float> out(coverage_);
    for (std::size_t i = 0; i < terms_.cap.size(); ++i)
      if (terms_.cap[i] <= coverage_[i]) out[i] = std::numeric_limits<float>::infinity();
    return out;
  }

  /// The entries to walk through where the kernel is sparse, or has become so.
  const SparseEntries* entries() const { return rest_ ? rest_->sparse() : kernel_.sparse(); }

  backend::Covered covered() const { return {coverage_.data(), terms_.cap.empty() ? nullptr : terms_.cap.data()}; }

  double bonus_of(Index j) const {
    return bonus_.empty() ? 0.0 : static_cast<double>(bonus_[static_cast<std::size_t>(j)]);
  }

  /// Whether columns must be computed before they can be looked at.
  bool needs_columns() const { return kernel_.streamed() != nullptr && !rest_; }

  void count(Index j) {
    if (!bonus_.empty()) bonus_[static_cast<std::size_t>(j)] = 0.0f;
    ++added_;
  }

  void raise_coverage(std::span<const std::uint32_t> rows, std::span<const float> values) {
    for (std::size_t e = 0; e < rows.size(); ++e) coverage_[rows[e]] = std::max(coverage_[rows[e]], values[e]);
  }

  /// The kernel's rows in bytes, and unpacked, if they are screened: made once, and kept until `keep_above` takes them.
  const std::optional<detail::ScreenedRows>& in_bytes(Cpu executor) {
    if (!bytes_) bytes_ = detail::ScreenedRows::of(executor, kernel_);
    return bytes_;
  }

  Kernel kernel_;
  FacilityLocationTerms terms_;
  std::vector<std::int16_t> half_floor_, half_cap_;
  std::vector<float> coverage_;              // for each row, the largest similarity to an item in the set, or the floor
  std::vector<std::int16_t> half_coverage_;  // the same in the place of it, for a half-size kernel
  std::vector<float> bonus_;                 // what is still to be had: nothing once an item is in the set
  Index added_ = 0, settle_at_ = 64;
  std::optional<detail::ScreenedRows> bytes_;
  std::optional<Kernel> rest_;  // the entries above the coverage, once the others are dropped
  std::optional<double> near_;  // the share of them, where they are those of near rows
};

}  // namespace pickmix::inline v0
