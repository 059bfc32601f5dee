// SPDX-License-Identifier: MIT
// Are the counts of equally likely outcomes as equal as chance makes them?
#pragma once

#include <cmath>
#include <vector>

namespace support {

/// How likely counts at least this uneven are if all outcomes are equally likely (Wilson and Hilferty 1931: the cube
/// root of chi-square is nearly normal). Chance gives any value in (0, 1); a fault gives one next to 0.
inline double chi_square_p_value(const std::vector<double>& counts) {
  double total = 0.0;
  for (double count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  double chi_square = 0.0;
  for (double count : counts) chi_square += (count - expected) * (count - expected) / expected;

  const double freedom = static_cast<double>(counts.size()) - 1.0;
  const double spread = 2.0 / (9.0 * freedom);
  const double z = (std::cbrt(chi_square / freedom) - (1.0 - spread)) / std::sqrt(spread);
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

}  // namespace support
