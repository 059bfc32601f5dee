// SPDX-License-Identifier: MIT
// What can be maximised: a set function seen through its marginal gains.
#pragma once

#include <pickmix/core/types.hpp>

#include <concepts>
#include <span>

namespace pickmix::inline v0 {

/// A set function f over the ground set {0, …, size() - 1} together with a current set A, empty at first:
/// `gain(j)` is f(A + j) − f(A), `add(j)` makes A = A + j, `reset()` makes A empty again.
///
/// `gain` may be called from several threads at the same time, as may every const member of every class here.
template <class F>
concept SubmodularObjective = requires(F& f, const F& constant, Index j) {
  { constant.size() } -> std::convertible_to<Index>;
  { constant.gain(j) } -> std::convertible_to<double>;
  f.add(j);
  f.reset();
};

/// True if F promises, by `static constexpr bool diminishing_returns = true`, that a gain never rises when A grows.
/// Lazy greedy and the certificate rely on it.
template <class F>
inline constexpr bool has_diminishing_returns = [] {
  if constexpr (requires { F::diminishing_returns; })
    return bool{F::diminishing_returns};
  else
    return false;
}();

/// f(set) − f(∅), the sum of the gains along `set`. Leaves `f` empty.
template <SubmodularObjective F>
double evaluate(F& f, std::span<const Index> set) {
  f.reset();
  double value = 0.0;
  for (Index j : set) {
    value += f.gain(j);
    f.add(j);
  }
  f.reset();
  return value;
}

}  // namespace pickmix::inline v0
