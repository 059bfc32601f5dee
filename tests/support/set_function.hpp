// SPDX-License-Identifier: MIT
// What every objective of a set is checked for, and the non-negative instances to check it on.
#pragma once

#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <pickmix/submodular/objective.hpp>

#include <property/greedy_laws.hpp>
#include <property/laws.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <string>

namespace set_function {

using pickmix::Index;
using Items = std::span<const Index>;

/// A list of items without repetitions, for definitions to go through.
inline std::set<Index> items(Items list) { return {list.begin(), list.end()}; }

/// Items in the set gain nothing, and adding one again changes no gain by a bit.
template <pickmix::SubmodularObjective F>
std::string again_is_harmless(F f) {
  return laws::along_chains(f, {}, [](const F& at, Items set, Items) {
    F again = at;
    for (Index j : set) {
      if (at.gain(j) != 0.0) return fmt::format("{} is in the set and gains {}", j, at.gain(j));
      again.add(j);
    }
    for (Index j = 0; j < at.size(); ++j)
      if (at.gain(j) != again.gain(j))
        return fmt::format("adding [{}] again changes gain({}) from {} to {}", fmt::join(set, ", "), j, at.gain(j),
                           again.gain(j));
    return std::string();
  });
}

/// The laws of every set function, whatever its shape.
template <pickmix::SubmodularObjective F, class Definition>
void check_set_function(const F& f, const Definition& definition, double tolerance) {
  CHECK(laws::gains_match(f, definition, tolerance) == "");
  CHECK(laws::reset_empties(f) == "");
  CHECK(again_is_harmless(f) == "");
  CHECK(laws::threads_change_nothing(f, f.size(), pickmix::NaiveGreedy{}) == "");
}

/// Those of set functions with diminishing returns.
template <pickmix::SubmodularObjective F, class Definition>
void check_submodular(const F& f, const Definition& definition, double tolerance) {
  check_set_function(f, definition, tolerance);
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::lazy_is_naive(f, f.size()) == "");
  CHECK(laws::prefix_law(f, f.size()) == "");
  CHECK(laws::threads_change_nothing(f, f.size(), pickmix::LazyGreedy{}) == "");
}

/// Those of set functions with diminishing returns that never fall.
template <pickmix::SubmodularObjective F, class Definition>
void check_monotone_submodular(const F& f, const Definition& definition, double tolerance) {
  check_submodular(f, definition, tolerance);
  CHECK(laws::monotone(f) == "");
}

/// Entries on [0, 1).
inline instances::Matrix uniform(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 6);
  return instances::matrix(rows, columns, [&](Index, Index) { return static_cast<float>(random.uniform()); });
}

/// Entries 0, 1/4, …, 1: most gains are tied, and sums are exact.
inline instances::Matrix quarters(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 7);
  return instances::matrix(rows, columns, [&](Index, Index) { return static_cast<float>(random.below(5)) / 4.0f; });
}

/// Entries from 2⁻⁴⁰ to 2⁴⁰, and zeros: what is rounded off is as large as what others add.
inline instances::Matrix of_all_sizes(std::uint64_t seed, Index rows, Index columns) {
  pickmix::RandomStream random(seed, 8);
  return instances::matrix(rows, columns, [&](Index, Index) {
    const auto size = static_cast<float>(std::exp2(80.0 * random.uniform() - 40.0));
    return random.below(4) == 0 ? 0.0f : size;
  });
}

/// Rows of `one`, each three times: all of them, and all of them again, twice.
inline instances::Matrix thrice(instances::Matrix one) {
  return instances::matrix(3 * one.rows, one.columns, [&](Index i, Index j) { return one(i % one.rows, j); });
}

inline pickmix::Kernel kernel(const instances::Matrix& matrix) { return pickmix::Kernel(matrix.view()); }

/// The same entries, for definitions that look at single ones: those of a streamed kernel are computed again each time.
inline pickmix::Kernel stored(const pickmix::Kernel& from) {
  return kernel(instances::matrix(from.rows(), from.columns(), [&](Index i, Index j) { return from(i, j); }));
}

}  // namespace set_function
