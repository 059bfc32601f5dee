// SPDX-License-Identifier: MIT
// The header of a .npy file: what the numbers are, and where they start.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// What a .npy file says about its matrix.
struct NpyHeader {
  int bits = 0;  ///< of a number: 16, 32 or 64
  std::endian order = std::endian::little;
  bool fortran_order = false;  ///< column after column
  Index rows = 0, columns = 0;
  std::size_t data_at = 0;  ///< where the numbers start

  std::size_t item() const { return static_cast<std::size_t>(bits) / 8; }
};

/// Reads the header of `file`, and checks that the numbers fill the rest of it exactly.
///
/// The dictionary is read as the format writes it: three keys in any order, quoted with ' or ", and one literal each.
/// Python that means the same in other words (comments, 1_000, 0x10) is refused.
///
/// \complexity linear in the header, without copies of it
/// \cite numpy_format (NEP 1, versions 1.0 to 3.0)
class NpyHeaderReader {
 public:
  /// \param name of the file, for messages
  NpyHeaderReader(std::string_view file, std::string name) : file_(file), name_(std::move(name)) {}

  /// \throws FileError naming the file and what is wrong with it
  NpyHeader read() {
    open();
    dictionary();
    NpyHeader header = type();
    header.fortran_order = *fortran_order_;
    header.data_at = data_at_;
    shape(header);
    length(header);
    return header;
  }

 private:
  template <class... Values>
  [[noreturn]] void refuse(MessageText<sizeof...(Values)> reason, const Values&... values) const {
    raise<FileError>("NpyMatrix: '{}': {}", name_, message(reason, values...));
  }

  unsigned byte(std::size_t at) const { return static_cast<unsigned char>(file_[at]); }

  /// Magic (6) | version (2) | length of the dictionary (2, from version 2.0 on 4) | dictionary | numbers
  void open() {
    constexpr std::string_view magic = "\x93NUMPY";
    if (!file_.starts_with(magic)) refuse("this is not a .npy file: it does not start with \\x93NUMPY");
    if (file_.size() < 8) refuse("the file ends within its version");
    const unsigned version = byte(6), revision = byte(7);
    if (version < 1 || version > 3 || revision != 0)
      refuse("format version is {}.{}; this library reads 1.0, 2.0 and 3.0", version, revision);
    const std::size_t width = version == 1 ? 2 : 4, start = 8 + width;
    if (file_.size() < start) refuse("the file ends within the length of its header");
    std::size_t size = 0;
    for (std::size_t i = 0; i < width; ++i) size |= std::size_t{byte(8 + i)} << 8 * i;
    if (size > file_.size() - start)
      refuse("the header has {} bytes, and the file ends after {} of them", size, file_.size() - start);
    data_at_ = start + size;
    rest_ = file_.substr(start, size);
  }

  void space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size())); }

  bool accept(std::string_view token) {
    space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  void expect(std::string_view token) {
    if (!accept(token)) refuse("the header lacks '{}' at byte {}", token, data_at_ - rest_.size());
  }

  void dictionary() {
    expect("{");
    while (!accept("}")) {
      const std::string_view key = quoted();
      expect(":");
      if (key == "descr" && !descr_) {
        space();
        if (rest_.starts_with('['))
          refuse("its numbers are of a structured type; expected floats of 16, 32 or 64 bits");
        descr_ = quoted();
      } else if (key == "fortran_order" && !fortran_order_) {
        fortran_order_ = accept("True");
        if (!*fortran_order_ && !accept("False")) refuse("'fortran_order' is neither True nor False");
      } else if (key == "shape" && !shape_) {
        shape_ = tuple();
      } else {
        refuse("the header has the key '{}' twice, or it is unknown", shown(key));
      }
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    space();
    if (!rest_.empty()) refuse("the header goes on after its dictionary, at byte {}", data_at_ - rest_.size());
    if (!descr_ || !fortran_order_ || !shape_)
      refuse("the header lacks the key '{}'", !descr_ ? "descr" : !fortran_order_ ? "fortran_order" : "shape");
  }

  std::string_view quoted() {
    space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) refuse("the header lacks a quoted text at byte {}", data_at_ - rest_.size());
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::vector<Index> tuple() {
    expect("(");
    std::vector<Index> sizes;
    while (!accept(")")) {
      sizes.push_back(number());
      if (accept(",")) continue;
      expect(")");
      if (sizes.size() == 1) refuse("'shape' is a number in brackets; expected a tuple");
      break;
    }
    return sizes;
  }

  Index number() {
    if (accept("-")) refuse("'shape' has a negative entry");
    space();
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits == 0 || (digits > 1 && rest_.front() == '0'))
      refuse("'shape' lacks a number at byte {}", data_at_ - rest_.size());
    Index value = 0;
    for (char digit : rest_.substr(0, digits)) {
      if (value > (std::numeric_limits<Index>::max() - 9) / 10) refuse("'shape' has an entry that overflows");
      value = 10 * value + (digit - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  NpyHeader type() const {
    constexpr std::string_view known[] = {"f2", "f4", "f8"};
    const std::string_view text = *descr_;
    const auto found =
        std::find(std::begin(known), std::end(known), text.substr(std::min<std::size_t>(1, text.size())));
    if (found == std::end(known) || (text[0] != '<' && text[0] != '>'))
      refuse("its numbers are of type '{}'; expected floats of 16, 32 or 64 bits (<f2, <f4, <f8, or with >)",
             shown(text));
    NpyHeader header;
    header.bits = 16 << (found - std::begin(known));
    header.order = text[0] == '<' ? std::endian::little : std::endian::big;
    return header;
  }

  void shape(NpyHeader& header) const {
    if (shape_->size() != 1 && shape_->size() != 2)
      refuse("it is an array of {} dimensions; expected 1 or 2", shape_->size());
    header.rows = shape_->front();
    header.columns = shape_->size() == 2 ? shape_->back() : 1;
  }

  void length(const NpyHeader& header) const {
    const auto rows = static_cast<std::uint64_t>(header.rows), columns = static_cast<std::uint64_t>(header.columns);
    if (columns != 0 && rows > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / 8 / columns)
      refuse("shape ({}, {}) overflows", rows, columns);
    const std::uint64_t needed = rows * columns * header.item(), there = file_.size() - data_at_;
    if (needed > there)
      refuse("the file is truncated: shape ({}, {}) of {} bits needs {} bytes, and {} are there", rows, columns,
             header.bits, needed, there);
    if (needed < there)
      refuse("{} bytes are left over after shape ({}, {}) of {} bits", there - needed, rows, columns, header.bits);
  }

  /// Text of a file as it may stand in a message: short, and printable.
  static std::string shown(std::string_view text) {
    std::string out(text.substr(0, 20));
    for (char& c : out)
      if (c < ' ' || c > '~') c = '?';
    return text.size() > 20 ? out + "..." : out;
  }

  std::string_view file_, rest_;  // the file, and what is left of its header
  std::string name_;
  std::size_t data_at_ = 0;
  std::optional<std::string_view> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<Index>> shape_;
};

}  // namespace pickmix::inline v0::detail
