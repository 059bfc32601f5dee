// SPDX-License-Identifier: MIT
// The checkpoint container: named fields, a version, a checksum.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pickmix::inline v0 {

/// CRC-64/XZ of `bytes`: it finds every error burst of up to 64 bits, and any other damage but one in 2^64.
constexpr std::uint64_t crc64(std::string_view bytes) {
  constexpr auto table = [] {
    std::array<std::uint64_t, 256> entries{};
    for (std::uint64_t i = 0; i < 256; ++i) {
      entries[i] = i;
      for (int bit = 0; bit < 8; ++bit) entries[i] = entries[i] >> 1 ^ (entries[i] & 1 ? 0xC96C5795D7870F42 : 0);
    }
    return entries;
  }();
  std::uint64_t crc = ~std::uint64_t{0};
  for (char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ crc >> 8;
  return ~crc;
}

namespace detail {

// Layout: magic (8) | container version u32 | body length u64 | body | CRC-64 of everything before it.
// Body:   kind of object, its version u32, then fields: name | type | count u64 | values. Strings: length u32 | bytes.
inline constexpr std::string_view archive_magic{"pickmix\x1a", 8};
inline constexpr std::uint32_t archive_version = 1;
inline constexpr std::size_t archive_header = 8 + 4 + 8;

/// What an archive stores: 64-bit integers, floating-point numbers of double precision, text.
template <class T>
concept Archivable = std::same_as<T, Index> || std::same_as<T, double> || std::same_as<T, std::uint64_t>;

template <class T>
constexpr char type_code = std::same_as<T, Index>    ? 'i'
                           : std::same_as<T, double> ? 'f'
                                                     : 'u';

template <std::unsigned_integral U>
void put(std::string& out, U value) {
  for (std::size_t byte = 0; byte < sizeof(U); ++byte) out.push_back(static_cast<char>(value >> 8 * byte & 0xFF));
}

template <std::unsigned_integral U>
U get(std::string_view bytes) {
  U value = 0;
  for (std::size_t byte = 0; byte < sizeof(U); ++byte)
    value = static_cast<U>(value | static_cast<U>(static_cast<unsigned char>(bytes[byte])) << 8 * byte);
  return value;
}

}  // namespace detail

/// Collects an object's fields and writes them to a stream in one piece.
///
/// The bytes are the same on every platform (little-endian). A write that fails throws; what came before it in the
/// stream is untouched.
class ArchiveWriter {
 public:
  /// \param kind what is stored, for example "mos.state"; a reader asks for it by this name
  /// \param version of the kind's own set of fields
  ArchiveWriter(std::string_view kind, std::uint32_t version) {
    text(kind);
    detail::put(body_, version);
  }

  template <detail::Archivable T>
  void write(std::string_view name, std::span<const T> values) {
    text(name);
    body_.push_back(detail::type_code<T>);
    detail::put(body_, static_cast<std::uint64_t>(values.size()));
    for (T value : values) detail::put(body_, std::bit_cast<std::uint64_t>(value));
  }
  template <detail::Archivable T>
  void write(std::string_view name, const std::vector<T>& values) {
    write(name, std::span<const T>(values));
  }
  template <detail::Archivable T>
  void write(std::string_view name, T value) {
    write(name, std::span<const T>(&value, 1));
  }
  void write(std::string_view name, std::string_view value) {
    text(name);
    body_.push_back('s');
    text(value);
  }

  /// \throws CheckpointError if the stream does not take all bytes
  void finish(std::ostream& out) const {
    std::string file{detail::archive_magic};
    detail::put(file, detail::archive_version);
    detail::put(file, static_cast<std::uint64_t>(body_.size()));
    file += body_;
    detail::put(file, crc64(file));
    try {
      if (out.write(file.data(), static_cast<std::streamsize>(file.size())).flush()) return;
    } catch (const std::ios_base::failure&) {  // a stream told to throw says the same in its own way
    }
    raise<CheckpointError>("checkpoint: the stream did not take all {} bytes", file.size());
  }

 private:
  void text(std::string_view value) {
    detail::put(body_, static_cast<std::uint32_t>(value.size()));
    body_ += value;
  }

  std::string body_;
};

/// Reads what an `ArchiveWriter` wrote: the whole container is checked before the first field is handed out.
///
/// Fields are read by name, in the order they were written. The stream is left just behind the container, so a
/// checkpoint can be one part of a larger file. Every `throws` below is a CheckpointError that names the field.
class ArchiveReader {
 public:
  /// \throws CheckpointError if the stream has failed or ends early, if it is not a checkpoint, not of `kind`, of a version
  ///         later than `newest`, or if the checksum does not match
  ArchiveReader(std::istream& in, std::string_view kind, std::uint32_t newest) {
    if (!in) raise<CheckpointError>("checkpoint: the stream cannot be read; was its file there, and opened?");
    std::string file = take(in, detail::archive_header, "header");
    if (!file.starts_with(detail::archive_magic))
      raise<CheckpointError>("checkpoint: this is not a pickmix checkpoint");
    const auto container = detail::get<std::uint32_t>(std::string_view(file).substr(8));
    if (container != detail::archive_version)
      raise<CheckpointError>("checkpoint: container version is {}; this library reads version {}", container,
                             detail::archive_version);
    const auto length = detail::get<std::uint64_t>(std::string_view(file).substr(12));
    file += take(in, length, "body");
    const auto expected = detail::get<std::uint64_t>(take(in, 8, "checksum"));
    if (crc64(file) != expected) raise<CheckpointError>("checkpoint: checksum does not match; the file is damaged");

    body_ = file.substr(detail::archive_header);
    if (const auto found = text("kind"); found != kind)
      raise<CheckpointError>("checkpoint: holds a '{}'; expected a '{}'", found, kind);
    version_ = detail::get<std::uint32_t>(next(4, "version"));
    if (version_ > newest)
      raise<CheckpointError>("checkpoint: {} version is {}; this library reads up to version {}", kind, version_,
                             newest);
  }

  std::uint32_t version() const { return version_; }

  /// All values of field `name`.
  template <detail::Archivable T>
  std::vector<T> read_all(std::string_view name) {
    open(name, detail::type_code<T>);
    const auto count = detail::get<std::uint64_t>(next(8, name));
    if (count > (body_.size() - at_) / 8)
      raise<CheckpointError>("checkpoint: field '{}' is longer than the file", name);
    std::vector<T> values(static_cast<std::size_t>(count));
    for (T& value : values) value = std::bit_cast<T>(detail::get<std::uint64_t>(next(8, name)));
    return values;
  }

  /// Field `name`, which has exactly one value.
  template <detail::Archivable T>
  T read(std::string_view name) {
    const auto values = read_all<T>(name);
    if (values.size() != 1)
      raise<CheckpointError>("checkpoint: field '{}' has {} values; expected 1", name, values.size());
    return values.front();
  }

  std::string read_text(std::string_view name) {
    open(name, 's');
    return std::string(text(name));
  }

  /// \throws CheckpointError if fields are left over
  void finish() const {
    if (at_ != body_.size())
      raise<CheckpointError>("checkpoint: {} bytes are left over after the last field", body_.size() - at_);
  }

 private:
  /// Reads in pieces, so that a damaged length meets the end of the stream and not the end of memory.
  static std::string take(std::istream& in, std::uint64_t length, std::string_view part) {
    std::string bytes;
    while (bytes.size() < length) {
      const auto had = bytes.size();
      const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(length - had, 1 << 20));
      bytes.resize(had + piece);
      try {
        in.read(bytes.data() + had, static_cast<std::streamsize>(piece));
      } catch (const std::ios_base::failure&) {  // a stream told to throw; the count below says the same
      }
      if (static_cast<std::size_t>(in.gcount()) != piece)
        raise<CheckpointError>("checkpoint: the {} ends after {} of {} bytes; the file is truncated", part,
                               had + static_cast<std::size_t>(in.gcount()), length);
    }
    return bytes;
  }

  std::string_view next(std::size_t length, std::string_view field) {
    if (length > body_.size() - at_) raise<CheckpointError>("checkpoint: the file ends within field '{}'", field);
    at_ += length;
    return std::string_view(body_).substr(at_ - length, length);
  }

  std::string_view text(std::string_view field) { return next(detail::get<std::uint32_t>(next(4, field)), field); }

  void open(std::string_view name, char type) {
    const auto found = text(name);
    if (found != name) raise<CheckpointError>("checkpoint: expected field '{}', found '{}'", name, found);
    if (next(1, name)[0] != type) raise<CheckpointError>("checkpoint: field '{}' is of another type", name);
  }

  std::string body_;
  std::size_t at_ = 0;
  std::uint32_t version_ = 0;
};

}  // namespace pickmix::inline v0
