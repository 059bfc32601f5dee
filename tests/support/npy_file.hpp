// SPDX-License-Identifier: MIT
// .npy files put together byte by byte, also such as no program would write.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace support {

/// Appends an unsigned number, the lowest byte first or last.
template <std::unsigned_integral Bits>
void append(std::string& out, Bits bits, bool big = false) {
  for (std::size_t i = 0; i < sizeof(Bits); ++i)
    out.push_back(static_cast<char>(bits >> 8 * (big ? sizeof(Bits) - 1 - i : i) & 0xFF));
}

/// The bits of numbers (halves come as bits).
template <class T>
std::string numbers(const std::vector<T>& values, bool big = false) {
  std::string out;
  for (T value : values) {
    if constexpr (std::is_same_v<T, std::uint16_t>)
      append(out, value, big);
    else if constexpr (std::is_same_v<T, float>)
      append(out, std::bit_cast<std::uint32_t>(value), big);
    else
      append(out, std::bit_cast<std::uint64_t>(value), big);
  }
  return out;
}

/// A file of format `version`.0 with this header, padded as the format asks, and these bytes behind.
inline std::string npy(std::string header, std::string_view data, int version = 1) {
  const std::size_t width = version == 1 ? 2 : 4;
  while ((8 + width + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string out("\x93NUMPY", 6);
  out += static_cast<char>(version);
  out += '\0';
  if (version == 1)
    append(out, static_cast<std::uint16_t>(header.size()));
  else
    append(out, static_cast<std::uint32_t>(header.size()));
  return out.append(header).append(data);
}

/// The header that NumPy writes.
inline std::string npy_header(std::string_view type, std::string_view shape, bool fortran_order = false) {
  return "{'descr': '" + std::string(type) + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
         ", 'shape': " + std::string(shape) + ", }";
}

}  // namespace support
