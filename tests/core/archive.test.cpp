// SPDX-License-Identifier: MIT
// Tests of core/archive.hpp.
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/full_disk.hpp"
#include "support/thrown.hpp"

#include <pickmix/core/archive.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace core_archive_test {

using namespace pickmix;
using namespace std::string_view_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t header_size = 8 + 4 + 8, checksum_size = 8;

std::string bytes_of(const ArchiveWriter& writer) {
  std::ostringstream out;
  writer.finish(out);
  return out.str();
}

/// One field of each type.
ArchiveWriter small_archive() {
  ArchiveWriter writer("demo", 3);
  writer.write("n", Index{-2});
  writer.write("w", 1.5);
  writer.write("s", std::vector<std::uint64_t>{});
  writer.write("t", "hi");
  return writer;
}

void read_small_archive(const std::string& bytes) {
  std::istringstream in(bytes);
  ArchiveReader reader(in, "demo", 3);
  (void)reader.read<Index>("n");
  (void)reader.read<double>("w");
  (void)reader.read_all<std::uint64_t>("s");
  (void)reader.read_text("t");
  reader.finish();
}

std::string refusal_of(const std::string& bytes) {
  return thrown<CheckpointError>([&] { read_small_archive(bytes); });
}

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) bytes.at(at + i) = static_cast<char>(value >> 8 * i & 0xFF);
}

/// The archive with `value` at `at`, under a checksum that is right again: damage that only the content gives away.
std::string forged(std::size_t at, std::uint64_t value, std::size_t width) {
  std::string bytes = bytes_of(small_archive());
  put(bytes, at, value, width);
  const std::size_t end = bytes.size() - checksum_size;
  put(bytes, end, crc64(std::string_view(bytes).substr(0, end)), checksum_size);
  return bytes;
}

/// A reader of fields that `write` has put into an archive.
template <class Write>
ArchiveReader reader_of(Write&& write) {
  ArchiveWriter writer("demo", 3);
  write(writer);
  std::istringstream in(bytes_of(writer));
  return ArchiveReader(in, "demo", 3);
}

}  // namespace

TEST_CASE("the checksum is CRC-64/XZ: it has the published check value") {
  STATIC_REQUIRE(crc64("123456789") == 0x995DC9BBDF1939FA);
  STATIC_REQUIRE(crc64("") == 0);
}

TEST_CASE("the bytes of an archive are pinned: a change breaks every checkpoint that was ever written") {
  constexpr auto expected =
      "pickmix\x1a\x01\0\0\0\x52\0\0\0\0\0\0\0"                         // magic, version, length of body
      "\x04\0\0\0demo\x03\0\0\0"                                        // kind and its version
      "\x01\0\0\0ni\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff"  // name, type, count; -2
      "\x01\0\0\0wf\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\xf8\x3f"              // 1.5
      "\x01\0\0\0su\0\0\0\0\0\0\0\0"                                    // nothing
      "\x01\0\0\0ts\x02\0\0\0hi"                                        // name, type; length and text
      "\xfe\x1d\x86\x95\x08\xf7\x2a\xf0"sv;                             // CRC-64
  CHECK(bytes_of(small_archive()) == expected);
}

TEST_CASE("every type of field comes back as it was written") {
  constexpr Index lowest = std::numeric_limits<Index>::min(), highest = std::numeric_limits<Index>::max();
  const std::vector<Index> indices{0, -1, lowest, highest};
  const std::vector<std::uint64_t> words{0, 1, UINT64_MAX, 0x0123456789abcdef};
  const std::string text("any\0bytes\xff\n", 11);
  auto reader = reader_of([&](ArchiveWriter& writer) {
    writer.write("indices", indices);
    writer.write("index", lowest);
    writer.write("words", words);
    writer.write("word", UINT64_MAX);
    writer.write("number", -0.1);
    writer.write("text", text);
    writer.write("span", std::span<const Index>(indices).subspan(1, 2));
  });
  CHECK(reader.version() == 3);
  CHECK(reader.read_all<Index>("indices") == indices);
  CHECK(reader.read<Index>("index") == lowest);
  CHECK(reader.read_all<std::uint64_t>("words") == words);
  CHECK(reader.read<std::uint64_t>("word") == UINT64_MAX);
  CHECK(reader.read<double>("number") == -0.1);
  CHECK(reader.read_text("text") == text);
  CHECK(reader.read_all<Index>("span") == std::vector<Index>{-1, lowest});
  CHECK_NOTHROW(reader.finish());
}

TEST_CASE("every double comes back to the bit: infinities, not-a-numbers, minus zero and the smallest") {
  using Limits = std::numeric_limits<double>;
  const double nan = Limits::quiet_NaN(), infinity = Limits::infinity();
  const std::vector<double> numbers{infinity, -infinity, nan, -nan, 0.0, -0.0, Limits::denorm_min(), Limits::max()};
  auto reader = reader_of([&](ArchiveWriter& writer) { writer.write("x", numbers); });
  const auto read = reader.read_all<double>("x");
  CHECK(std::equal(read.begin(), read.end(), numbers.begin(), numbers.end(),
                   [](double a, double b) { return support::same_bits(a, b); }));
}

