// SPDX-License-Identifier: MIT
// Objectives of the tests' own.
#pragma once

#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace objectives {

using pickmix::Index;

/// f(A) = how many of 24 topics the items in A have: whole numbers, so most gains are tied.
class Coverage {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  explicit Coverage(std::vector<std::uint32_t> topics) : topics_(std::move(topics)) {}

  static Coverage random(std::uint64_t seed, Index items) {
    pickmix::RandomStream random(seed, 5);
    std::vector<std::uint32_t> topics;
    for (Index j = 0; j < items; ++j)
      topics.push_back(static_cast<std::uint32_t>(random.bits() & random.bits() & random.bits()) & 0xFFFFFF);
    return Coverage(std::move(topics));
  }

  Index size() const { return static_cast<Index>(topics_.size()); }
  double gain(Index j) const { return count(topics_[static_cast<std::size_t>(j)] & ~covered_); }
  void add(Index j) { covered_ |= topics_[static_cast<std::size_t>(j)]; }
  void reset() { covered_ = 0; }

  double definition(std::span<const Index> set) const {
    std::uint32_t covered = 0;
    for (Index j : set) covered |= topics_[static_cast<std::size_t>(j)];
    return count(covered);
  }

 private:
  static double count(std::uint32_t topics) {
    int bits = 0;
    for (; topics != 0; topics &= topics - 1) ++bits;
    return bits;
  }

  std::vector<std::uint32_t> topics_;
  std::uint32_t covered_ = 0;
};

/// f(A) = Σ_{j∈A} weight_j, weights of any sign.
template <bool promises>
struct Modular {
  static constexpr bool diminishing_returns = promises;

  std::vector<double> weights;

  Index size() const { return static_cast<Index>(weights.size()); }
  double gain(Index j) const { return weights[static_cast<std::size_t>(j)]; }
  void add(Index) {}
  void reset() {}
};

/// Another objective, with its gains counted.
template <class F>
class Counted {
 public:
  static constexpr bool diminishing_returns = true;

  explicit Counted(F f) : f_(std::move(f)) {}

  Index size() const { return f_.size(); }
  double gain(Index j) const {
    ++*calls_;
    return f_.gain(j);
  }
  void add(Index j) { f_.add(j); }
  void reset() { f_.reset(); }
  bool monotone_holds() const { return pickmix::monotone_holds(f_); }

  Index calls() const { return *calls_; }

 private:
  F f_;
  std::shared_ptr<std::atomic<Index>> calls_ = std::make_shared<std::atomic<Index>>(0);
};

}  // namespace objectives
