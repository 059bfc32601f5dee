// SPDX-License-Identifier: MIT
// ODM: a bandit over datasets, rewarded by their training losses.
#pragma once

#include <pickmix/mos/exp3.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace pickmix::inline v0 {

/// R(i) = the mean loss reported of dataset i since the last update (`MosState::report`), 0 where nothing was, learnt by
/// Exp3, which divides by how likely the dataset was. What is drawn and still has a high loss is drawn more.
///
/// Nothing is asked of the model: an update every step costs next to nothing. A negative loss counts as 0.
///
/// \cite albalak2023odm (Algorithm 1)
struct Odm {
  double scale = 0.1;  ///< of a loss to a reward about in [0, 1]

  void rewards(RewardContext& context, std::span<double> out) const {
    const auto losses = context.run().reported;
    for (std::size_t d = 0; d < out.size(); ++d)
      out[d] = d < losses.size() && std::isfinite(losses[d]) ? std::max(losses[d], 0.0) : 0.0;
  }
  Exp3 update() const { return {.scale = scale}; }
};
static_assert(RewardPolicy<Odm>);

}  // namespace pickmix::inline v0
