// SPDX-License-Identifier: MIT
// Another set of examples, target or known, seen from the pool.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/columns.hpp>
#include <pickmix/kernel/kernel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// `to_pool`: similarities of the reference items (rows) to the candidates (columns). `within`: of the reference items to
/// each other; only the log-determinant asks for it.
struct Reference {
  Kernel to_pool;
  std::optional<Kernel> within = std::nullopt;
};

/// For each candidate, the largest similarity to a reference item, at least 0.
///
/// \complexity one pass over `to_pool`
inline std::vector<float> relevance(const Kernel& to_pool) {
  std::vector<float> out(static_cast<std::size_t>(to_pool.columns()));
  detail::for_each_column(to_pool, [&](Index j, std::span<const float> column) {
    out[static_cast<std::size_t>(j)] = std::max(0.0f, *std::max_element(column.begin(), column.end()));
  });
  return out;
}

namespace detail {

/// \throws ShapeError unless `reference` sees as many candidates as the kernel has; ValueError unless weight is finite and
///         at least 0
inline void check_reference(std::string_view what, std::string_view symbol, const Kernel& kernel,
                            const Reference& reference, double weight) {
  if (reference.to_pool.columns() != kernel.columns())
    raise<ShapeError>("{}: to_pool has {} columns and the kernel {} candidates; needs one column for each", what,
                      reference.to_pool.columns(), kernel.columns());
  if (!(weight >= 0.0) || !std::isfinite(weight))
    raise<ValueError>("{}: {} is {}; needs to be finite and at least 0", what, symbol, weight);
}

}  // namespace detail

}  // namespace pickmix::inline v0
