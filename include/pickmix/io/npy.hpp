// SPDX-License-Identifier: MIT
// Matrices in NumPy's .npy files.
#pragma once

#include <pickmix/backend/large_array.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/io/file_bytes.hpp>
#include <pickmix/io/half.hpp>
#include <pickmix/io/new_file.hpp>
#include <pickmix/io/npy_header.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

namespace pickmix::inline v0 {

namespace detail {

/// From one byte order to the other.
template <std::unsigned_integral Bits>
constexpr Bits reversed(Bits bits) {
  Bits out = 0;
  for (std::size_t byte = 0; byte < sizeof(Bits); ++byte)
    out = static_cast<Bits>(out | (bits >> 8 * byte & 0xFF) << 8 * (sizeof(Bits) - 1 - byte));
  return out;
}

/// The next float to a number's bits. Only 64 bits can round to an infinity: `overflows` says so.
inline float to_float(std::uint16_t bits) { return half_to_float(bits); }
inline float to_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline float to_float(std::uint64_t bits) { return static_cast<float>(std::bit_cast<double>(bits)); }

/// Would a finite number round to an infinity, in a format whose rounding ends at `limit`?
template <std::floating_point T>
bool overflows(T value, T limit) {
  return std::abs(value) >= limit && std::abs(value) <= std::numeric_limits<T>::max();
}
inline constexpr double float_limit = 0x1.ffffffp127;  // half a step above the largest float
inline constexpr float half_limit = 65520.0f;          // and above the largest half, 65504

/// Writes the numbers at `data` to `out`, row after row.
///
/// \shape out: rows·columns entries
/// \complexity rows·columns; a matrix that lies column after column is read in blocks that fit the cache
template <std::unsigned_integral Bits, bool reverse>
void convert(const NpyHeader& header, const char* data, float* out, const std::string& name) {
  const auto rows = static_cast<std::size_t>(header.rows), columns = static_cast<std::size_t>(header.columns);
  const auto put = [&](std::size_t row, std::size_t column, std::size_t from) {
    Bits bits;
    std::memcpy(&bits, data + from * sizeof(Bits), sizeof(Bits));
    if constexpr (reverse) bits = reversed(bits);
    if constexpr (std::is_same_v<Bits, std::uint64_t>)
      if (const auto value = std::bit_cast<double>(bits); overflows(value, float_limit))
        raise<ValueError>("NpyMatrix: '{}': entry ({}, {}) is {}; beyond the largest number of 32 bits, {}", name, row,
                          column, value, std::numeric_limits<float>::max());
    out[row * columns + column] = to_float(bits);
  };
  if (!header.fortran_order) {
    for (std::size_t row = 0; row < rows && columns != 0; ++row)
      for (std::size_t column = 0; column < columns; ++column) put(row, column, row * columns + column);
    return;
  }
  constexpr std::size_t block = 64;
  for (std::size_t top = 0; top < rows && columns != 0; top += block)
    for (std::size_t left = 0; left < columns; left += block)
      for (std::size_t column = left; column < std::min(left + block, columns); ++column)
        for (std::size_t row = top; row < std::min(top + block, rows); ++row) put(row, column, column * rows + row);
}

template <std::unsigned_integral Bits>
void convert(const NpyHeader& header, const char* data, float* out, const std::string& name) {
  header.order == std::endian::native ? convert<Bits, false>(header, data, out, name)
                                      : convert<Bits, true>(header, data, out, name);
}

}  // namespace detail

/// A matrix in a .npy file, opened for reading: floats of 16, 32 or 64 bits, of either byte order, row after row or
/// column after column. An array of one dimension is a matrix of one column.
///
/// Floats of 32 bits that lie row after row, in this machine's byte order, are not read but mapped: opening takes no
/// memory, and rows come from the disk as they are touched. Anything else is converted once, into memory of its own:
/// 16 bits exactly, 64 bits by rounding. Copies share the memory.
///
///     const NpyMatrix pool("pool.npy");
///     delift::select(pool.view(), delift::InstructionTuning{}, Fraction{0.1});
///
/// \complexity mapped: the header; else rows·columns operations, and 4·rows·columns bytes
/// \throws     FileError naming the file and what is wrong: it cannot be read, it is no .npy file or of a version from
///             the future, its header is damaged, its numbers are of another type, it has neither one nor two
///             dimensions, it is longer or shorter than its shape. ValueError if a number of 64 bits is too large for 32.
///             CapacityError naming the file if there is no memory to convert it into
/// \cite       numpy_format (NEP 1, versions 1.0 to 3.0)
class NpyMatrix {
 public:
  explicit NpyMatrix(const std::filesystem::path& path) : NpyMatrix(detail::map_file(path, "NpyMatrix"), path) {}

  // Copying is as cheap as moving, and leaves no matrix without its memory.
  NpyMatrix(const NpyMatrix&) = default;
  NpyMatrix& operator=(const NpyMatrix&) = default;

