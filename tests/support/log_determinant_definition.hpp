// SPDX-License-Identifier: MIT
// What the log-determinant's residuals are, written out.
#pragma once

#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/submodular/log_determinant_known.hpp>
#include <support/instances.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace log_determinant {

/// What the items before leave of each, known items with rows b before them all.
inline double residual(const pickmix::Kernel& s, double epsilon, const pickmix::detail::KnownRows& known,
                       const std::vector<pickmix::Index>& picks, pickmix::Index j) {
  const auto entry = [&](pickmix::Index a, pickmix::Index b) {
    double left = static_cast<double>(s(a, b)) + (a == b ? epsilon : 0.0);
    for (pickmix::Index t = 0; t < known.width; ++t)
      left -= static_cast<double>(known.row(a)[t]) * static_cast<double>(known.row(b)[t]);
    return left;
  };
  const auto size = static_cast<pickmix::Index>(picks.size());
  Eigen::MatrixXd within(size, size);
  Eigen::VectorXd to(size);
  for (pickmix::Index a = 0; a < size; ++a) {
    to[a] = entry(picks[static_cast<std::size_t>(a)], j);
    for (pickmix::Index b = 0; b < size; ++b)
      within(a, b) = entry(picks[static_cast<std::size_t>(a)], picks[static_cast<std::size_t>(b)]);
  }
  return entry(j, j) - (size == 0 ? 0.0 : to.dot(within.llt().solve(to)));
}

/// Two features' worth of known items, padded.
inline pickmix::detail::KnownRows known_rows(pickmix::Index n) {
  const auto some = ::instances::normal(7, n, 2);
  pickmix::detail::KnownRows out{16, std::vector<float>(static_cast<std::size_t>(16 * n), 0.0f)};
  for (pickmix::Index j = 0; j < n; ++j)
    for (pickmix::Index t = 0; t < 2; ++t) out.entries[static_cast<std::size_t>(16 * j + t)] = 0.1f * some.view()(j, t);
  return out;
}

}  // namespace log_determinant
