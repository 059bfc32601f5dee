// SPDX-License-Identifier: MIT
// New files appear whole or not at all.
#include <pickmix/io/new_file.hpp>

#include <support/catch.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <filesystem>
#include <string>
#include <vector>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>

#include <csignal>
#endif

namespace io_new_file_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using pickmix::detail::NewFile;
using support::bytes_of;
using Names = std::vector<std::string>;

TEST_CASE("a file has its name, its bytes and no company once it is finished") {
  const support::ScratchDirectory scratch;
  {
    NewFile file(scratch / "a", "f");
    file.write("one ");
    file.write(std::string("t\0o\n", 4));
    CHECK(scratch.names() == Names{"a.part0"});
    file.finish();
    CHECK(bytes_of(scratch / "a") == std::string("one t\0o\n", 8));
  }
  CHECK(scratch.names() == Names{"a"});
}

TEST_CASE("a finished file replaces the one of its name, an unfinished one leaves it") {
  const support::ScratchDirectory scratch;
  scratch.file("a", "old");
  NewFile(scratch / "a", "f").write("new");
  CHECK(bytes_of(scratch / "a") == "old");
  NewFile file(scratch / "a", "f");
  file.write("new");
  file.finish();
  CHECK(bytes_of(scratch / "a") == "new");
  CHECK(scratch.names() == Names{"a"});
}

TEST_CASE("the part of another writer is left alone") {
  const support::ScratchDirectory scratch;
  scratch.file("a.part0", "another's");
  {
    NewFile first(scratch / "a", "f"), second(scratch / "a", "f");
    first.write("first");
    second.write("second");
    second.finish();
    CHECK(bytes_of(scratch / "a") == "second");
    first.finish();
    CHECK(bytes_of(scratch / "a") == "first");
  }
  CHECK(bytes_of(scratch / "a.part0") == "another's");
  CHECK(scratch.names().size() == 2);
}

TEST_CASE("there is an end to looking for a free name") {
  const support::ScratchDirectory scratch;
  for (int number = 0; number < 100; ++number) scratch.file("a.part" + std::to_string(number), "");
  CHECK_THAT(thrown<FileError>([&] { NewFile(scratch / "a", "f"); }),
             ContainsSubstring("a' cannot be written: '") && ContainsSubstring("a.part0' to '") &&
                 ContainsSubstring("a.part99' are there already; delete those that no writer is at"));
  CHECK(scratch.names().size() == 100);
}

TEST_CASE("a place where no file can be is named, with the reason") {
  const support::ScratchDirectory scratch;
  CHECK(thrown<FileError>([&] { NewFile(scratch / "no" / "a", "f"); }) ==
        "f: '" + (scratch / "no" / "a").string() + "' cannot be written: No such file or directory");

  std::filesystem::create_directory(scratch / "a");
  CHECK_THAT(thrown<FileError>([&] { NewFile(scratch / "a", "f").finish(); }), ContainsSubstring("Is a directory"));
  CHECK(scratch.names() == Names{"a"});
}

#if __has_include(<sys/resource.h>)
TEST_CASE("a disk that is full, now or at the end, leaves what was there") {
  const support::ScratchDirectory scratch;
  scratch.file("a", "old");
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 1000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &few) == 0);
  const std::string now = thrown<FileError>([&] { NewFile(scratch / "a", "f").write(std::string(100'000, 'x')); });
  const std::string at_the_end = thrown<FileError>([&] {
    NewFile file(scratch / "a", "f");
    file.write(std::string(1001, 'x'));  // fits the buffer of the stream
    file.finish();
  });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);

  CHECK_THAT(now, ContainsSubstring("cannot be written: File too large"));
  CHECK_THAT(at_the_end, ContainsSubstring("cannot be written: File too large"));
  CHECK(bytes_of(scratch / "a") == "old");
  CHECK(scratch.names() == Names{"a"});
}
#endif

}
