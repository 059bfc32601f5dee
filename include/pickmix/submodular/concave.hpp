// SPDX-License-Identifier: MIT
// Concave functions of a growing amount: the more there is, the less the next bit adds.
#pragma once

#include <pickmix/core/types.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

namespace pickmix::inline v0 {

/// A concave, rising function g of x ≥ 0 with g(0) = 0.
enum class Concave {
  square_root,  ///< g(x) = √x
  logarithm,    ///< g(x) = log(1 + x)
  inverse       ///< g(x) = x / (1 + x), that is 1 − 1/(1 + x)
};

/// g(x) of x ≥ 0.
inline double value_of(Concave g, double x) {
  switch (g) {
    case Concave::square_root:
      return std::sqrt(x);
    case Concave::logarithm:
      return std::log1p(x);
    case Concave::inverse:
      break;
  }
  return x / (1.0 + x);
}

namespace detail {

/// `y` ≥ 0 with 40 bits of its significand kept, rounded to nearest. Equal or larger numbers stay equal or larger.
inline double rounded_to_40_bits(double y) {
  constexpr std::uint64_t half = std::uint64_t{1} << 12;
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(y) + half) & ~(2 * half - 1));
}

}  // namespace detail

/// g(x + step) − g(x), of finite x ≥ 0 and step ≥ 0, the step no larger than a float can be.
///
/// It is written without the difference, so that small rises of large values keep their digits and so that the rise
/// never grows with x, not by a bit: every operation is monotone and rounding keeps it so. A mathematical library need
/// not round `log1p` that carefully. Its argument therefore has 40 bits only: the logarithms of neighbours then differ
/// by at least 2⁻⁴⁷ of their size, which no library mistakes, and the rise is exact to 2⁻⁴⁰ of its size.
template <Concave g>
double rise(double x, double step) {
  if constexpr (g == Concave::square_root)
    return step > 0.0 ? step / (std::sqrt(x + step) + std::sqrt(x)) : 0.0;
  else if constexpr (g == Concave::logarithm)
    return std::log1p(detail::rounded_to_40_bits(step / (1.0 + x)));
  else
    return step / ((1.0 + x) * (1.0 + (x + step)));
}

/// work.operator()<g>() for a g that is known only when the program runs.
template <class Work>
auto with_concave(Concave g, Work&& work) {
  switch (g) {
    case Concave::square_root:
      return work.template operator()<Concave::square_root>();
    case Concave::logarithm:
      return work.template operator()<Concave::logarithm>();
    case Concave::inverse:
      break;
  }
  return work.template operator()<Concave::inverse>();
}

}  // namespace pickmix::inline v0
