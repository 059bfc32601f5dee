// SPDX-License-Identifier: MIT
// Small matrices and random kernels to select from.
#pragma once

#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace instances {

using pickmix::Index;

/// A matrix that owns its entries, row after row.
struct Matrix {
  Index rows, columns;
  std::vector<float> entries = std::vector<float>(static_cast<std::size_t>(rows * columns));

  float& operator()(Index i, Index j) { return entries[static_cast<std::size_t>(i * columns + j)]; }
  pickmix::MatrixView<const float> view() const { return {entries.data(), rows, columns}; }
};

/// rows × columns entries given by `entry(i, j)`.
template <class Entry>
Matrix matrix(Index rows, Index columns, Entry&& entry) {
  Matrix m{rows, columns};
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < columns; ++j) m(i, j) = entry(i, j);
  return m;
}

template <class Entry>
pickmix::Kernel kernel(Index rows, Index columns, Entry&& entry) {
  return pickmix::Kernel(matrix(rows, columns, entry).view());
}

/// Standard normal entries.
inline Matrix normal(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 1);
  return matrix(rows, columns, [&](Index, Index) { return static_cast<float>(random.normal()); });
}

/// Entries on [-1, 1): positive ones and negative ones.
inline pickmix::Kernel real(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 2);
  return kernel(rows, columns, [&](Index, Index) { return static_cast<float>(2.0 * random.uniform() - 1.0); });
}

/// Multiples of 1/1024 on [-1, 1): sums of a few thousand of them are exact, so laws hold without tolerance.
inline pickmix::Kernel dyadic(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 3);
  return kernel(rows, columns, [&](Index, Index) { return static_cast<float>(random.below(2048) - 1024) / 1024.0f; });
}

/// Only the values -1, 0 and 1: most gains are tied.
inline pickmix::Kernel tied(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 4);
  return kernel(rows, columns, [&](Index, Index) { return static_cast<float>(random.below(3) - 1); });
}

/// Real entries, each column three times: a block of candidates, and that block again, twice.
inline pickmix::Kernel duplicated(std::uint64_t seed, Index rows, Index columns) {
  const auto one = real(seed, rows, columns);
  return kernel(rows, 3 * columns, [&](Index i, Index j) { return one(i, j % columns); });
}

}  // namespace instances
