// SPDX-License-Identifier: MIT
// Test matrices that are the same on every run.
#pragma once

#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

#include <cstdint>

namespace support {

using RowMajorMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Entries uniform on [-1, 1).
inline RowMajorMatrix random_matrix(pickmix::Index rows, pickmix::Index columns, std::uint64_t seed = 1) {
  pickmix::RandomStream random(seed, 1);
  RowMajorMatrix matrix(rows, columns);
  for (float& entry : matrix.reshaped()) entry = static_cast<float>(2.0 * random.uniform() - 1.0);
  return matrix;
}

}  // namespace support