  Index rows() const { return view_.rows(); }
  Index columns() const { return view_.columns(); }

  /// Valid as long as this matrix or a copy of it is. A mapped file must keep its length as long: to replace it, write
  /// another and rename it, as `write_npy` does.
  MatrixView<const float> view() const { return view_; }

  /// Are the numbers where the file is, not in memory of their own?
  bool mapped() const { return mapped_; }

 private:
  NpyMatrix(const detail::FileBytes& file, const std::filesystem::path& path) {
    const std::string name = path.string();
    const auto header = detail::NpyHeaderReader(file.view(), name).read();
    const char* const data = file.data.get() + header.data_at;
    const bool by_rows = !header.fortran_order || header.rows <= 1 || header.columns <= 1;
    if (by_rows && header.bits == 32 && header.order == std::endian::native && header.data_at % alignof(float) == 0) {
      memory_ = file.data;
      mapped_ = file.mapped;
      view_ = {reinterpret_cast<const float*>(data), header.rows, header.columns};
      return;
    }
    const auto entries = allocate(header, name);
    const auto convert = header.bits == 16   ? detail::convert<std::uint16_t>
                         : header.bits == 32 ? detail::convert<std::uint32_t>
                                             : detail::convert<std::uint64_t>;
    convert(header, data, entries.get(), name);
    memory_ = entries;
    view_ = {entries.get(), header.rows, header.columns};
  }

  static std::shared_ptr<float[]> allocate(const detail::NpyHeader& header, const std::string& name) {
    const Index count = header.rows * header.columns;  // cannot overflow: the file has as many
    try {
      return backend::large_array<float>(static_cast<std::size_t>(std::max<Index>(count, 1)));
    } catch (const std::bad_alloc&) {
      raise<CapacityError>(
          "NpyMatrix: '{}': {} x {} floats of {} bits are converted, which takes {} that could not be had; save "
          "it as row-major float32 and it is mapped",
          name, header.rows, header.columns, header.bits, detail::bytes_text(4.0 * static_cast<double>(count)));
    }
  }

  std::shared_ptr<const void> memory_;
  MatrixView<const float> view_;
  bool mapped_ = false;
};

/// How `write_npy` stores a number.
enum class NpyFormat {
  float16,  ///< rounded to the nearest, ties to even
  float32,
  float64,
};

/// Writes a matrix as a .npy file of version 1.0: little-endian, row after row, from a multiple of 64 bytes on.
///
/// The file appears under its name only when it is whole, and then replaces what was there; a failure leaves the old
/// one. A matrix may be written over the file it is mapped from.
///
/// \complexity rows·columns; memory: one row
/// \throws     FileError naming the file if it cannot be written; ValueError if a finite entry is too large for `format`
/// \cite       numpy_format (NEP 1)
inline void write_npy(const std::filesystem::path& path, MatrixView<const float> matrix,
                      NpyFormat format = NpyFormat::float32) {
  const std::size_t item = format == NpyFormat::float16 ? 2 : format == NpyFormat::float32 ? 4 : 8;
  std::string header = fmt::format("{{'descr': '<f{}', 'fortran_order': False, 'shape': ({}, {}), }}", item,
                                   matrix.rows(), matrix.columns());
  constexpr std::size_t before = 10, alignment = 64;
  header.append(alignment - 1 - (before + header.size()) % alignment, ' ').push_back('\n');
  const auto low = static_cast<char>(header.size() & 0xFF), high = static_cast<char>(header.size() >> 8);

  detail::NewFile file(path, "write_npy");
  file.write(std::string("\x93NUMPY\x01\0", 8) + low + high + header);
  std::string bytes;
  const auto put = [&bytes]<std::unsigned_integral Bits>(Bits bits) {
    for (std::size_t byte = 0; byte < sizeof(Bits); ++byte) bytes.push_back(static_cast<char>(bits >> 8 * byte & 0xFF));
  };
  for (Index row = 0; row < matrix.rows() && matrix.columns() != 0; ++row) {
    bytes.clear();
    for (Index column = 0; column < matrix.columns(); ++column) {
      const float entry = matrix(row, column);
      if (format == NpyFormat::float16 && detail::overflows(entry, detail::half_limit))
        raise<ValueError>("write_npy: '{}': entry ({}, {}) is {}; beyond the largest number of 16 bits, 65504",
                          path.string(), row, column, entry);
      if (format == NpyFormat::float16)
        put(detail::float_to_half(entry));
      else if (format == NpyFormat::float32)
        put(std::bit_cast<std::uint32_t>(entry));
      else
        put(std::bit_cast<std::uint64_t>(static_cast<double>(entry)));
    }
    file.write(bytes);
  }
  file.finish();
}

}  // namespace pickmix::inline v0
