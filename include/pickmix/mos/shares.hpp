// SPDX-License-Identifier: MIT
// From logits to the distribution a batch is drawn from: masks, floor, tokens.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/numeric.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace pickmix::inline v0::detail {

/// softmax(logits) over the datasets that are not masked; exactly 0 for the others.
///
/// \shape logits, masked: one for each dataset, not all masked
inline std::vector<double> masked_softmax(std::span<const double> logits, const std::vector<bool>& masked) {
  std::vector<double> p(logits.begin(), logits.end());
  for (std::size_t d = 0; d < p.size(); ++d)
    if (masked[d]) p[d] = -std::numeric_limits<double>::infinity();
  softmax(p, p);
  return p;
}

/// The same, but for a probability too small for a double, which is no mask: it counts as the smallest there is.
inline std::vector<double> positive_softmax(std::span<const double> logits, const std::vector<bool>& masked) {
  std::vector<double> p = masked_softmax(logits, masked);
  for (std::size_t d = 0; d < p.size(); ++d)
    if (!masked[d]) p[d] = std::max(p[d], std::numeric_limits<double>::min());
  return p;
}

/// p ← least + (1 − M·least)·p over the M datasets that are not masked.
inline void raise_to_floor(std::vector<double>& p, const std::vector<bool>& masked, double least) {
  if (least == 0.0) return;
  const auto active = static_cast<double>(std::count(masked.begin(), masked.end(), false));
  for (std::size_t d = 0; d < p.size(); ++d)
    if (!masked[d]) p[d] = least + std::max(1.0 - active * least, 0.0) * p[d];
}

/// A share of the whole up to this counts as none: a share that was set to 0 is a probability of 1e-300.
inline constexpr double no_share = 1e-290;

/// The sum of shares.
///
/// \throws ValueError if an entry is negative or not finite, or all are 0; names `caller`
inline double sum_of_shares(std::span<const double> p, const char* caller) {
  double sum = 0.0;
  for (std::size_t d = 0; d < p.size(); ++d) {
    if (!(p[d] >= 0.0 && std::isfinite(p[d])))
      raise<ValueError>("{}: the share of dataset {} is {}; needs to be finite and at least 0", caller, d, p[d]);
    sum += p[d];
  }
  if (!(sum > 0.0 && std::isfinite(sum)))
    raise<ValueError>("{}: the shares add up to {}; needs to be above 0 and finite", caller, sum);
  return sum;
}

/// Logits whose softmax is p. A probability too small for a logarithm counts as 1e-300.
///
/// \throws ValueError as `sum_of_shares`
inline std::vector<double> logits_of(std::span<const double> p, const char* caller) {
  const double sum = sum_of_shares(p, caller);
  std::vector<double> logits;
  for (double share : p) logits.push_back(std::log(std::max(share / sum, 1e-300)));
  return logits;
}

/// log Σ exp(logits) over the datasets that are not masked.
///
/// \shape logits, masked: one for each dataset, not all masked
inline double log_sum(std::span<const double> logits, const std::vector<bool>& masked) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0.0;
  for (std::size_t d = 0; d < logits.size(); ++d)
    if (!masked[d]) top = std::max(top, logits[d]);
  for (std::size_t d = 0; d < logits.size(); ++d)
    if (!masked[d]) sum += std::exp(logits[d] - top);
  return top + std::log(sum);
}

/// The difference of two logits, which is finite as they are.
inline double logit_difference(double logit, double from) {
  using Limits = std::numeric_limits<double>;
  return std::clamp(logit - from, Limits::lowest(), Limits::max());
}

/// Logits whose softmax over the datasets that are not masked is p. A masked one keeps its logit relative to the log-sum of
/// the others, so that it comes back with the proportion to them that it had; its p is not looked at.
///
/// \shape before, masked: one for each dataset
/// \throws ShapeError unless p has one for each dataset; ValueError as `logits_of`; both name `caller`
inline std::vector<double> logits_beside(std::vector<double> p, std::span<const double> before,
                                         const std::vector<bool>& masked, const char* caller) {
  if (p.size() != before.size())
    raise<ShapeError>("{}: {} shares for {} datasets; needs one each", caller, p.size(), before.size());
  for (std::size_t d = 0; d < p.size(); ++d)
    if (masked[d]) p[d] = 0.0;
  std::vector<double> logits = logits_of(p, caller);
  const double whole = log_sum(before, masked);
  for (std::size_t d = 0; d < p.size(); ++d)
    if (masked[d]) logits[d] = logit_difference(before[d], whole);
  return logits;
}

/// Logits with one more dataset, which has `share` of all; the others, masked ones too, keep their proportions.
inline std::vector<double> logits_with(std::span<const double> before, const std::vector<bool>& masked, double share) {
  const double whole = log_sum(before, masked) - std::log1p(-share);
  std::vector<double> logits;
  for (double logit : before) logits.push_back(logit_difference(logit, whole));
  logits.push_back(std::log(share));
  return logits;
}

/// Shares of examples, where p are shares of tokens and an example of dataset d has tokens[d].
inline std::vector<double> shares_of_examples(std::span<const double> p, std::span<const double> tokens) {
  std::vector<double> q(p.begin(), p.end());
  double sum = 0.0;
  for (std::size_t d = 0; d < q.size() && !tokens.empty(); ++d) sum += q[d] /= tokens[d];
  if (!tokens.empty())
    for (double& share : q) share /= sum;
  return q;
}

}  // namespace pickmix::inline v0::detail
