// SPDX-License-Identifier: MIT
// The weights of a sum's terms, given or 1 each.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

namespace pickmix::inline v0::detail {

/// \throws ValueError if a weight is negative or not finite; names `caller` and the weight
inline void check_weights(std::string_view caller, const std::vector<double>& weights) {
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (!(std::isfinite(weights[k]) && weights[k] >= 0.0))
      raise<ValueError>("{}: weights[{}] is {}; every weight must be finite and at least 0", caller, k, weights[k]);
}

/// The `count` weights; where none are given, ones.
///
/// \param of_what what a weight is for, in the plural: "features"
/// \throws ShapeError if there are some, but not `count`; ValueError if one is negative or not finite
inline std::vector<double> weights_or_ones(std::string_view caller, const std::vector<double>& weights, Index count,
                                           std::string_view of_what) {
  const auto wanted = static_cast<std::size_t>(count);
  if (weights.empty()) return std::vector<double>(wanted, 1.0);
  if (weights.size() != wanted)
    raise<ShapeError>("{}: weights has {} entries and there are {} {}; give one each, or none for 1 each", caller,
                      weights.size(), count, of_what);
  check_weights(caller, weights);
  return weights;
}

}  // namespace pickmix::inline v0::detail
