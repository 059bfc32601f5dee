// SPDX-License-Identifier: MIT
// How far a model's predictions are from the true tokens: what a loss callback returns for DELIFT.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

namespace pickmix::inline v0::delift {

namespace detail {

inline double checked_probability(std::string_view caller, float p, Index position) {
  if (!(p >= 0.0f && p <= 1.0f))
    raise<ValueError>("{}: the probability of token {} is {}; needs to be within 0 and 1", caller, position, p);
  return static_cast<double>(p);
}

inline double squared_miss(float p, Index position) {
  const double miss = 1.0 - checked_probability("probability_distance", p, position);
  return miss * miss;
}
inline double surprise(float p, Index position) {
  const double likelihood = checked_probability("negative_log_likelihood", p, position);
  return -std::log(std::fmax(likelihood, static_cast<double>(std::numeric_limits<float>::min())));
}

/// The mean of of(p[k], k) over the tokens that count; 0 if none does.
template <class Of>
double mean_over(std::span<const float> p, std::span<const bool> counts, const Of& of) {
  double sum = 0.0;
  Index tokens = 0;
  for (std::size_t k = 0; k < p.size(); ++k)
    if (counts.empty() || counts[k]) {
      sum += of(p[k], static_cast<Index>(k));
      ++tokens;
    }
  return tokens == 0 ? 0.0 : sum / static_cast<double>(tokens);
}

inline void check_mask(std::string_view caller, std::span<const float> p, std::span<const bool> counts) {
  if (counts.size() != p.size())
    raise<ShapeError>("{}: counts has {} entries and p {}; needs one for each token", caller, counts.size(), p.size());
}

template <class Distance>
void of_each_row(std::string_view caller, MatrixView<const float> p, MatrixView<const bool> counts,
                 std::span<float> out, const Distance& distance) {
  if (counts.rows() != p.rows() || counts.columns() != p.columns())
    raise<ShapeError>("{}: counts is {} x {} and p {} x {}; needs one entry for each token", caller, counts.rows(),
                      counts.columns(), p.rows(), p.columns());
  if (static_cast<Index>(out.size()) != p.rows())
    raise<ShapeError>("{}: out has {} entries and p {} rows; needs one for each", caller, out.size(), p.rows());
  for (Index e = 0; e < p.rows(); ++e)
    out[static_cast<std::size_t>(e)] = distance(std::span<const float>(p.row(e)), std::span<const bool>(counts.row(e)));
}

}  // namespace detail

/// ‖1 − p‖₂ / √n with p the probabilities that the model gave to the n true tokens of a response: DELIFT's distance.
///
/// \shape  p: one entry a token, each within 0 and 1; counts: which of them belong to the response, one for each
/// \return within 0 and 1; 0 if no token counts
/// \throws ValueError if a probability that counts is outside [0, 1] (names it); ShapeError if the sizes differ
/// \cite agarwal2025delift (Eq. 2)
inline float probability_distance(std::span<const float> p) {
  return static_cast<float>(std::sqrt(detail::mean_over(p, {}, detail::squared_miss)));
}
inline float probability_distance(std::span<const float> p, std::span<const bool> counts) {
  detail::check_mask("probability_distance", p, counts);
  return static_cast<float>(std::sqrt(detail::mean_over(p, counts, detail::squared_miss)));
}

/// −(1/n) Σ log p: with it the utility is the pointwise mutual information of response and context, in nats a token.
/// Probabilities below the smallest normal float count as that (about 87 nats), so that the mean stays finite.
///
/// \shape  as for `probability_distance`
/// \throws as `probability_distance`
/// \cite agarwal2025delift (the distance as a Kullback-Leibler divergence)
inline float negative_log_likelihood(std::span<const float> p) {
  return static_cast<float>(detail::mean_over(p, {}, detail::surprise));
}
inline float negative_log_likelihood(std::span<const float> p, std::span<const bool> counts) {
  detail::check_mask("negative_log_likelihood", p, counts);
  return static_cast<float>(detail::mean_over(p, counts, detail::surprise));
}

/// Both for a batch: one row an example, one column a token.
///
/// \shape p, counts: examples × tokens; out: one entry an example
inline void probability_distance(MatrixView<const float> p, MatrixView<const bool> counts, std::span<float> out) {
  detail::of_each_row("probability_distance", p, counts, out,
                      [](std::span<const float> of, std::span<const bool> in) { return probability_distance(of, in); });
}
inline void negative_log_likelihood(MatrixView<const float> p, MatrixView<const bool> counts, std::span<float> out) {
  detail::of_each_row(
      "negative_log_likelihood", p, counts, out,
      [](std::span<const float> of, std::span<const bool> in) { return negative_log_likelihood(of, in); });
}

}  // namespace pickmix::inline v0::delift
