// SPDX-License-Identifier: MIT
// Damaged .npy files: a typed error, or a right matrix.
#include <pickmix/core/rng.hpp>
#include <pickmix/io/npy.hpp>

#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/npy_file.hpp>
#include <support/scratch_directory.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fuzz_npy_test {

using namespace pickmix;
using support::npy;
using support::npy_header;

namespace {

using Entries = std::vector<float>;

const Entries counting{1, 2, 3, 4, 5, 6};

std::string file_of(const std::string& header, int version = 1) {
  return npy(header, support::numbers(counting), version);
}

/// The header of a file that ends where it ends: a string would have one more byte.
detail::NpyHeader read(const std::string& file) {
  const std::vector<char> exact(file.begin(), file.end());
  return detail::NpyHeaderReader({exact.data(), exact.size()}, "a.npy").read();
}

}  // namespace

TEST_CASE("a file cut off anywhere is refused") {
  for (int version : {1, 2, 3}) {
    const std::string whole = file_of(npy_header("<f4", "(2, 3)"), version);
    CHECK_NOTHROW(read(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(version, size);
      REQUIRE_THROWS_AS(read(whole.substr(0, size)), FileError);
    }
  }
}

TEST_CASE("any change of any byte of a header is refused, unless it says the same or names the other byte order") {
  for (int version : {1, 2, 3}) {
    const std::string whole = file_of(npy_header("<f4", "(2, 3)"), version);
    std::vector<std::size_t> wrong;
    std::size_t accepted = 0;
    for (std::size_t at = 0; at < whole.size() - 24; ++at)
      for (int change = 1; change < 256; ++change) {
        std::string file = whole;
        file[at] = static_cast<char>(file[at] ^ change);
        try {
          const auto header = read(file);
          ++accepted;
          const bool other_order = whole[at] == '<' && file[at] == '>';
          if (header.bits != 32 || header.rows != 2 || header.columns != 3 || header.fortran_order ||
              header.data_at != whole.size() - 24 ||
              header.order != (other_order ? std::endian::big : std::endian::little))
            wrong.push_back(at);
        } catch (const FileError&) {
        }
      }
    CAPTURE(version);
    CHECK(wrong == std::vector<std::size_t>{});
    CHECK(accepted > 0);
  }
}

TEST_CASE("whatever is made of the pieces of a header is refused, or fills its file exactly") {
  const std::vector<std::string> pieces{
      "{",   "}",  "(",  ")",  ",",    ":",     "'descr'", "'fortran_order'", "'shape'",
      "<f4", "'",  "\"", "-",  "0",    "3",     "2, 3",    "'<f2'",           "True",
      "[",   "\\", " ",  "\n", "\x01", "False", "\xff",    "999999999999",    "'>f8'"};
  RandomStream random(7, 1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random.below(static_cast<Index>(n))); };
  const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string header = dictionary;
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(header.size() + 1), length = below(9);
      header.replace(at, length, pieces[below(pieces.size())]);
    }
    const std::string file = file_of(header);
    try {
      const auto h = read(file);
      ++accepted;
      REQUIRE((h.bits == 16 || h.bits == 32 || h.bits == 64));
      REQUIRE((h.rows >= 0 && h.columns >= 0));
      REQUIRE(h.data_at + static_cast<std::size_t>(h.rows * h.columns * h.bits / 8) == file.size());
    } catch (const FileError&) {
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("a damaged file is refused, or holds as many numbers, the same unless their byte order is what changed") {
  const support::ScratchDirectory scratch;
  for (const char* type : {"<f4", "<f2", "<f8"}) {
    const std::size_t count = type[2] == '4' ? 6 : type[2] == '2' ? 12 : 3;
    const std::string whole = file_of(npy_header(type, "(" + std::to_string(count) + ", 1)"));
    const NpyMatrix good(scratch.file("good.npy", whole));
    for (std::size_t size = 0; size < whole.size(); ++size)
      REQUIRE_THROWS_AS(NpyMatrix(scratch.file("a.npy", whole.substr(0, size))), FileError);

    std::vector<std::size_t> wrong;
    std::size_t accepted = 0;
    for (std::size_t at = 0; at < whole.size() - 24; ++at)
      for (int bit = 0; bit < 8; ++bit) {
        std::string file = whole;
        file[at] = static_cast<char>(file[at] ^ 1 << bit);
        try {
          const NpyMatrix read(scratch.file("a.npy", file));
          ++accepted;
          bool same = read.rows() == good.rows() && read.columns() == 1;
          for (Index i = 0; same && i < read.rows() && file[at] != '>'; ++i)
            same = support::same_bits(read.view()(i, 0), good.view()(i, 0));
          if (!same) wrong.push_back(at);
        } catch (const FileError&) {
        }
      }
    CAPTURE(type);
    CHECK(wrong == std::vector<std::size_t>{});
    CHECK(accepted > 0);
  }
}

}
