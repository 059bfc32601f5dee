// SPDX-License-Identifier: MIT
// Some examples that the trainer's callbacks know by their row.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <limits>
#include <string_view>

namespace pickmix::inline v0::delift {

/// Rows first … first + count − 1 of the dataset that is selected from. A target or known data is given by them where the
/// pool is given by callbacks: the trainer numbers its examples once, the pool first, for `Example::row` and
/// `Example::context` alike.
struct Rows {
  Index first = 0;
  Index count = 0;

  Index operator[](Index k) const { return first + k; }
  friend bool operator==(const Rows&, const Rows&) = default;
};

namespace detail {

/// \throws ValueError unless there is a row, none is negative, and all have a number
inline void check_rows(std::string_view caller, std::string_view name, Rows rows) {
  if (rows.count < 1) raise<ValueError>("{}: {} has {} rows; needs at least 1", caller, name, rows.count);
  if (rows.first < 0) raise<ValueError>("{}: {} begin at row {}; needs at least 0", caller, name, rows.first);
  if (rows.first > std::numeric_limits<Index>::max() - rows.count)
    raise<ValueError>("{}: {} are {} rows from row {}; the last one needs to have a number", caller, name, rows.count,
                      rows.first);
}

}  // namespace detail

}  // namespace pickmix::inline v0::delift
