// SPDX-License-Identifier: MIT
// The bandit of online data mixing.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/numeric.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/mixture.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// At update t = 1, 2, …, with a reward of 0 for every dataset that was not seen since the update before:
///
///     G_k ← G_k + scale · R_k / d_k
///     p_k ← (1 − K ε_t) exp(ε_{t−1} G_k) / Σ_i exp(ε_{t−1} G_i) + ε_t
///
/// where ε_0 = 1 / K and ε_t = min(1 / K, sqrt(ln K / (K t))). The first few updates give the uniform distribution, for
/// as long as ε_t is 1 / K: t ≤ K ln K. One dataset alone has probability 1.
///
/// d is the distribution that was drawn from: p, but for a floor or shares of tokens that the state puts on top, and over
/// those datasets alone that have rows left. What cannot be drawn (d_k = 0) gains nothing, and still counts among the K.
/// Dividing by d_k makes up for how seldom a dataset is seen: the distribution goes towards the one best dataset. Where
/// every dataset has a reward at every update there is nothing to make up for, and p goes towards R / ΣR.
///
/// \cite albalak2023odm (Algorithm 1, with scale for the tenth of the loss in its code); auer2002
struct Exp3 {
  static constexpr std::string_view kind = "exp3";
  static constexpr bool remembers = true;

  /// Multiplies the rewards.
  double scale = 0.1;

  /// \throws ValueError if scale is not finite or negative
  void validate() const {
    if (!(scale >= 0.0 && std::isfinite(scale)))
      raise<ValueError>("Exp3: scale is {}; needs to be finite and at least 0", scale);
  }

  /// The next distribution.
  ///
  /// \shape      rewards: one per dataset, finite, none negative; memory: G, one per dataset
  /// \complexity O(datasets)
  /// \throws ValueError if memory has another length or a value that is not finite; it is then as it was
  std::vector<double> next(const MixtureView& now, std::span<const double> rewards, std::vector<double>& memory) const {
    detail::check_update_memory("Exp3", memory, rewards.size());
    memory.resize(rewards.size(), 0.0);
    using Limits = std::numeric_limits<double>;
    double top = Limits::lowest();
    for (std::size_t k = 0; k < memory.size(); ++k) {
      if (!now.active(k)) continue;
      const double drawn = now.drawn(k);
      const double gain = drawn > 0.0 ? scale * rewards[k] / std::max(drawn, Limits::min()) : 0.0;
      memory[k] = std::min(memory[k] + gain, Limits::max());
      top = std::max(top, memory[k]);
    }
    const double count = static_cast<double>(now.active_count());
    const double before = floor_at(now.updates, count), floor = floor_at(now.updates + 1, count);
    // Relative to the largest sum, no exponent overflows.
    std::vector<double> p(memory.size(), -Limits::infinity());
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.active(k)) p[k] = before * (memory[k] - top);
    softmax(p, p);
    for (std::size_t k = 0; k < p.size(); ++k)
      if (now.active(k)) p[k] = (1.0 - count * floor) * p[k] + floor;
    return p;
  }

 private:
  /// ε_t for `count` datasets.
  static double floor_at(Index t, double count) {
    if (t == 0) return 1.0 / count;
    return std::min(1.0 / count, std::sqrt(std::log(count) / (count * static_cast<double>(t))));
  }
};

}  // namespace pickmix::inline v0
