// SPDX-License-Identifier: MIT
// HBO: datasets with large gradients are sampled more.
#pragma once

#include <pickmix/mos/dataset_measure.hpp>
#include <pickmix/mos/reward.hpp>

#include <span>

namespace pickmix::inline v0 {

/// R(i) = ‖∇L(B_i)‖₂ on a batch B_i of dataset i: the global level of HBO. Its local level, groups by difficulty within a
/// dataset, is a MosState of its own whose datasets are the groups, with the policy Difficulty.
///
/// \throws ValueError if `gradient_norm` is empty; CallbackError if it gives what is no norm
/// \cite wang2025hbo (§ 3)
struct Hbo {
  DatasetMeasure gradient_norm = {};

  void start(RewardContext&) const { detail::check_measure(gradient_norm, "Hbo: gradient_norm"); }

  void rewards(RewardContext& context, std::span<double> out) const {
    detail::measure_each(context, gradient_norm, "Hbo: gradient_norm", out);
  }
};
static_assert(RewardPolicy<Hbo>);

}  // namespace pickmix::inline v0
