// SPDX-License-Identifier: MIT
// Headers of .npy files: what is read from good ones, and what is said about bad ones.
#include <pickmix/io/npy_header.hpp>

#include <support/catch.hpp>
#include <support/npy_file.hpp>
#include <support/thrown.hpp>

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace io_npy_header_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using detail::NpyHeader;
using support::npy;
using support::npy_header;

namespace {

NpyHeader read(const std::string& file) {
  const std::vector<char> exact(file.begin(), file.end());  // without the zero byte that ends a string
  return detail::NpyHeaderReader({exact.data(), exact.size()}, "a.npy").read();
}

std::string refusal_of_file(const std::string& file) {
  const std::string message = thrown<FileError>([&] { read(file); });
  CHECK_THAT(message, Catch::Matchers::StartsWith("NpyMatrix: 'a.npy': "));
  return message;
}

/// What is said about this header, with data for 2 x 3 floats of 32 bits behind.
std::string refusal(const std::string& header) { return refusal_of_file(npy(header, std::string(24, 'd'))); }

std::string with_shape(std::string_view shape) { return npy_header("<f4", shape); }
std::string with_type(std::string_view type) { return npy_header(type, "(2, 3)"); }

NpyHeader read_header(const std::string& header) { return read(npy(header, std::string(24, 'd'))); }

}  // namespace

TEST_CASE("a header says type, order, shape and where the numbers start") {
  const auto header = read(npy(npy_header("<f4", "(2, 3)"), std::string(24, 'd')));
  CHECK(header.bits == 32);
  CHECK(header.order == std::endian::little);
  CHECK_FALSE(header.fortran_order);
  CHECK(header.rows == 2);
  CHECK(header.columns == 3);
  CHECK(header.data_at == 128);

  const auto other = read(npy(npy_header(">f8", "(5, 1)", true), std::string(40, 'd')));
  CHECK(other.bits == 64);
  CHECK(other.order == std::endian::big);
  CHECK(other.fortran_order);
  CHECK(other.rows == 5);
  CHECK(other.columns == 1);
  CHECK(read(npy(npy_header("<f2", "(2, 6)"), std::string(24, 'd'))).bits == 16);
}

