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

inline double inner_product(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

/// The vector of length 1 in the direction of `v`: the inner product of two of them is the cosine of their angle. Zero if `v`
/// is zero, whose cosine with every vector counts as 0.
template <class T>
std::vector<double> direction(const std::vector<T>& v) {
  std::vector<double> out(v.begin(), v.end());
  const double length = std::sqrt(inner_product(out, out));
  for (double& entry : out) entry = length > 0.0 ? entry / length : 0.0;
  return out;
}

/// sum ← sum + v, where `sum` is empty before the first.
inline void add_to(std::vector<double>& sum, std::span<const double> v) {
  sum.resize(v.size(), 0.0);
  for (std::size_t k = 0; k < v.size(); ++k) sum[k] += v[k];
}

}  // namespace detail

/// R(i) = (1/N) Σ_n cos(z_i, z_n), where z_i is the mean embedding of dataset i and n runs over the N datasets in the
/// mixture, i itself included (printed and released). A dataset like the others serves them too. Rewards of one mixture
/// lie close to each other, so probabilities stay near uniform; a negative reward counts as 0.
///
/// \complexity reward_batch · datasets embeddings an update, and O(datasets · embedding_size) operations beside
/// \throws  ValueError, CallbackError as `RewardContext::embeddings`
/// \cite wu2024mos (Eq. 7 and 8)
struct Transferability {
  static constexpr bool needs_embedding = true;

  bool include_self = true;  ///< without, the mean is over the other N − 1, and a single dataset has 0

  void rewards(RewardContext& context, std::span<double> out) const {
    const auto z = directions(context);
    std::vector<double> sum;  // Σ_n cos(z_i, z_n) is the product of direction i with the sum of all
    double count = include_self ? 0.0 : -1.0;
    for (const auto& direction : z)
      if (!direction.empty()) {
        detail::add_to(sum, direction);
        ++count;
      }
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double self = include_self ? 0.0 : detail::inner_product(z[i], z[i]);
      const double cosines = z[i].empty() ? 0.0 : detail::inner_product(z[i], sum) - self;
      out[i] = count > 0.0 ? std::max(cosines / count, 0.0) : 0.0;
    }
  }

  /// R(i) = cos(z_i, z_target): what `Targeted` asks for.
  void rewards_towards(RewardContext& context, Index target, std::span<double> out) const {
    const auto z = directions(context);
    const auto& towards = z[static_cast<std::size_t>(target)];
    for (std::size_t i = 0; i < z.size(); ++i)
      out[i] = z[i].empty() ? 0.0 : std::max(detail::inner_product(z[i], towards), 0.0);
  }

 private:
  /// Of the mean embeddings; empty for a dataset that is retired.
  static std::vector<std::vector<double>> directions(const RewardContext& context) {
    std::vector<std::vector<double>> z(static_cast<std::size_t>(context.datasets()));
    for (Index d = 0; d < context.datasets(); ++d)
      if (context.active(d)) z[static_cast<std::size_t>(d)] = detail::direction(detail::mean_embedding(context, d));
    return z;
  }
};
static_assert(RewardPolicy<Transferability>);

}  // namespace pickmix::inline v0
