// SPDX-License-Identifier: MIT
// Transferability: how near a dataset is to the others, in the model itself.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// The mean embedding of `reward_batch` examples of a dataset, drawn for this update.
inline std::vector<double> mean_embedding(const RewardContext& context, Index dataset) {
  const auto examples = context.sample(dataset, context.updates() + 1);
  const std::vector<float> rows = context.embeddings(examples);
  std::vector<double> mean(rows.size() / examples.size(), 0.0);
  for (std::size_t k = 0; k < rows.size(); ++k) mean[k % mean.size()] += static_cast<double>(rows[k]);
  for (double& entry : mean) entry /= static_cast<double>(examples.size());
  return mean;
}

/// The cosine of the angle between two vectors; 0 if one is zero.
template <class T>
double cosine(std::span<const T> a, std::span<const T> b) {
  double product = 0.0, aa = 0.0, bb = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double x = static_cast<double>(a[k]), y = static_cast<double>(b[k]);
    product += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0.0 && bb > 0.0 ? product / (std::sqrt(aa) * std::sqrt(bb)) : 0.0;
}
template <class T>
double cosine(const std::vector<T>& a, const std::vector<T>& b) {
  return cosine(std::span<const T>(a), std::span<const T>(b));
}

}  // namespace detail

/// R(i) = (1/N) Σ_n cos(z_i, z_n), where z_i is the mean embedding of dataset i and n runs over the N datasets in the
/// mixture, i itself included (printed and released). A dataset like the others serves them too. Rewards of one mixture
/// lie close to each other, so probabilities stay near uniform; a negative reward counts as 0.
///
/// \complexity reward_batch · datasets embeddings an update
/// \throws  ValueError, CallbackError as `RewardContext::embeddings`
/// \cite wu2024mos (Eq. 7 and 8)
struct Transferability {
  static constexpr bool needs_embedding = true;

  bool include_self = true;  ///< without, the mean is over the other N − 1, and a single dataset has 0

  void rewards(RewardContext& context, std::span<double> out) const {
    const auto z = means(context);
    for (std::size_t i = 0; i < z.size(); ++i) {
      double sum = 0.0, count = 0.0;
      for (std::size_t n = 0; n < z.size() && !z[i].empty(); ++n)
        if (!z[n].empty() && (include_self || n != i)) {
          sum += detail::cosine(z[i], z[n]);
          ++count;
        }
      out[i] = count > 0.0 ? std::max(sum / count, 0.0) : 0.0;
    }
  }

  /// R(i) = cos(z_i, z_target): what `Targeted` asks for.
  void rewards_towards(RewardContext& context, Index target, std::span<double> out) const {
    const auto z = means(context);
    for (std::size_t i = 0; i < z.size(); ++i)
      out[i] = z[i].empty() ? 0.0 : std::max(detail::cosine(z[i], z[static_cast<std::size_t>(target)]), 0.0);
  }

 private:
  /// Empty for a dataset that is retired.
  static std::vector<std::vector<double>> means(const RewardContext& context) {
    std::vector<std::vector<double>> z(static_cast<std::size_t>(context.datasets()));
    for (Index d = 0; d < context.datasets(); ++d)
      if (context.active(d)) z[static_cast<std::size_t>(d)] = detail::mean_embedding(context, d);
    return z;
  }
};
static_assert(RewardPolicy<Transferability>);

}  // namespace pickmix::inline v0
