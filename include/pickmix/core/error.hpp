// SPDX-License-Identifier: MIT
// Everything the library throws, and the one place it throws from.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace pickmix::inline v0 {

/// Root of all errors of this library. A message names the argument, its value and the rule it breaks:
/// `delift::select: pool(17, 5) is nan; every entry must be finite`.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes that do not fit together: an empty pool, row lengths that differ.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A value outside its range: a NaN, a fraction above one, a callback that is needed and absent.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// More memory than allowed would be needed; says how much, and the way out.
class CapacityError : public Error {
 public:
  using Error::Error;
};

/// A checkpoint that is truncated, damaged, of another kind or of a version from the future; names the field.
class CheckpointError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read or written, is damaged, or is not what its name promises; names it.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A device or an instruction set that was asked for and is not there.
class BackendError : public Error {
 public:
  using Error::Error;
};

/// A callback that broke its contract: wrote a NaN, or wrote nothing. What a callback itself throws is not wrapped.
class CallbackError : public Error {
 public:
  using Error::Error;
};

/// Throws `E` with a formatted message. Every error of the library passes through here.
template <class E, class... Args>
[[noreturn]] void raise(fmt::format_string<const Args&...> format, const Args&... args) {
  throw E(fmt::format(format, args...));
}

}  // namespace pickmix::inline v0
