// SPDX-License-Identifier: MIT
// Files in memory: mapped and read, they are the same.
#include <pickmix/io/file_bytes.hpp>

#include <support/catch.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#if __has_include(<sys/mman.h>)
#include <sys/stat.h>
#endif

namespace io_file_bytes_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using pickmix::detail::map_file;

namespace {

detail::FileBytes read_file(const std::filesystem::path& path, std::string_view who) {
  return detail::read_file(detail::open_file(path, who), path, who);
}

std::string some_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * i / 7 + i);
  return bytes;
}

}  // namespace

TEST_CASE("a file comes into memory as it is, mapped or read") {
  const support::ScratchDirectory scratch;
  for (std::size_t size : {1u, 4096u, 65535u, 65536u, 65537u, 131072u, 300001u}) {
    CAPTURE(size);
    const std::string bytes = some_bytes(size);
    const auto path = scratch.file("bytes", bytes);
    CHECK((map_file(path, "f").view() == bytes));
    CHECK((read_file(path, "f").view() == bytes));
    CHECK_FALSE(read_file(path, "f").mapped);
#if __has_include(<sys/mman.h>)
    CHECK(map_file(path, "f").mapped);
#endif
  }
}

TEST_CASE("an empty file is no bytes") {
  const support::ScratchDirectory scratch;
  const auto path = scratch.file("empty", "");
  CHECK(map_file(path, "f").view().empty());
  CHECK(read_file(path, "f").view().empty());
}

TEST_CASE("bytes start where any number may stand, and stay while a copy is left") {
  const support::ScratchDirectory scratch;
  const auto path = scratch.file("bytes", some_bytes(100));
  for (auto open : {map_file, read_file}) {
    detail::FileBytes copy;
    {
      const auto bytes = open(path, "f");
      copy = bytes;
    }
    CHECK(reinterpret_cast<std::uintptr_t>(copy.data.get()) % alignof(double) == 0);
    CHECK((copy.view() == some_bytes(100)));
  }
}

TEST_CASE("a mapped file that is removed is still there") {
  const support::ScratchDirectory scratch;
  const auto path = scratch.file("bytes", some_bytes(100));
  const auto bytes = map_file(path, "f");
  std::filesystem::remove(path);
  CHECK((bytes.view() == some_bytes(100)));
}

TEST_CASE("what cannot be opened or read is named, with the reason") {
  const support::ScratchDirectory scratch;
  for (auto open : {map_file, read_file}) {
    CHECK(thrown<FileError>([&] { open(scratch / "not there", "f"); }) ==
          "f: '" + (scratch / "not there").string() + "' cannot be opened: No such file or directory");
    CHECK_THAT(thrown<FileError>([&] { open(scratch.path(), "f"); }), ContainsSubstring("Is a directory"));
  }
}

#if __has_include(<sys/mman.h>)
TEST_CASE("a pipe is read to its end") {
  const support::ScratchDirectory scratch;
  const auto path = scratch / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const std::string bytes = some_bytes(200'000);
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << bytes; });
  const auto read = map_file(path, "f");
  writer.join();
  CHECK((read.view() == bytes));
  CHECK_FALSE(read.mapped);
}
#endif

}