TEST_CASE("empty fields come back empty, and an archive without fields is complete") {
  CHECK_NOTHROW(reader_of([](ArchiveWriter&) {}).finish());
  auto reader = reader_of([](ArchiveWriter& writer) {
    writer.write("indices", std::vector<Index>{});
    writer.write("numbers", std::vector<double>{});
    writer.write("words", std::vector<std::uint64_t>{});
    writer.write("text", "");
    writer.write("", Index{1});
  });
  CHECK(reader.read_all<Index>("indices").empty());
  CHECK(reader.read_all<double>("numbers").empty());
  CHECK(reader.read_all<std::uint64_t>("words").empty());
  CHECK(reader.read_text("text").empty());
  CHECK(reader.read<Index>("") == 1);
  CHECK_NOTHROW(reader.finish());
}

TEST_CASE("a field longer than a read piece comes back whole") {
  std::vector<Index> values(300'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<Index>(i * i);
  CHECK(reader_of([&](ArchiveWriter& writer) { writer.write("v", values); }).read_all<Index>("v") == values);
}

TEST_CASE("an archive can stand in the middle of a stream") {
  std::stringstream file;
  file << "before";
  small_archive().finish(file);
  ArchiveWriter("second", 1).finish(file);
  file << "after";

  file.ignore(6);
  CHECK(ArchiveReader(file, "demo", 3).read<Index>("n") == -2);
  CHECK_NOTHROW(ArchiveReader(file, "second", 1).finish());
  std::string after;
  CHECK((file >> after && after == "after"));
}

TEST_CASE("an archive cut off anywhere is a CheckpointError that names the part and the sizes") {
  const std::string whole = bytes_of(small_archive());
  CHECK_NOTHROW(read_small_archive(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    REQUIRE_THAT(refusal_of(whole.substr(0, size)), ContainsSubstring("the file is truncated"));
  }
  CHECK_THAT(refusal_of(whole.substr(0, 5)), ContainsSubstring("the header ends after 5 of 20 bytes"));
  CHECK_THAT(refusal_of(whole.substr(0, 30)), ContainsSubstring("the body ends after 10 of 82 bytes"));
  CHECK_THAT(refusal_of(whole.substr(0, 109)), ContainsSubstring("the checksum ends after 7 of 8 bytes"));
}

TEST_CASE("any damage to any one byte is a CheckpointError, also with more data behind") {
  const std::string whole = bytes_of(small_archive()), behind = GENERATE("", "and something else that follows");
  std::vector<std::size_t> accepted;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int damage = 1; damage < 256; ++damage) {
      std::string bytes = whole + behind;
      bytes[at] = static_cast<char>(bytes[at] ^ damage);
      if (!refusal_of(bytes).starts_with("checkpoint: ")) accepted.push_back(at);
    }
  CHECK(accepted == std::vector<std::size_t>{});
}

TEST_CASE("a file that is not there says so") {
  std::ifstream none("no such folder/no such file");
  CHECK(thrown<CheckpointError>([&] { ArchiveReader(none, "test", 1); }) ==
        "checkpoint: the stream cannot be read; was its file there, and opened?");
}

TEST_CASE("a file that is no archive says so") {
  CHECK_THAT(refusal_of("{\"json\": [1, 2, 3, 4, 5]}"), ContainsSubstring("this is not a pickmix checkpoint"));
}

TEST_CASE("a container of another version names both versions") {
  CHECK_THAT(refusal_of(forged(8, 2, 4)), ContainsSubstring("container version is 2; this library reads version 1"));
  CHECK_THAT(refusal_of(forged(8, 0, 4)), ContainsSubstring("container version is 0"));
}

TEST_CASE("a length beyond the file ends at the end of the file, not of memory") {
  for (std::uint64_t length : {std::uint64_t{83}, std::uint64_t{1} << 33, std::uint64_t{1} << 60, UINT64_MAX}) {
    CHECK_THAT(refusal_of(forged(12, length, 8)), ContainsSubstring("the file is truncated"));
  }
}

TEST_CASE("a body too short for its own kind is a CheckpointError") {
  for (std::size_t length = 0; length < 12; ++length) {
    std::string bytes = bytes_of(small_archive()).substr(0, header_size + length) + std::string(checksum_size, '\0');
    put(bytes, 12, length, 8);
    put(bytes, header_size + length, crc64(std::string_view(bytes).substr(0, header_size + length)), checksum_size);
    CHECK_THAT(refusal_of(bytes), ContainsSubstring("the file ends within field"));
  }
}

TEST_CASE("lengths within the body that exceed it are refused without the memory they ask for") {
  constexpr std::size_t kind_length = 20, name_length = 32, count = 38, text_length = 96;
  CHECK_THAT(refusal_of(forged(kind_length, 0xffffffff, 4)), ContainsSubstring("the file ends within field 'kind'"));
  CHECK_THAT(refusal_of(forged(name_length, 0xffffffff, 4)), ContainsSubstring("the file ends within field 'n'"));
  CHECK_THAT(refusal_of(forged(text_length, 0xffffffff, 4)), ContainsSubstring("the file ends within field 't'"));
  for (std::uint64_t huge : {std::uint64_t{8}, std::uint64_t{1} << 29, std::uint64_t{1} << 61, UINT64_MAX})
    CHECK_THAT(refusal_of(forged(count, huge, 8)), ContainsSubstring("field 'n' is longer than the file"));
}

TEST_CASE("the kind and its version are checked, and told") {
  const std::string bytes = bytes_of(small_archive());
  const auto open_as = [&](std::string_view kind, std::uint32_t newest) {
    std::istringstream in(bytes);
    ArchiveReader(in, kind, newest);
  };
  CHECK_THAT(thrown<CheckpointError>([&] { open_as("mos.state", 3); }),
             ContainsSubstring("holds a 'demo'; expected a 'mos.state'"));
  CHECK_THAT(thrown<CheckpointError>([&] { open_as("demo", 2); }),
             ContainsSubstring("demo version is 3; this library reads up to version 2"));
  CHECK_NOTHROW(open_as("demo", 3));
  CHECK_NOTHROW(open_as("demo", 4));
}

TEST_CASE("a field of another name is a CheckpointError that names both") {
  auto reader = reader_of([](ArchiveWriter& writer) { writer.write("found", Index{1}); });
  CHECK_THAT(thrown<CheckpointError>([&] { (void)reader.read<Index>("wanted"); }),
             ContainsSubstring("expected field 'wanted', found 'found'"));
}

TEST_CASE("a field of another type is a CheckpointError that names it") {
  const auto refusal = [](auto&& read) {
    auto reader = reader_of([](ArchiveWriter& writer) { writer.write("x", Index{1}); });
    return thrown<CheckpointError>([&] { read(reader); });
  };
  const auto expected = ContainsSubstring("field 'x' is of another type");
  CHECK_THAT(refusal([](auto& reader) { (void)reader.template read<double>("x"); }), expected);
  CHECK_THAT(refusal([](auto& reader) { (void)reader.template read_all<std::uint64_t>("x"); }), expected);
  CHECK_THAT(refusal([](auto& reader) { (void)reader.read_text("x"); }), expected);
}

TEST_CASE("one value is asked for where there are none or two: a CheckpointError that says how many") {
  const auto refusal = [](const std::vector<Index>& values) {
    auto reader = reader_of([&](ArchiveWriter& writer) { writer.write("x", values); });
    return thrown<CheckpointError>([&] { (void)reader.read<Index>("x"); });
  };
  CHECK_THAT(refusal({}), ContainsSubstring("field 'x' has 0 values; expected 1"));
  CHECK_THAT(refusal({1, 2}), ContainsSubstring("field 'x' has 2 values; expected 1"));
}

TEST_CASE("fields that are left over, or missing, are CheckpointErrors") {
  auto reader = reader_of([](ArchiveWriter& writer) { writer.write("x", Index{1}); });
  CHECK_THAT(thrown<CheckpointError>([&] { reader.finish(); }), ContainsSubstring("22 bytes are left over"));
  (void)reader.read<Index>("x");
  CHECK_NOTHROW(reader.finish());
  CHECK_THAT(thrown<CheckpointError>([&] { (void)reader.read<Index>("y"); }),
             ContainsSubstring("the file ends within field 'y'"));
}

TEST_CASE("a stream that does not take every byte is a CheckpointError") {
  const auto size = static_cast<std::streamsize>(bytes_of(small_archive()).size());
  for (std::streamsize room = 0; room < size; ++room) {
    support::FullDisk full(room, true);
    std::ostream out(&full);
    CHECK_THROWS_AS(small_archive().finish(out), CheckpointError);
  }
  support::FullDisk disk(size, true);
  std::ostream out(&disk);
  CHECK_NOTHROW(small_archive().finish(out));
}

TEST_CASE("a stream that takes the bytes and cannot pass them on is a CheckpointError") {
  support::FullDisk disk(1000, false);
  std::ostream out(&disk);
  CHECK_THAT(thrown<CheckpointError>([&] { small_archive().finish(out); }),
             ContainsSubstring("not take all 110 bytes"));
}

TEST_CASE("a stream that is told to throw says the same") {
  support::FullDisk full(10, true);
  std::ostream out(&full);
  out.exceptions(std::ios::badbit | std::ios::failbit);
  CHECK_THROWS_AS(small_archive().finish(out), CheckpointError);

  std::stringstream cut(bytes_of(small_archive()).substr(0, 50));
  cut.exceptions(std::ios::badbit | std::ios::failbit | std::ios::eofbit);
  CHECK_THROWS_AS(ArchiveReader(cut, "demo", 3), CheckpointError);
}

TEST_CASE("a stream that has failed before is a CheckpointError") {
  std::stringstream file;
  file.setstate(std::ios::failbit);
  CHECK_THROWS_AS(small_archive().finish(file), CheckpointError);
  CHECK_THROWS_AS(ArchiveReader(file, "demo", 3), CheckpointError);
}

}
