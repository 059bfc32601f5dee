// SPDX-License-Identifier: MIT
// MultiDDS: datasets whose gradients help the held-out data are sampled more.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>
#include <pickmix/mos/transferability.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// R(i) = mean over j of cos(∇L(held-out data of j), ∇L(training data of i)), at the current parameters. A negative reward
/// counts as 0.
///
/// \throws ValueError if a function is empty or `size` is below 1 or beyond all addresses; CallbackError if a gradient is not
///         finite; std::bad_alloc if there is no memory for one
/// \complexity 2 · datasets gradients an update, one at a time; O(datasets · size) operations and 20 · size bytes beside
/// \cite wang2020multidds (the variant without a virtual step)
struct GradientAlignment {
  /// Writes the gradient of the loss on some data of a dataset; entries may be a projection of it.
  std::function<void(Index dataset, std::span<float> gradient)> training = {}, held_out = {};
  Index size = 0;  ///< of a gradient

  void start(RewardContext&) const {
    if (!training || !held_out) raise<ValueError>("GradientAlignment: training or held_out is empty; both are needed");
    if (size < 1 || size > largest)
      raise<ValueError>("GradientAlignment: size is {}; needs to be in [1, {}]", size, largest);
  }

  void rewards(RewardContext& context, std::span<double> out) const {
    std::vector<double> sum;  // Σ_j cos(g_i, g_j) is the product of direction i with the sum of all j
    double count = 0.0;
    for (Index j = 0; j < context.datasets(); ++j)
      if (context.active(j)) {
        detail::add_to(sum, detail::direction(gradient(held_out, "held_out", j)));
        ++count;
      }
    for (Index i = 0; i < context.datasets(); ++i) {
      double cosines = 0.0;
      if (context.active(i)) cosines = detail::inner_product(detail::direction(gradient(training, "training", i)), sum);
      out[static_cast<std::size_t>(i)] = std::max(cosines / count, 0.0);
    }
  }

 private:
  static constexpr Index largest = PTRDIFF_MAX / Index{sizeof(double)};

  std::vector<float> gradient(const std::function<void(Index, std::span<float>)>& of, std::string_view name,
                              Index dataset) const {
    std::vector<float> out(static_cast<std::size_t>(size), std::numeric_limits<float>::quiet_NaN());
    of(dataset, out);
    for (std::size_t k = 0; k < out.size(); ++k)
      if (!std::isfinite(out[k]))
        raise<CallbackError>(
            "GradientAlignment: {} gave {} for dataset {}, entry {}; every entry must be written and "
            "finite",
            name, out[k], dataset, k);
    return out;
  }
};
static_assert(RewardPolicy<GradientAlignment>);

}  // namespace pickmix::inline v0
