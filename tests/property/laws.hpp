// SPDX-License-Identifier: MIT
// The laws of a set function, as checks for any objective, yours included: each returns what breaks the law, or "".
//
//     CHECK(laws::diminishing_returns(MyObjective(data)) == "");
#pragma once

#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/objective.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace laws {

using pickmix::Index;

/// The laws are tried along `chains` random orders of the ground set: ∅ ⊂ {a} ⊂ {a, b} ⊂ …
struct Trials {
  std::uint64_t seed = 1;
  int chains = 5;
};

inline std::vector<Index> shuffled(Index n, std::uint64_t seed, std::uint64_t chain) {
  pickmix::RandomStream random(seed, 0x6C617773, chain);
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  for (Index i = n - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random.below(i + 1))]);
  return order;
}

/// Walks every chain from the empty set; calls `at_set(f, set, rest)` at each of its sets, until one says something.
template <pickmix::SubmodularObjective F, class AtSet>
std::string along_chains(F& f, const Trials& trials, AtSet&& at_set) {
  for (int chain = 0; chain < trials.chains; ++chain) {
    const auto order = shuffled(f.size(), trials.seed, static_cast<std::uint64_t>(chain));
    f.reset();
    for (std::size_t k = 0;; ++k) {
      const std::span<const Index> all(order);
      if (const std::string problem = at_set(f, all.first(k), all.subspan(k)); !problem.empty()) return problem;
      if (k == order.size()) break;
      f.add(order[k]);
    }
  }
  return "";
}

/// gain(j) = f(A + j) − f(A), within `tolerance` · max(1, |f(A + j)|), where `definition(set)` says what f is.
template <pickmix::SubmodularObjective F, class Definition>
std::string gains_match(F f, const Definition& definition, double tolerance, const Trials& trials = {}) {
  return along_chains(f, trials, [&](const F& at, std::span<const Index> set, std::span<const Index> rest) {
    std::vector<Index> larger(set.begin(), set.end());
    for (Index j : rest) {
      larger.push_back(j);
      const double after = definition(larger), expected = after - definition(set), gain = at.gain(j);
      if (!(std::abs(gain - expected) <= tolerance * std::fmax(1.0, std::abs(after))))
        return fmt::format("with [{}] in the set, gain({}) is {}; expected {}", fmt::join(set, ", "), j, gain,
                           expected);
      larger.pop_back();
    }
    return std::string();
  });
}

/// No gain is negative.
template <pickmix::SubmodularObjective F>
std::string monotone(F f, const Trials& trials = {}) {
  return along_chains(f, trials, [](const F& at, std::span<const Index> set, std::span<const Index> rest) {
    for (Index j : rest)
      if (const double gain = at.gain(j); !(gain >= 0.0))
        return fmt::format("with [{}] in the set, gain({}) is {}", fmt::join(set, ", "), j, gain);
    return std::string();
  });
}

/// No gain rises when the set grows, not by a bit: this is what lazy greedy relies on.
template <pickmix::SubmodularObjective F>
std::string diminishing_returns(F f, const Trials& trials = {}) {
  std::vector<double> before(static_cast<std::size_t>(f.size()));
  return along_chains(f, trials, [&](const F& at, std::span<const Index> set, std::span<const Index> rest) {
    for (Index j : rest) {
      const double gain = at.gain(j);
      auto& last = before[static_cast<std::size_t>(j)];
      if (!set.empty() && !(gain <= last))
        return fmt::format("with [{}] in the set, gain({}) is {}; it was {} without {}", fmt::join(set, ", "), j, gain,
                           last, set.back());
      last = gain;
    }
    return std::string();
  });
}

/// After `reset()` all gains are again what they were at first, to the last bit.
template <pickmix::SubmodularObjective F>
std::string reset_empties(F f, const Trials& trials = {}) {
  const F fresh = f;
  return along_chains(f, trials, [&](const F& at, std::span<const Index> set, std::span<const Index>) {
    F copy = at;
    copy.reset();
    for (Index j = 0; j < copy.size(); ++j)
      if (const double gain = copy.gain(j), first = fresh.gain(j); gain != first)
        return fmt::format("after a reset from [{}], gain({}) is {}; it was {} at first", fmt::join(set, ", "), j, gain,
                           first);
    return std::string();
  });
}

}  // namespace laws
