// SPDX-License-Identifier: MIT
// Embeddings to measure with: seeded, of four shapes.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace measured {

using pickmix::Index;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// n rows of d entries. `clustered`: 200 Gaussian clusters, sizes ~ rank^-0.5, spread 0.5 to 1.2, and a tenth without
/// cluster; `offset`: the same around a common mean (cosines of 0.4); `decaying`: a spectrum that falls as rank^-1;
/// `none`: no structure at all.
inline Rows embeddings(std::string_view shape, Index n, Index d = 384, std::uint64_t seed = 1) {
  constexpr Index clusters = 200;
  Rows centre(clusters, d), rows(n, d);
  pickmix::RandomStream random(seed, 0);
  for (Index c = 0; c < clusters; ++c)
    for (Index k = 0; k < d; ++k) centre(c, k) = static_cast<float>(random.normal());
  const bool clustered = shape == "clustered" || shape == "offset";
  if (!clustered && shape != "decaying" && shape != "none")
    pickmix::raise<pickmix::ValueError>("{} is no shape: clustered, offset, decaying or none", shape);
  for (Index i = 0; i < n; ++i) {
    const bool tail = !clustered || random.uniform() < 0.1;
    const auto c = std::min<Index>(clusters - 1, static_cast<Index>(clusters * std::pow(random.uniform(), 2.0)));
    const double spread = 0.5 + 0.7 * static_cast<double>(c % 7) / 6.0;
    for (Index k = 0; k < d; ++k) {
      double x = random.normal();
      if (!tail) x = static_cast<double>(centre(c, k)) + spread * x;
      if (shape == "offset") x += static_cast<double>(centre(0, k)) * 1.1;
      if (shape == "decaying") x /= static_cast<double>(k + 1);
      rows(i, k) = static_cast<float>(x);
    }
  }
  return rows;
}

}  // namespace measured
