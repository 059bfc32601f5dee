// SPDX-License-Identifier: MIT
// .npy files as matrices, and matrices as .npy files.
#include <pickmix/io/npy.hpp>

#include <support/bits.hpp>
#include <support/catch.hpp>
#include <support/npy_file.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace {
std::atomic<std::size_t> most = std::numeric_limits<std::size_t>::max();  // that an allocation may ask for
}

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // they match: both are ours

void* operator new(std::size_t size) {
  if (size <= most)
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size == 0 ? 1 : size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using support::bytes_of;
using support::npy;
using support::npy_header;
using support::numbers;

namespace {

using Limits = std::numeric_limits<float>;
using Entries = std::vector<float>;

constexpr bool little = std::endian::native == std::endian::little;
#if __has_include(<sys/mman.h>)
constexpr bool has_mapping = true;
#else
constexpr bool has_mapping = false;
#endif

/// Rows after each other.
Entries entries(const MatrixView<const float>& view) {
  Entries all;
  for (Index i = 0; i < view.rows(); ++i) all.insert(all.end(), view.row(i).begin(), view.row(i).end());
  return all;
}

bool same(const Entries& a, const Entries& b) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) equal = support::same_bits(a[i], b[i]);
  return equal;
}

/// The first six counting numbers, as rows (1, 2, 3) and (4, 5, 6), in any type and order.
std::string counting(int bits, bool big, bool fortran_order) {
  const std::vector<double> values =
      fortran_order ? std::vector<double>{1, 4, 2, 5, 3, 6} : std::vector<double>{1, 2, 3, 4, 5, 6};
  std::string data;
  if (bits == 64) data = numbers(values, big);
  if (bits == 32) data = numbers(Entries(values.begin(), values.end()), big);
  if (bits == 16) {
    const std::vector<std::uint16_t> halves{0, 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600};
    for (double value : values) support::append(data, halves[static_cast<std::size_t>(value)], big);
  }
  return npy(npy_header((big ? ">f" : "<f") + std::to_string(bits / 8), "(2, 3)", fortran_order), data);
}

}  // namespace

TEST_CASE("a file as NumPy writes it, byte for byte, is read") {
  const support::ScratchDirectory scratch;
  // numpy.save of numpy.array([[1.5, -2.0]], numpy.float32)
  const std::string bytes = std::string("\x93NUMPY\x01\0v\0", 10) +
                            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" + std::string(58, ' ') +
                            "\n" + std::string("\0\0\xc0\x3f\0\0\0\xc0", 8);
  const NpyMatrix matrix(scratch.file("a.npy", bytes));
  CHECK(matrix.rows() == 1);
  CHECK(matrix.columns() == 2);
  CHECK(entries(matrix.view()) == Entries{1.5f, -2.0f});
}

TEST_CASE("all types, byte orders and storage orders are the same matrix") {
  const support::ScratchDirectory scratch;
  for (int bits : {16, 32, 64})
    for (bool big : {false, true})
      for (bool fortran_order : {false, true}) {
        CAPTURE(bits, big, fortran_order);
        const NpyMatrix matrix(scratch.file("a.npy", counting(bits, big, fortran_order)));
        CHECK(matrix.rows() == 2);
        CHECK(matrix.columns() == 3);
        CHECK(entries(matrix.view()) == Entries{1, 2, 3, 4, 5, 6});
        CHECK(matrix.mapped() == (has_mapping && bits == 32 && big != little && !fortran_order));
      }
}

TEST_CASE("one row or column is mapped in either storage order") {
  const support::ScratchDirectory scratch;
  for (const char* shape : {"(1, 6)", "(6, 1)", "(6,)"})
    for (bool fortran_order : {false, true}) {
      const std::string header = npy_header(little ? "<f4" : ">f4", shape, fortran_order);
      const NpyMatrix matrix(scratch.file("a.npy", npy(header, numbers(Entries{1, 2, 3, 4, 5, 6}, !little))));
      CHECK(entries(matrix.view()) == Entries{1, 2, 3, 4, 5, 6});
      CHECK(matrix.mapped() == has_mapping);
    }
}

