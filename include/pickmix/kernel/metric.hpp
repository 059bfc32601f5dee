// SPDX-License-Identifier: MIT
// How similar two embeddings are.
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <new>
#include <string_view>
#include <variant>

namespace pickmix::inline v0 {

/// x·y / ‖x‖‖y‖. A zero row is similar to nothing, itself included.
struct Cosine {};

/// (1 + cos) / 2: a cosine that is never negative. For a zero row, the cosine is 0.
struct ShiftedCosine {};

/// x·y.
struct Dot {};

/// exp(−gamma · ‖x − y‖²), gamma > 0. The square is ‖x‖² + ‖y‖² − 2 x·y in single precision, off by some √d · ‖x‖² · 2⁻²³
/// of d features, by up to d · ‖x‖² · 2⁻²² of such as are alike: rows far from the origin, beside their distances, are to be
/// centred first.
struct Rbf {
  double gamma = 1.0;
};

using Metric = std::variant<Cosine, ShiftedCosine, Dot, Rbf>;

namespace detail {

/// Embeddings as `inner_products` wants them, scaled so that the inner product is the similarity (or, for Rbf, is part of
/// it).
///
/// \throws ShapeError if there is no row or no column, ValueError if an entry is not finite, or (Dot and Rbf) a row so long
///         that similarities might not be; both say `name`.
///         CapacityError if the copy does not fit into memory
inline backend::PackedRows pack(Cpu executor, std::string_view name, MatrixView<const float> rows,
                                const Metric& metric) {
  if (rows.rows() < 1 || rows.columns() < 1)
    raise<ShapeError>("similarity: {} is {} x {}; needs at least one row and one column", name, rows.rows(),
                      rows.columns());
  const bool shifted = std::holds_alternative<ShiftedCosine>(metric);
  const bool unit = shifted || std::holds_alternative<Cosine>(metric);
  const Index features = rows.columns() + (shifted ? 1 : 0);
  try {
    backend::PackedRows packed(rows.rows(), features);
    for_each_tile(executor, packed.blocks(), [&](Index block) {
      const Index begin = block * backend::PackedRows::block;
      const Index end = std::min(begin + backend::PackedRows::block, rows.rows());
      for (Index r = begin; r < end; ++r) {
        double squares = 0.0;
        for (Index c = 0; c < rows.columns(); ++c) {
          const double x = rows(r, c);
          if (!std::isfinite(x))
            raise<ValueError>("similarity: {}({}, {}) is {}; every entry must be finite", name, r, c, x);
          squares += x * x;
        }
        if (!unit && squares > 0x1p126)  // a quarter of the largest float: ‖x − y‖² must fit as well
          raise<ValueError>(
              "similarity: {}, row {} has a squared length of {}, and inner products of such rows may not fit into a "
              "float; scale the rows down",
              name, r, squares);
        double divisor = unit && squares > 0.0 ? std::sqrt(squares) : 1.0;
        if (shifted) divisor *= std::sqrt(2.0);
        for (Index c = 0; c < rows.columns(); ++c) packed(r, c) = static_cast<float>(rows(r, c) / divisor);
        if (shifted) packed(r, rows.columns()) = static_cast<float>(std::sqrt(0.5));
      }
    });
    return packed;
  } catch (const std::bad_alloc&) {
    raise<CapacityError>("similarity: {} takes another {}, which could not be had; use fewer rows", name,
                         bytes_text(4.0 * static_cast<double>(rows.rows()) * static_cast<double>(features)));
  }
}

}  // namespace detail

}  // namespace pickmix::inline v0
