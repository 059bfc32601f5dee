// SPDX-License-Identifier: MIT
// What can be maximised: a set function seen through its marginal gains.
#pragma once

#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>

#include <concepts>
#include <span>

namespace pickmix::inline v0 {

/// A set function f over the ground set {0, …, size() - 1} together with a current set A, empty at first:
/// `gain(j)` is f(A + j) − f(A), `add(j)` makes A = A + j, `reset()` makes A empty again.
///
/// Maximisers call `gain` from several threads at the same time, for different items, unless the objective computes many gains
/// at once (BatchedObjective).
template <class F>
concept SubmodularObjective = requires(F& f, const F& constant, Index j) {
  { constant.size() } -> std::convertible_to<Index>;
  { constant.gain(j) } -> std::convertible_to<double>;
  f.add(j);
  f.reset();
};

/// An objective that computes many gains cheaper at once: `gains(executor, items, out)` writes out[k] = gain(items[k]),
/// to the last bit; `batch()` is how many items lazy greedy should look at together.
template <class F>
concept BatchedObjective = SubmodularObjective<F> &&
    requires(const F& f, Cpu executor, std::span<const Index> items, std::span<double> out) {
  f.gains(executor, items, out);
  { f.batch() } -> std::convertible_to<Index>;
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

/// Whether the promise holds for this object's data. An objective whose data can break it (a graph cut over negative
/// similarities) says so by a member `bool diminishing_returns_hold() const`; others keep what they promise.
template <SubmodularObjective F>
bool diminishing_returns_hold(const F& f) {
  if constexpr (requires { f.diminishing_returns_hold(); })
    return f.diminishing_returns_hold();
  else
    return has_diminishing_returns<F>;
}

/// Whether no item lowers the objective, whatever is held: promised by `static constexpr bool monotone = true`, or told for
/// this object's data by a member `bool monotone_holds() const`. Only then do the gains that are left bound the optimum;
/// without it the certificate rests on the gains at the start alone.
template <SubmodularObjective F>
bool monotone_holds(const F& f) {
  if constexpr (requires { f.monotone_holds(); })
    return f.monotone_holds();
  else if constexpr (requires { F::monotone; })
    return bool{F::monotone};
  else
    return false;
}

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