TEST_CASE("versions 1, 2 and 3 are read, a header beyond 65535 bytes too") {
  for (int version : {1, 2, 3}) CHECK(read(npy(npy_header("<f4", "(2, 3)"), std::string(24, 'd'), version)).rows == 2);
  const auto header = read(npy(npy_header("<f4", "(2, 3)") + std::string(70'000, ' '), std::string(24, 'd'), 2));
  CHECK(header.columns == 3);
  CHECK(header.data_at == 70'080);
}

TEST_CASE("one dimension is one column, and nothing is a size") {
  const auto vector = read_header(with_shape("(6,)"));
  CHECK(vector.rows == 6);
  CHECK(vector.columns == 1);
  CHECK(read(npy(with_shape("(0, 5)"), "")).columns == 5);
  CHECK(read(npy(with_shape("(5, 0)"), "")).rows == 5);
  CHECK(read(npy(with_shape("(0,)"), "")).rows == 0);
}

TEST_CASE("a dictionary may be written in other orders, quotes and spaces") {
  for (const char* text : {"{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}",
                           "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3)}",
                           " {\n'descr' :\t'<f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \n"}) {
    CAPTURE(text);
    const auto header = read_header(text);
    CHECK(header.rows == 2);
    CHECK(header.columns == 3);
  }
  CHECK(read("\x93NUMPY\x01" + std::string("\0\x34\0", 3) + "{'descr':'<f4','fortran_order':False,'shape':(0,3,)}")
            .rows == 0);
}

TEST_CASE("a file that is no .npy file says so") {
  for (const char* bytes : {"", "\x93", "\x93NUMP", "\x93NUMPX\x01", "PK\x03\x04 an .npz file"})
    CHECK_THAT(refusal_of_file(bytes), ContainsSubstring("this is not a .npy file"));
}

TEST_CASE("a version that is not known is named") {
  for (const char* version : {"\x04", "\xff", "\x01\x01"}) {
    std::string file = npy(with_shape("(2, 3)"), std::string(24, 'd'));
    for (std::size_t i = 0; version[i] != 0; ++i) file[6 + i] = version[i];
    CHECK_THAT(refusal_of_file(file), ContainsSubstring("this library reads 1.0, 2.0 and 3.0"));
  }
  std::string file = npy(with_shape("(2, 3)"), std::string(24, 'd'));
  file[6] = 0;
  file[7] = 9;
  CHECK_THAT(refusal_of_file(file), ContainsSubstring("format version is 0.9;"));
}

TEST_CASE("a header longer than the file is refused") {
  std::string file = npy(with_shape("(2, 3)"), "", 2);
  CHECK_THAT(refusal_of_file(file.substr(0, 120)),
             ContainsSubstring("the header has 116 bytes, and the file ends after 108"));
  for (std::size_t i = 8; i < 12; ++i) file[i] = '\xff';
  CHECK_THAT(refusal_of_file(file), ContainsSubstring("the header has 4294967295 bytes, and the file ends after 116"));
}

TEST_CASE("numbers of other types are refused, by name") {
  for (const char* type : {"<i8", "<c8", "|b1", "|O", "<f16", "<f", "f4", "=f4", "|f4", "<f4 ", "<", ""})
    CHECK_THAT(refusal(with_type(type)),
               ContainsSubstring("its numbers are of type '" + std::string(type) + "'; expected"));
  CHECK_THAT(refusal("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,), }"),
             ContainsSubstring("of a structured type"));
  CHECK_THAT(refusal(with_type("a\x01\xff\n" + std::string(1000, 'z'))),
             ContainsSubstring("'a???zzzzzzzzzzzzzzzz...'; expected"));
}

TEST_CASE("other than one or two dimensions are refused") {
  CHECK_THAT(refusal(with_shape("()")), ContainsSubstring("an array of 0 dimensions; expected 1 or 2"));
  CHECK_THAT(refusal(with_shape("(1, 2, 3)")), ContainsSubstring("an array of 3 dimensions; expected 1 or 2"));
}

TEST_CASE("a shape that is no tuple of sizes is refused") {
  CHECK_THAT(refusal(with_shape("(-2, 3)")), ContainsSubstring("'shape' has a negative entry"));
  CHECK_THAT(refusal(with_shape("(6)")), ContainsSubstring("'shape' is a number in brackets"));
  for (const char* shape :
       {"(2, 03)", "(02, 3)", "(+2, 3)", "(x2, 3)", "(,)", "(2,,3)", "('2', 3)", "(None,)", "(2, 3"})
    CHECK_THAT(refusal(with_shape(shape)), ContainsSubstring("'shape' lacks a number at byte"));
  for (const char* shape : {"(2 3)", "(2.0, 3)", "(2, 3L)", "(0x2, 3)", "(1_0,)"})
    CHECK_THAT(refusal(with_shape(shape)), ContainsSubstring("the header lacks"));
  for (const char* shape : {"6", "[2, 3]", "None"})
    CHECK_THAT(refusal(with_shape(shape)), ContainsSubstring("the header lacks '(' at byte"));
}

TEST_CASE("sizes that overflow are refused, each and their product") {
  for (const char* shape : {"(9223372036854775808, 3)", "(1, 18446744073709551617)", "(99999999999999999999999999, 0)"})
    CHECK_THAT(refusal(with_shape(shape)), ContainsSubstring("'shape' has an entry that overflows"));
  // 2^32 · 2^32 and 2^61 · 2^3 wrap to 0; 6148914691236517206 · 3 · 4 to 8.
  for (const char* shape : {"(4294967296, 4294967296)", "(2305843009213693952, 8)", "(6148914691236517206, 3)"})
    CHECK_THAT(refusal(with_shape(shape)), ContainsSubstring("overflows"));
  CHECK_THAT(refusal(with_shape("(1152921504606846975, 1)")), ContainsSubstring("the file is truncated"));
}

TEST_CASE("a file shorter or longer than its shape is refused, with both lengths") {
  const std::string file = npy(with_shape("(2, 3)"), std::string(24, 'd'));
  CHECK_THAT(refusal_of_file(file.substr(0, file.size() - 1)),
             ContainsSubstring("the file is truncated: shape (2, 3) of 32 bits needs 24 bytes, and 23 are there"));
  CHECK_THAT(refusal_of_file(file + "d"), ContainsSubstring("1 bytes are left over after shape (2, 3) of 32 bits"));
}

TEST_CASE("a header has its three keys, once each, and nothing else") {
  CHECK_THAT(refusal("{'fortran_order': False, 'shape': (2, 3)}"), ContainsSubstring("lacks the key 'descr'"));
  CHECK_THAT(refusal("{'descr': '<f4', 'shape': (2, 3)}"), ContainsSubstring("lacks the key 'fortran_order'"));
  CHECK_THAT(refusal("{'descr': '<f4', 'fortran_order': False}"), ContainsSubstring("lacks the key 'shape'"));
  const std::string whole = "'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)";
  for (const char* more : {"'descr': '<f4'", "'fortran_order': False", "'shape': (2, 3)", "'Shape': (2, 3)", "'x': 1"})
    CHECK_THAT(refusal("{" + whole + ", " + more + "}"), ContainsSubstring("twice, or it is unknown"));
}

TEST_CASE("a header that is no dictionary is refused, with the place") {
  const std::string whole = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  CHECK_THAT(refusal(whole.substr(1)), ContainsSubstring("the header lacks '{' at byte 10"));
  CHECK_THAT(refusal(whole.substr(0, whole.size() - 1)), ContainsSubstring("the header lacks a quoted text at byte"));
  CHECK_THAT(refusal(whole + " # more"), ContainsSubstring("the header goes on after its dictionary, at byte 70"));
  CHECK_THAT(refusal(whole + std::string(1, '\0')), ContainsSubstring("the header goes on after its dictionary"));
  for (const char* text :
       {"", "   ", "{,}", "{'descr'}", "{'descr' '<f4'}", "{'descr: 1", "{'descr\": '<f4'}", "{descr: 1}",
        "{'descr': '<f4' 'fortran_order': False}", "{'descr': '<f4',, }", "{'descr': <f4}"})
    CHECK_THAT(refusal(text), ContainsSubstring("the header lacks"));
  for (const char* text : {"0", "true", "'False'", "", "Fals"})
    CHECK_THAT(refusal("{'descr': '<f4', 'fortran_order': " + std::string(text) + ", 'shape': (2, 3)}"),
               ContainsSubstring("'fortran_order' is neither True nor False"));
  CHECK_THAT(refusal("{'descr': '<f4', 'fortran_order': Falsely, 'shape': (2, 3)}"), ContainsSubstring("lacks '}'"));
}

}
