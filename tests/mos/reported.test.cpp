// SPDX-License-Identifier: MIT
// Tests of mos/reported.hpp.
#include <pickmix/mos/reported.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

namespace mos_reported_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

std::stringstream fields(std::vector<double> sum, std::vector<Index> count) {
  ArchiveWriter file("test", 1);
  file.write("reported.sum", sum);
  file.write("reported.count", count);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

Reported load(std::stringstream stream) {
  ArchiveReader file(stream, "test", 1);
  return Reported::load(file, 2);
}

}  // namespace

TEST_CASE("Means are over what was reported since the last clearing; NaN where there is nothing") {
  Reported reported(3);
  reported.add(0, 2.0);
  reported.add(2, 1.0);
  const std::vector<Example> examples{{.dataset = 2, .row = 0}, {.dataset = 0, .row = 4}};
  reported.add(examples, std::vector<float>{4.0f, 3.0f});
  CHECK(reported.means()[0] == 2.5);
  CHECK(std::isnan(reported.means()[1]));
  CHECK(reported.means()[2] == 2.5);
  reported.add_dataset();
  reported.add(3, -1.0);
  CHECK(reported.means()[3] == -1.0);
  reported.clear();
  for (double mean : reported.means()) CHECK(std::isnan(mean));
}

TEST_CASE("What makes no sense is refused whole") {
  Reported reported(2);
  CHECK_THROWS_WITH(reported.add(2, 1.0), ContainsSubstring("dataset is 2"));
  CHECK_THROWS_AS(reported.add(-1, 1.0), ValueError);
  CHECK_THROWS_AS(reported.add(0, std::numeric_limits<double>::infinity()), ValueError);
  const std::vector<Example> examples{{.dataset = 0, .row = 0}, {.dataset = 1, .row = 0}};
  CHECK_THROWS_AS(reported.add(examples, std::vector<float>{1.0f}), ShapeError);
  CHECK_THROWS_AS(reported.add(examples, std::vector<float>{1.0f, std::nanf("")}), ValueError);
  CHECK_THROWS_AS(reported.add(examples, std::vector<float>{std::nanf(""), 1.0f}), ValueError);
  for (double mean : reported.means()) CHECK(std::isnan(mean));
}

TEST_CASE("A loss with which the sum would no longer be finite is refused") {
  Reported reported(2);
  reported.add(1, 1.5e308);
  CHECK_THROWS_WITH(reported.add(1, 1.5e308), ContainsSubstring("dataset 1"));
  reported.add(0, 1.5e308);
  CHECK(reported.means()[1] == 1.5e308);
  const std::vector<Example> examples{{.dataset = 1, .row = 0}};
  reported.add(examples, std::vector<float>{std::numeric_limits<float>::max()});
  CHECK(std::isfinite(reported.means()[1]));
}

TEST_CASE("It goes through a checkpoint, which is refused where a field cannot be") {
  Reported reported(2);
  reported.add(1, 0.5);
  ArchiveWriter file("test", 1);
  reported.save(file);
  std::stringstream stream;
  file.finish(stream);
  Reported again = load(std::move(stream));
  again.add(1, 1.5);
  CHECK(again.means()[1] == 1.0);
  CHECK_THROWS_AS(load(fields({1.0}, {1, 0})), CheckpointError);
  CHECK_THROWS_AS(load(fields({1.0, 0.0}, {1})), CheckpointError);
  CHECK_THROWS_AS(load(fields({1.0, 0.0}, {1, -1})), CheckpointError);
  CHECK_THROWS_AS(load(fields({1.0, std::nan("")}, {1, 1})), CheckpointError);
}

}