TEST_CASE("numbers that do not start at a multiple of four bytes are copied to where they do") {
  const support::ScratchDirectory scratch;
  const std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
  for (std::size_t pad = 0; pad < 8; ++pad) {
    std::string file("\x93NUMPY\x01\0", 8);
    support::append(file, static_cast<std::uint16_t>(text.size() + pad));
    file += text + std::string(pad, ' ');
    const bool aligned = file.size() % 4 == 0;
    const NpyMatrix matrix(scratch.file("a.npy", file + numbers(Entries{1, 2})));
    CAPTURE(pad);
    CHECK(entries(matrix.view()) == Entries{1, 2});
    CHECK(matrix.mapped() == (has_mapping && aligned && little));
    CHECK(reinterpret_cast<std::uintptr_t>(matrix.view().data()) % alignof(float) == 0);
  }
}

TEST_CASE("columns are turned into rows across the borders of blocks") {
  const support::ScratchDirectory scratch;
  for (auto [rows, columns] : {std::pair<int, int>{64, 64}, {65, 130}, {200, 3}, {1, 100}, {129, 63}}) {
    std::vector<float> by_columns, by_rows;
    for (int j = 0; j < columns; ++j)
      for (int i = 0; i < rows; ++i) by_columns.push_back(static_cast<float>(1000 * i + j));
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) by_rows.push_back(static_cast<float>(1000 * i + j));
    const std::string shape = "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
    const NpyMatrix matrix(scratch.file("a.npy", npy(npy_header("<f4", shape, true), numbers(by_columns))));
    CAPTURE(rows, columns);
    CHECK((entries(matrix.view()) == by_rows));
  }
}

TEST_CASE("halves are read exactly: subnormal, infinite and none") {
  const support::ScratchDirectory scratch;
  const std::vector<std::uint16_t> halves{0x0001, 0x83FF, 0x7BFF, 0x8000, 0x7C00, 0xFC00, 0x7E01};
  const NpyMatrix matrix(scratch.file("a.npy", npy(npy_header("<f2", "(7,)"), numbers(halves))));
  const Entries expected{0x1p-24f,
                         -0x1.ff8p-15f,
                         65504.0f,
                         -0.0f,
                         Limits::infinity(),
                         -Limits::infinity(),
                         std::bit_cast<float>(0x7FC02000u)};
  CHECK(same(entries(matrix.view()), expected));
  CHECK_FALSE(matrix.mapped());
}

TEST_CASE("doubles are rounded to the nearest float") {
  const support::ScratchDirectory scratch;
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> doubles{0.1,       1.0 + 0x1p-24, 1.0 + 0x1.8p-23, -1e-50, 0x1.fffffefffffffp127,
                                    -infinity, infinity};
  const NpyMatrix matrix(scratch.file("a.npy", npy(npy_header("<f8", "(7,)"), numbers(doubles))));
  const Entries expected{0.1f, 1.0f, 1.0f + 0x1p-22f, -0.0f, Limits::max(), -Limits::infinity(), Limits::infinity()};
  CHECK(same(entries(matrix.view()), expected));

  const std::vector<double> nan{std::numeric_limits<double>::quiet_NaN()};
  CHECK(std::isnan(NpyMatrix(scratch.file("a.npy", npy(npy_header("<f8", "(1,)"), numbers(nan)))).view()(0, 0)));
}

TEST_CASE("a finite double that no float comes near is refused, with its place") {
  const support::ScratchDirectory scratch;
  for (bool fortran_order : {false, true})
    for (double large : {1e300, -1e300, 0x1.ffffffp127}) {
      std::vector<double> doubles(6, 1.0);
      doubles[fortran_order ? 3 : 4] = large;  // (1, 1)
      const auto path = scratch.file("a.npy", npy(npy_header("<f8", "(2, 3)", fortran_order), numbers(doubles)));
      CHECK_THAT(thrown<ValueError>([&] { NpyMatrix{path}; }), ContainsSubstring("entry (1, 1) is "));
    }
}

