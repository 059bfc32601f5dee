// SPDX-License-Identifier: MIT
// A number for each dataset that the trainer computes by itself.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace pickmix::inline v0 {

/// What the trainer measures on a dataset: a function of the dataset and the model, so that a run that is resumed goes on as
/// it would have. Which of its rows are looked at is the trainer's to choose; `MosState::rows` says which are drawn.
using DatasetMeasure = std::function<double(Index dataset)>;

namespace detail {

/// \throws ValueError if the measure is empty
inline void check_measure(const DatasetMeasure& measure, std::string_view caller) {
  if (!measure) raise<ValueError>("{} is empty; give a function of the dataset", caller);
}

/// The measure, which is not empty, of each dataset in the mixture, in order; 0 for the others, which are not asked for.
///
/// \throws CallbackError if it gives a number that is negative or not finite
inline void measure_each(const RewardContext& context, const DatasetMeasure& measure, std::string_view caller,
                         std::span<double> out) {
  for (Index d = 0; d < context.datasets(); ++d) {
    const double value = context.active(d) ? measure(d) : 0.0;
    if (!(value >= 0.0 && std::isfinite(value)))
      raise<CallbackError>("{} gave {} for dataset {}; needs to be finite and at least 0", caller, value, d);
    out[static_cast<std::size_t>(d)] = value;
  }
}

}  // namespace detail

}  // namespace pickmix::inline v0
