// SPDX-License-Identifier: MIT
// Tests of core/error.hpp.
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <pickmix/core/error.hpp>

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace core_error_test {

using namespace pickmix;

TEMPLATE_TEST_CASE("every error can be caught as an Error", "", ShapeError, ValueError, CapacityError, CheckpointError,
                   FileError, BackendError, CallbackError) {
  CHECK_THROWS_AS(raise<TestType>("a = {}", 1), Error);
}

TEST_CASE("an Error can be caught as a std::runtime_error") { CHECK_THROWS_AS(raise<Error>("x"), std::runtime_error); }

TEST_CASE("no kind of error is a case of another kind") {
  STATIC_REQUIRE(!std::derived_from<CheckpointError, ValueError>);
  STATIC_REQUIRE(!std::derived_from<CallbackError, ValueError>);
  STATIC_REQUIRE(!std::derived_from<ShapeError, ValueError>);
  STATIC_REQUIRE(!std::derived_from<ValueError, ShapeError>);
  STATIC_REQUIRE(!std::derived_from<CapacityError, ShapeError>);
  STATIC_REQUIRE(!std::derived_from<BackendError, CapacityError>);
}

TEST_CASE("raise throws exactly the kind that was asked for, with the formatted message") {
  const std::string name = "budget";
  const auto message = thrown<CapacityError>([&] { raise<CapacityError>("{} is {:.2f}; needs {}", name, 0.25, 1); });
  CHECK(message == "budget is 0.25; needs 1");
}

TEST_CASE("a message takes values of any type that can be formatted, and braces") {
  CHECK(detail::message("{} {} {} {} {}", true, 'c', "text", std::string_view("view"), std::string("string")) ==
        "true c text view string");
  CHECK(detail::message("{} {} {} {}", -1, std::size_t{1}, 0.1f, 0.1) == "-1 1 0.1 0.1");
  CHECK(detail::message("{{}} {:>4}{{{}}}", 7, 8) == "{}    7{8}");
  CHECK(detail::message("") == "");
}

TEST_CASE("an amount of memory is told in a unit that shows it") {
  CHECK(detail::bytes_text(0.0) == "0 bytes");
  CHECK(detail::bytes_text(1000.0) == "1000 bytes");
  CHECK(detail::bytes_text(0x1.8p20) == "1.5 MiB");
  CHECK(detail::bytes_text(0x1p30) == "1.0 GiB");
}

TEST_CASE("a value of a message is read where it is") {
  std::string value = "first";
  const auto text = [&] { return detail::message("{}", value); };
  CHECK(text() == "first");
  value = "a second one that is long enough to lie elsewhere";
  CHECK(text() == value);
}

}
