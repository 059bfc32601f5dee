// SPDX-License-Identifier: MIT
// One kernel in all storages that keep its bits, and terms of facility location to try on it.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/neighbors.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace storages {

using pickmix::Index;
using pickmix::Kernel;

struct Named {
  std::string name;
  Kernel kernel;
};

/// The positive entries of a kernel, sparse: for facility location the same kernel.
inline Kernel positive(const Kernel& kernel) {
  const std::vector<float> zeros(static_cast<std::size_t>(kernel.rows()), 0.0f);
  return *pickmix::entries_above(pickmix::cpu, kernel, zeros, [](Index, Index) { return true; });
}

/// Similarities of a pool: dense first.
inline std::vector<Named> exact(pickmix::MatrixView<const float> pool,
                                const pickmix::Metric& metric = pickmix::Cosine{}) {
  using pickmix::Storage, pickmix::similarity;
  const Kernel dense = similarity(pool, {metric, Storage::full});
  return {{"dense", dense},
          {"streamed", similarity(pool, {metric, Storage::streamed})},
          {"all neighbours", nearest_neighbors(pool, pool.rows(), metric)},
          {"positive entries", positive(dense)}};
}

/// Similarities of rows to candidates: dense first.
inline std::vector<Named> exact(pickmix::MatrixView<const float> rows, pickmix::MatrixView<const float> columns,
                                const pickmix::Metric& metric) {
  using pickmix::Storage, pickmix::similarity;
  const Kernel dense = similarity(rows, columns, {metric, Storage::full});
  const Kernel streamed = similarity(rows, columns, {metric, Storage::streamed});
  return {{"dense", dense}, {"streamed", streamed}, {"positive entries", positive(streamed)}};
}

/// Entries from `low` to `high`.
inline std::vector<float> uniform(std::uint64_t seed, Index n, double low, double high) {
  pickmix::RandomStream random(seed, 9);
  std::vector<float> out;
  for (Index i = 0; i < n; ++i) out.push_back(static_cast<float>(low + (high - low) * random.uniform()));
  return out;
}

/// Every combination of floors (some negative), caps (some below the floor) and bonuses.
inline std::vector<pickmix::FacilityLocationTerms> terms(Index rows, Index columns) {
  std::vector<pickmix::FacilityLocationTerms> out;
  for (int choice = 0; choice < 8; ++choice) {
    out.emplace_back();
    if (choice & 1) out.back().floor = uniform(1, rows, -0.2, 0.7);
    if (choice & 2) out.back().cap = uniform(2, rows, 0.1, 1.0);
    if (choice & 4) out.back().bonus = uniform(3, columns, 0.0, 2.0);
  }
  return out;
}

}  // namespace storages
