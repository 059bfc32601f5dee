// SPDX-License-Identifier: MIT
// What known items explain of each candidate, as one row of numbers a candidate.
#pragma once

#include <pickmix/backend/row_products.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// Rows b_j with b_i·b_j = p_iᵀ W⁻¹ p_j, where p_j are the weighted similarities of the known items to candidate j and W
/// those of the known items to each other. What is left of the kernel once they are known is s_ij − b_i·b_j.
struct KnownRows {
  Index width = 0;  ///< the number of known items, rounded up to a multiple of 16
  std::vector<float> entries = {};

  /// Whether what is left is the kernel of something, so that no variance falls below ε: all weights are the same, and at
  /// most 1.
  bool conditional = true;

  const float* row(Index j) const { return entries.data() + j * width; }
};

/// Similarities of known items to the candidates, and what they count.
struct WeightedRows {
  const Kernel* to_pool;
  double weight;
};

/// All similarities of a kernel.
inline Eigen::MatrixXd entries_of(const Kernel& kernel) {
  Eigen::MatrixXd out(kernel.rows(), kernel.columns());
  for_each_column(kernel, [&](Index j, std::span<const float> column) {
    for (Index i = 0; i < kernel.rows(); ++i) out(i, j) = static_cast<double>(column[static_cast<std::size_t>(i)]);
  });
  return out;
}

/// The similarities of items to each other, with epsilon on the diagonal.
inline Eigen::MatrixXd regularised(const Kernel& within, double epsilon) {
  Eigen::MatrixXd out = entries_of(within);
  out.diagonal().array() += epsilon;
  return out;
}

/// \param within     W; its rows are those of `references`, one after another
/// \throws ValueError if W is not positive definite; says `caller`
/// \complexity        n · |W|² operations, |W| the number of known items
/// \determinism       a row's bits depend on its candidate's similarities alone
/// \tparam Matrix    Eigen::MatrixXd; a template, so that programs that know of no items do not compile a decomposition
template <class Matrix>
KnownRows known_rows(Cpu executor, std::string_view caller, std::span<const WeightedRows> references,
                     const Matrix& within) {
  const Eigen::LLT<Matrix> factor(within);
  if (factor.info() != Eigen::Success)
    raise<ValueError>(
        "{}: the similarities of the {} reference items to each other are not positive definite; use a kernel that is "
        "(Cosine, ShiftedCosine, Dot, Rbf are), or a larger epsilon",
        caller, within.rows());
  const Index known = within.rows(), n = references.front().to_pool->columns();
  Matrix inverse = Matrix::Identity(known, known);
  factor.matrixL().solveInPlace(inverse);
  KnownRows out{(known + 15) / 16 * 16};
  Index first = 0;
  for (const WeightedRows& some : references) {
    inverse.middleCols(first, some.to_pool->rows()) *= some.weight;
    first += some.to_pool->rows();
    out.conditional = out.conditional && some.weight <= 1.0 && some.weight == references.front().weight;
  }

  out.entries.resize(static_cast<std::size_t>(n * out.width));
  std::vector<float> panels(static_cast<std::size_t>(out.width * known), 0.0f);
  for (Index t = 0; t < known; ++t)
    for (Index s = 0; s <= t; ++s)
      panels[static_cast<std::size_t>(t / 16 * 16 * known + s * 16 + t % 16)] = static_cast<float>(inverse(t, s));

  constexpr Index tile = 192, group = 8;
  for_each_tile(executor, (n + tile - 1) / tile, [&](Index number) {
    std::vector<Index> items;
    for (Index j = number * tile; j < std::min(n, (number + 1) * tile); ++j) items.push_back(j);
    std::vector<float> similarities(items.size() * static_cast<std::size_t>(known));
    Index column = 0;
    for (const WeightedRows& some : references) {
      some.to_pool->read(items, MatrixView<float>(similarities.data() + column, static_cast<Index>(items.size()),
                                                  some.to_pool->rows(), known));
      column += some.to_pool->rows();
    }
    backend::RowProducts products;
    for (std::size_t begin = 0; begin < items.size(); begin += group) {
      const std::size_t count = std::min<std::size_t>(group, items.size() - begin);
      backend::EightRows rows;
      for (std::size_t r = 0; r < group; ++r)
        rows[r] = similarities.data() + (begin + std::min(r, count - 1)) * static_cast<std::size_t>(known);
      for (Index panel = 0; panel < out.width; panel += 16) {
        backend::row_products(rows, panels.data() + panel * known, known, products,
                              references.front().to_pool->instructions());
        for (std::size_t r = 0; r < count; ++r)
          std::copy_n(products.data() + r * 16, 16, out.entries.data() + items[begin + r] * out.width + panel);
      }
    }
  });
  return out;
}

}  // namespace pickmix::inline v0::detail
