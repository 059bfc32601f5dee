// SPDX-License-Identifier: MIT
// A file that appears whole or not at all.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/io/file_bytes.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace pickmix::inline v0::detail {

/// Collects bytes in `<path>.part<number>`, a file that was not there before; `finish` gives it its name, which may
/// replace another file. Without `finish` it is removed. Every `throws` is a FileError naming `path` and the reason.
///
/// That it is whole or not there holds for kills and full disks, not for power cuts: the disk is not waited for. A kill
/// leaves the part file.
class NewFile {
 public:
  NewFile(const std::filesystem::path& path, std::string_view who) : path_(path), who_(who) {
    constexpr int tries = 100;
    for (int number = 0; !file_ && number < tries; ++number) {
      part_ = path;
      part_ += fmt::format(".part{}", number);
      file_.reset(std::fopen(part_.string().c_str(), "wbx"));  // x: never another writer's
      if (!file_ && errno != EEXIST) break;
    }
    if (!file_ && errno == EEXIST)
      raise<FileError>(
          "{}: '{}' cannot be written: '{}.part0' to '{}' are there already; delete those that no writer is at", who_,
          path_.string(), path_.string(), part_.string());
    if (!file_) refuse(errno);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    file_.reset();
    std::error_code ignored;
    if (!finished_) std::filesystem::remove(part_, ignored);
  }

  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) refuse(errno);
  }

  void finish() {
    if (std::fclose(file_.release()) != 0) refuse(errno);
    std::error_code error;
    std::filesystem::rename(part_, path_, error);
    if (error) refuse(error.value());
    finished_ = true;
  }

 private:
  [[noreturn]] void refuse(int code) const {
    raise<FileError>("{}: '{}' cannot be written: {}", who_, path_.string(), system_reason(code));
  }

  std::filesystem::path path_, part_;
  std::string_view who_;
  File file_;
  bool finished_ = false;
};

}  // namespace pickmix::inline v0::detail