TEST_CASE("a matrix without entries is read and written") {
  const support::ScratchDirectory scratch;
  for (const char* type : {"<f2", "<f4", ">f8"})
    for (auto [rows, columns] :
         {std::pair<Index, Index>{0, 5}, {5, 0}, {0, 0}, {0, Index{1} << 60}, {Index{1} << 60, 0}})
      for (bool fortran_order : {false, true}) {
        const std::string shape = "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
        const NpyMatrix matrix(scratch.file("a.npy", npy(npy_header(type, shape, fortran_order), "")));
        CHECK(matrix.rows() == rows);
        CHECK(matrix.columns() == columns);
        write_npy(scratch / "b.npy", matrix.view(), NpyFormat::float16);
        CHECK(NpyMatrix(scratch / "b.npy").rows() == rows);
        CHECK(NpyMatrix(scratch / "b.npy").columns() == columns);
      }
}

TEST_CASE("a matrix lives as long as its last copy, also when it is moved or its file removed") {
  const support::ScratchDirectory scratch;
  for (int bits : {16, 32}) {
    NpyMatrix copy(scratch.file("a.npy", counting(bits, false, false)));
    {
      NpyMatrix first = copy;
      copy = NpyMatrix(scratch.file("b.npy", npy(npy_header("<f4", "(1,)"), numbers(Entries{9}))));
      std::filesystem::remove(scratch / "a.npy");
      { const NpyMatrix moved = std::move(first); }
      CHECK(entries(first.view()) == Entries{1, 2, 3, 4, 5, 6});
      copy = first;
    }
    CHECK(entries(copy.view()) == Entries{1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("a file that is not there, or no matrix, is refused by name") {
  const support::ScratchDirectory scratch;
  const auto missing = scratch / "missing.npy";
  CHECK(thrown<FileError>([&] { NpyMatrix{missing}; }) ==
        "NpyMatrix: '" + missing.string() + "' cannot be opened: No such file or directory");
  const auto empty = scratch.file("empty.npy", "");
  CHECK(thrown<FileError>([&] { NpyMatrix{empty}; }) ==
        "NpyMatrix: '" + empty.string() + "': this is not a .npy file: it does not start with \\x93NUMPY");
}

#if __has_include(<sys/mman.h>)
TEST_CASE("a conversion that does not fit into memory is refused by name, with the way out") {
  const support::ScratchDirectory scratch;
  const std::vector<std::uint16_t> halves(500 * 1000);
  const auto path = scratch.file("a.npy", npy(npy_header("<f2", "(500, 1000)"), numbers(halves)));
  most = 1'000'000;
  const std::string message = thrown<CapacityError>([&] { NpyMatrix{path}; });
  most = std::numeric_limits<std::size_t>::max();
  CHECK(message == "NpyMatrix: '" + path.string() +
                       "': 500 x 1000 floats of 16 bits are converted, which takes 1.9 MiB that could not be had; "
                       "save it as row-major float32 and it is mapped");
  CHECK(NpyMatrix(path).rows() == 500);
}
#endif

TEST_CASE("a written file is pinned, in each format") {
  const support::ScratchDirectory scratch;
  const Entries values{1.5f, -2.0f};
  const auto written = [&](NpyFormat format) {
    write_npy(scratch / "a.npy", {values.data(), 1, 2}, format);
    return bytes_of(scratch / "a.npy");
  };
  const auto start = [](const char* item) {
    return std::string("\x93NUMPY\x01\0v\0", 10) + "{'descr': '<f" + item +
           "', 'fortran_order': False, 'shape': (1, 2), }" + std::string(58, ' ') + "\n";
  };
  CHECK(written(NpyFormat::float16) == start("2") + std::string("\0\x3e\0\xc0", 4));
  CHECK(written(NpyFormat::float32) == start("4") + std::string("\0\0\xc0\x3f\0\0\0\xc0", 8));
  CHECK(written(NpyFormat::float64) == start("8") + std::string("\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 16));
  write_npy(scratch / "b.npy", {values.data(), 1, 2});
  CHECK(bytes_of(scratch / "b.npy") == written(NpyFormat::float32));
}

TEST_CASE("numbers start at a multiple of 64 bytes, however long the shape") {
  const support::ScratchDirectory scratch;
  for (Index columns = 1; columns <= 1'000'000'000'000'000'000 / 10; columns *= 10) {
    write_npy(scratch / "a.npy", {nullptr, 0, columns});
    const std::string bytes = bytes_of(scratch / "a.npy");
    CHECK(bytes.size() % 64 == 0);
    CHECK(bytes.back() == '\n');
    CHECK(NpyMatrix(scratch / "a.npy").columns() == columns);
  }
}

TEST_CASE("what is written is read again, to the bit and without the gaps between rows") {
  const support::ScratchDirectory scratch;
  const Entries values{
      0.1f, -0.0f, Limits::denorm_min(), Limits::max(), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
      3e-5f};
  for (auto format : {NpyFormat::float32, NpyFormat::float64}) {
    write_npy(scratch / "a.npy", {values.data(), 4, 2}, format);
    const NpyMatrix read(scratch / "a.npy");
    CHECK(read.rows() == 4);
    CHECK(same(entries(read.view()), values));
  }
  const Entries halves{0.0999755859375f, -0.0f, 0x1p-24f, 65504.0f, Limits::infinity(), -1.0f};
  write_npy(scratch / "a.npy", {halves.data(), 2, 3}, NpyFormat::float16);
  CHECK(same(entries(NpyMatrix(scratch / "a.npy").view()), halves));

  const Entries with_gaps{1, 2, 99, 3, 4, 99};
  write_npy(scratch / "a.npy", {with_gaps.data(), 2, 2, 3});
  CHECK(entries(NpyMatrix(scratch / "a.npy").view()) == Entries{1, 2, 3, 4});
}

TEST_CASE("a number too large for 16 bits is refused with its place, and the old file stays") {
  const support::ScratchDirectory scratch;
  scratch.file("a.npy", "old");
  for (float large : {65520.0f, -1e30f, Limits::max()}) {
    const Entries values{1, 2, 3, large};
    CHECK_THAT(thrown<ValueError>([&] {
                 write_npy(scratch / "a.npy", {values.data(), 2, 2}, NpyFormat::float16);
               }),
               ContainsSubstring("a.npy': entry (1, 1) is "));
  }
  CHECK(bytes_of(scratch / "a.npy") == "old");
  CHECK(scratch.names() == std::vector<std::string>{"a.npy"});
  const Entries largest{65519.0f};
  write_npy(scratch / "a.npy", {largest.data(), 1, 1}, NpyFormat::float16);
  CHECK(entries(NpyMatrix(scratch / "a.npy").view()) == Entries{65504.0f});
}

TEST_CASE("a matrix can be written over the file it is mapped from") {
  const support::ScratchDirectory scratch;
  const auto path = scratch.file("a.npy", counting(32, false, false));
  const NpyMatrix matrix(path);
  write_npy(path, {matrix.view().data(), 1, 2});
  CHECK(entries(matrix.view()) == Entries{1, 2, 3, 4, 5, 6});
  CHECK(entries(NpyMatrix(path).view()) == Entries{1, 2});
}

TEST_CASE("a file that cannot be written is named, with the reason") {
  const support::ScratchDirectory scratch;
  const Entries values{1};
  CHECK_THAT(thrown<FileError>([&] {
               write_npy(scratch / "no" / "a.npy", {values.data(), 1, 1});
             }),
             ContainsSubstring("a.npy' cannot be written: No such file or directory"));
}
