// SPDX-License-Identifier: MIT
// Adam: steps computed by hand, and its checkpoint.
#include <pickmix/mos/adam.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace mos_adam_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

/// Writes fields with `write(archive)`, then loads an Adam of two parameters from them.
template <class Write>
Adam load_two(Write&& write) {
  ArchiveWriter out("test", 1);
  write(out);
  std::stringstream file;
  out.finish(file);
  ArchiveReader in(file, "test", 1);
  Adam adam = Adam::load(in, 2);
  in.finish();
  return adam;
}

std::string refusal(Index steps, const Doubles& mean, const Doubles& square) {
  return thrown<CheckpointError>([&] {
    (void)load_two([&](ArchiveWriter& out) {
      out.write("adam.steps", steps);
      out.write("adam.mean", mean);
      out.write("adam.square", square);
    });
  });
}

}  // namespace

TEST_CASE("Two steps are those computed by hand") {
  Adam adam(2);
  Doubles x{2.0, 0.0};
  adam.ascend(x, Doubles{1.0, 0.0}, {0.1});
  CHECK(x[0] == Approx(2.09999999900000001).epsilon(1e-14));
  adam.ascend(x, Doubles{-0.5, 0.0}, {0.1});
  // mean: (0.9 · 0.1 − 0.1 · 0.5) / (1 − 0.9²); square: (0.999 · 0.001 + 0.001 · 0.25) / (1 − 0.999²)
  CHECK(x[0] == Approx(2.12663370262909702).epsilon(1e-14));
  CHECK(x[1] == 0.0);
}

TEST_CASE("The first step is the learning rate, up the gradient, whatever its size") {
  for (double gradient : {1e-4, 1.0, 1e6}) {
    Doubles x{0.0};
    Adam(1).ascend(x, Doubles{gradient}, {0.01});
    CHECK(x[0] == Approx(0.01).epsilon(2e-4));
    Adam(1).ascend(x, Doubles{-gradient}, {0.01});
    CHECK(x[0] == Approx(0.0).margin(1e-5));
  }
}

TEST_CASE("Without a gradient nothing moves") {
  Doubles x{3.0};
  Adam(1).ascend(x, Doubles{0.0}, {0.1});
  CHECK(x[0] == 3.0);
}

TEST_CASE("A loaded Adam goes on as the saved one") {
  Adam adam(2);
  Doubles x{0.0, 1.0};
  for (double gradient : {0.3, -0.7, 0.2}) adam.ascend(x, Doubles{gradient, 1.0 - gradient}, {0.01});
  Adam copy = load_two([&](ArchiveWriter& out) { adam.save(out); });
  Doubles y = x;
  for (int step = 0; step < 5; ++step) {
    adam.ascend(x, Doubles{0.1, -0.4}, {0.01});
    copy.ascend(y, Doubles{0.1, -0.4}, {0.01});
    CHECK(x == y);
  }
}

TEST_CASE("What an Adam cannot have been saved with is refused by name") {
  CHECK(refusal(0, {0, 0}, {0, 0}) == "(nothing was thrown)");
  CHECK_THAT(refusal(-1, {0, 0}, {0, 0}), ContainsSubstring("adam.steps"));
  CHECK_THAT(refusal(1, {0}, {0, 0}), ContainsSubstring("adam.mean"));
  CHECK_THAT(refusal(1, {0, 0}, {0, 0, 0}), ContainsSubstring("adam.square"));
  CHECK_THAT(refusal(1, {0, not_a_number}, {0, 0}), ContainsSubstring("moments [1]"));
  CHECK_THAT(refusal(1, {infinity, 0}, {0, 0}), ContainsSubstring("moments [0]"));
  CHECK_THAT(refusal(1, {0, 0}, {0, -1e-300}), ContainsSubstring("moments [1]"));
  CHECK_THAT(refusal(1, {0, 0}, {not_a_number, 0}), ContainsSubstring("moments [0]"));
  CHECK_THAT(refusal(1, {0, 0}, {0, infinity}), ContainsSubstring("moments [1]"));
}

}
