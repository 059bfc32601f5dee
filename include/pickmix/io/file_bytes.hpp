// SPDX-License-Identifier: MIT
// A file's bytes: mapped into memory where the platform can, read where it cannot.
#pragma once

#include <pickmix/core/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <sys/stat.h>
#endif

namespace pickmix::inline v0::detail {

/// What the operating system says about its last failure.
inline std::string system_reason(int code = errno) { return std::generic_category().message(code); }

/// A file's bytes, shared by all copies. They start at an address that suits any number.
struct FileBytes {
  std::shared_ptr<const char> data;
  std::size_t size = 0;
  bool mapped = false;

  std::string_view view() const { return {data.get(), size}; }
};

/// A stdio file that closes itself.
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// \throws FileError if the file cannot be opened
inline File open_file(const std::filesystem::path& path, std::string_view who) {
  File file(std::fopen(path.string().c_str(), "rb"));
  if (!file) raise<FileError>("{}: '{}' cannot be opened: {}", who, path.string(), system_reason());
  return file;
}

/// Reads `file` to its end. `path` and `who` are for messages.
///
/// \throws FileError if the file cannot be read
inline FileBytes read_file(const File& file, const std::filesystem::path& path, std::string_view who) {
  const auto buffer = std::make_shared<std::vector<char>>();
  for (std::size_t had = 0, piece = 1 << 16;; had += piece, piece = std::max(piece, had)) {
    buffer->resize(had + piece);
    const std::size_t got = std::fread(buffer->data() + had, 1, piece, file.get());
    if (got == piece) continue;
    if (std::ferror(file.get())) raise<FileError>("{}: '{}' cannot be read: {}", who, path.string(), system_reason());
    buffer->resize(had + got);
    return {std::shared_ptr<const char>(buffer, buffer->data()), buffer->size(), false};
  }
}

/// Maps `path`; reads what cannot be mapped: a pipe, an empty file, any file on a platform without mmap.
///
/// A mapped file that another program shortens is gone from memory too: touching its end is then a SIGBUS. Replacing
/// the file by renaming, as `write_npy` does, is safe.
///
/// \throws FileError if the file cannot be opened or read
inline FileBytes map_file(const std::filesystem::path& path, std::string_view who) {
  const File file = open_file(path, who);
#if __has_include(<sys/mman.h>)
  const int descriptor = ::fileno(file.get());
  struct ::stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
      static_cast<std::uint64_t>(status.st_size) <= std::numeric_limits<std::size_t>::max()) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (memory != MAP_FAILED)
      return {std::shared_ptr<const char>(static_cast<const char*>(memory),
                                          [memory, size](const char*) { ::munmap(memory, size); }),
              size, true};
  }
#endif
  return read_file(file, path, who);
}

}  // namespace pickmix::inline v0::detail
