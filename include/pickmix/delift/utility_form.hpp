// SPDX-License-Identifier: MIT
// From measured utilities to the similarities that objectives take.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/rescale.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <variant>
#include <vector>

namespace pickmix::inline v0::delift {

/// What becomes of U(i, i), an example in its own context: the model sees the answer, so it is mostly the row's largest.
enum class UtilityDiagonal {
  keep,           ///< as measured (DELIFT)
  zero,           ///< an example says nothing for itself
  largest_other,  ///< as good as the best other context
};

/// What becomes of U(i, j) ≠ U(j, i).
enum class UtilitySymmetry {
  none,  ///< row i is the target (DELIFT)
  mean,  ///< (U(i, j) + U(j, i)) / 2
  max,   ///< max(U(i, j), U(j, i))
};

/// No scale at all.
struct AsMeasured {};
using UtilityScale = std::variant<ClipAtZero, RowMax, MinMax, RowMinMax, AsMeasured>;

/// How similarities are made of utilities: first the diagonal, then symmetry, then the scale; the first two of a target's and
/// of known data's too, where these are candidates as well. The defaults are those of the paper; `RowMax` lets every target
/// ask as loudly as every other (a target of two response tokens has larger utilities than one of two hundred).
///
/// \cite agarwal2025delift
struct UtilityForm {
  UtilityScale scale = ClipAtZero{};
  UtilityDiagonal diagonal = UtilityDiagonal::keep;
  UtilitySymmetry symmetry = UtilitySymmetry::none;
};

/// DELIFT as printed, and as in its released code.
inline constexpr UtilityForm as_printed{};
inline constexpr UtilityForm as_released{.scale = MinMax{}};

namespace detail {

/// What a row's utilities, and those of known data in it, are mapped by: u → (max(u, 0) if clipped − low) / width.
/// Where the width is 0, what is not below `low` is 1, and all is 0 if clipped.
struct RowScale {
  float low = 0.0f;
  double width = 1.0;
  bool clipped = true;

  float operator()(float u) const {
    if (clipped) u = std::max(u, 0.0f);
    if (!(width > 0.0)) return clipped || u < low ? 0.0f : 1.0f;  // nothing helps; all are the same, or below
    return static_cast<float>((static_cast<double>(u) - static_cast<double>(low)) / width);
  }
};

/// One for each row of `utility`.
inline std::vector<RowScale> scales_of(const Kernel& utility, const UtilityScale& scale) {
  std::vector<pickmix::detail::Range> range(static_cast<std::size_t>(utility.rows()));
  pickmix::detail::Range all;
  pickmix::detail::for_each_column(utility, [&](Index, std::span<const float> column) {
    for (std::size_t i = 0; i < column.size(); ++i) range[i].include(column[i]);
  });
  for (const pickmix::detail::Range& r : range) {
    all.include(r.low);
    all.include(r.high);
  }
  const auto between = [](const pickmix::detail::Range& r) {
    return RowScale{r.low, static_cast<double>(r.high) - static_cast<double>(r.low), false};
  };
  std::vector<RowScale> scales;
  for (const pickmix::detail::Range& r : range) {
    if (std::holds_alternative<ClipAtZero>(scale)) scales.push_back({});
    if (std::holds_alternative<RowMax>(scale))
      scales.push_back({0.0f, std::max(0.0, static_cast<double>(r.high)), true});
    if (std::holds_alternative<MinMax>(scale)) scales.push_back(between(all));
    if (std::holds_alternative<RowMinMax>(scale)) scales.push_back(between(r));
    if (std::holds_alternative<AsMeasured>(scale)) scales.push_back({0.0f, 1.0, false});
  }
  return scales;
}

inline Kernel scaled(const Kernel& utility, std::span<const RowScale> scales) {
  return pickmix::detail::changed(utility, [&](MatrixView<float> columns) {
    for (Index j = 0; j < columns.rows(); ++j)
      for (std::size_t i = 0; i < scales.size(); ++i) columns.row(j)[i] = scales[i](columns.row(j)[i]);
  });
}

/// Changes U(i, i + offset), which are targets in their own context; u(j, i) = U(i, j).
inline void set_diagonal(MatrixView<float> u, Index offset, UtilityDiagonal diagonal) {
  if (diagonal == UtilityDiagonal::keep) return;
  for (Index i = std::max<Index>(0, -offset); i < std::min(u.columns(), u.rows() - offset); ++i) {
    pickmix::detail::Range others;
    for (Index j = 0; j < u.rows(); ++j)
      if (j != i + offset) others.include(u(j, i));
    u(i + offset, i) = diagonal == UtilityDiagonal::largest_other && u.rows() > 1 ? others.high : 0.0f;
  }
}

/// The diagonal and the symmetry of a square utility.
inline Kernel with_pairs_in_form(const Kernel& utility, const UtilityForm& form) {
  if (form.diagonal == UtilityDiagonal::keep && form.symmetry == UtilitySymmetry::none) return utility;
  if (utility.rows() != utility.columns())
    raise<ShapeError>("UtilityForm: diagonal and symmetry need as many targets as contexts; there are {} and {}",
                      utility.rows(), utility.columns());
  return pickmix::detail::changed(utility, [&](MatrixView<float> u) {  // u(j, i) = U(i, j)
    set_diagonal(u, 0, form.diagonal);
    for (Index j = 0; j < u.rows() && form.symmetry != UtilitySymmetry::none; ++j)
      for (Index i = 0; i < j; ++i)
        u(j, i) = u(i, j) =
            form.symmetry == UtilitySymmetry::max ? std::max(u(j, i), u(i, j)) : 0.5f * u(j, i) + 0.5f * u(i, j);
  });
}

}  // namespace detail

/// `utility` in this form, as a dense copy.
///
/// \throws     ShapeError if a diagonal or a symmetry is asked for and the utility is not square; CapacityError if memory
///             cannot be had
/// \complexity a few passes; 4 · rows · columns bytes
inline Kernel in_form(const Kernel& utility, const UtilityForm& form) {
  const Kernel pairs = detail::with_pairs_in_form(utility, form);
  return detail::scaled(pairs, detail::scales_of(pairs, form.scale));
}

}  // namespace pickmix::inline v0::delift
