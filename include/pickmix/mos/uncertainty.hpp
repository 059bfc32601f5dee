// SPDX-License-Identifier: MIT
// MultiUAT: datasets the model is unsure about are sampled more.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/mos/dataset_measure.hpp>
#include <pickmix/mos/reward.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace pickmix::inline v0 {

/// Measures of uncertainty from the probabilities of a response's tokens: those the model gives to what it would say itself
/// (published), or to the true ones.
///
/// \throws ValueError if there is no token, or a probability is not in [0, 1]
/// \cite wu2021multiuat (§ 3.3)
namespace uncertainty {

namespace detail {
inline void check(std::span<const float> probabilities) {
  if (probabilities.empty()) raise<ValueError>("uncertainty: probabilities is empty; needs a token at least");
  for (std::size_t t = 0; t < probabilities.size(); ++t)
    if (!(probabilities[t] >= 0.0f && probabilities[t] <= 1.0f))
      raise<ValueError>("uncertainty: probabilities[{}] is {}; needs to be in [0, 1]", t, probabilities[t]);
}
inline double mean(std::span<const float> probabilities) {
  double sum = 0.0;
  for (float p : probabilities) sum += static_cast<double>(p);
  return sum / static_cast<double>(probabilities.size());
}
}  // namespace detail

/// 1 − Π_t p_t: of the whole response.
inline double of_sequence(std::span<const float> probabilities) {
  detail::check(probabilities);
  double product = 1.0;
  for (float p : probabilities) product *= static_cast<double>(p);
  return 1.0 - product;
}
/// 1 − mean p_t: of a token.
inline double of_tokens(std::span<const float> probabilities) {
  detail::check(probabilities);
  return 1.0 - detail::mean(probabilities);
}
/// mean (p_t − mean p)²
inline double variance(std::span<const float> probabilities) {
  detail::check(probabilities);
  const double centre = detail::mean(probabilities);
  double sum = 0.0;
  for (float p : probabilities) sum += (static_cast<double>(p) - centre) * (static_cast<double>(p) - centre);
  return sum / static_cast<double>(probabilities.size());
}

}  // namespace uncertainty

/// R(i) = the model's uncertainty on held-out data of dataset i, as the trainer measures it (one of the above, averaged over
/// passes with dropout).
///
/// \throws ValueError if `measure` is empty; CallbackError if it gives a number that is negative or not finite
/// \cite wu2021multiuat (§ 3.3)
struct Uncertainty {
  DatasetMeasure measure = {};

  void start(RewardContext&) const { detail::check_measure(measure, "Uncertainty: measure"); }

  void rewards(RewardContext& context, std::span<double> out) const {
    detail::measure_each(context, measure, "Uncertainty: measure", out);
  }
};
static_assert(RewardPolicy<Uncertainty>);

}  // namespace pickmix::inline v0
