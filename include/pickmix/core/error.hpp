// SPDX-License-Identifier: MIT
// Everything the library throws, and the one place it throws from.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

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

namespace detail {

/// The text of a message, with a field `{}` for each of `values` values: where there are more or fewer it does not compile.
template <std::size_t values>
class MessageText {
 public:
  consteval MessageText(const char* text) : text_(text) {
    std::size_t fields = 0;
    for (std::size_t k = 0; k < text_.size(); ++k) {
      if (text_[k] != '{') continue;
      if (text_.substr(k).starts_with("{{"))
        ++k;  // a brace
      else
        ++fields;
    }
    if (fields != values) throw "the text needs a field for each value";
  }
  operator std::string_view() const { return text_; }

 private:
  std::string_view text_;
};

/// A value of a message whatever its type is. Formatting each list of types by itself takes a tenth of the time in which this
/// library is compiled.
using MessageValue = fmt::basic_format_arg<fmt::format_context>;

template <class T>
MessageValue message_value(const T& value) {
  const auto stored = fmt::make_format_args(value);
  return fmt::format_args(stored).get(0);
}

inline std::string message_of(std::string_view text, std::initializer_list<MessageValue> values) {
  return fmt::vformat(fmt::string_view(text.data(), text.size()),
                      fmt::format_args(values.begin(), static_cast<int>(values.size())));
}

template <class... Values>
std::string message(MessageText<sizeof...(Values)> text, const Values&... values) {
  return message_of(text, {message_value(values)...});
}

/// An amount of memory as a message says it.
inline std::string bytes_text(double bytes) {
  if (bytes < 0x1p20) return message("{:.0f} bytes", bytes);
  return bytes < 0x1p30 ? message("{:.1f} MiB", bytes * 0x1p-20) : message("{:.1f} GiB", bytes * 0x1p-30);
}

}  // namespace detail

/// Throws `E` with a formatted message. Every error of the library passes through here.
template <class E, class... Values>
[[noreturn]] void raise(detail::MessageText<sizeof...(Values)> text, const Values&... values) {
  throw E(detail::message(text, values...));
}

}  // namespace pickmix::inline v0
