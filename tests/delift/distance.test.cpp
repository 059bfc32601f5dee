// SPDX-License-Identifier: MIT
// Distances between predictions and true tokens.
#include <pickmix/delift/distance.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace delift_distance_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::negative_log_likelihood;
using delift::probability_distance;

namespace {

constexpr float p[] = {1.0f, 0.5f, 0.0f, 1.0f};
constexpr bool middle[] = {false, true, true, false}, nobody[] = {false, false, false, false};

}  // namespace

TEST_CASE("The probability distance is the root mean square of what is missing to 1") {
  CHECK(probability_distance(p) == Approx(std::sqrt(1.25 / 4)));
  CHECK(probability_distance(p, middle) == Approx(std::sqrt(1.25 / 2)));
  CHECK(probability_distance(std::vector<float>{1.0f, 1.0f}) == 0.0f);
  CHECK(probability_distance(std::vector<float>{0.0f}) == 1.0f);
}

TEST_CASE("The negative log-likelihood is the mean over tokens, finite where a probability is 0") {
  const float sure[] = {1.0f, 0.5f, 0.25f};
  CHECK(negative_log_likelihood(sure) == Approx(std::log(8.0) / 3));
  const bool last[] = {false, false, true};
  CHECK(negative_log_likelihood(sure, last) == Approx(std::log(4.0)));
  CHECK(negative_log_likelihood(std::vector<float>{0.0f}) == Approx(87.3365).epsilon(1e-4));
}

TEST_CASE("Where no token counts both are 0, as in the released code") {
  CHECK(probability_distance(p, nobody) == 0.0f);
  CHECK(probability_distance(std::span<const float>{}) == 0.0f);
  CHECK(negative_log_likelihood(p, nobody) == 0.0f);
}

TEST_CASE("A batch is its examples one by one") {
  Eigen::Array<float, 2, 4, Eigen::RowMajor> batch;
  Eigen::Array<bool, 2, 4, Eigen::RowMajor> counts;
  batch << 1.0f, 0.5f, 0.25f, 1.0f, 0.125f, 0.75f, 0.5f, 1.0f;
  counts << false, true, true, false, true, true, true, true;
  float out[2];
  probability_distance(batch, counts, out);
  CHECK(out[0] == probability_distance(std::vector<float>{0.5f, 0.25f}));
  CHECK(out[1] == probability_distance(std::vector<float>{0.125f, 0.75f, 0.5f, 1.0f}));
  negative_log_likelihood(batch, counts, out);
  CHECK(out[0] == negative_log_likelihood(std::vector<float>{0.5f, 0.25f}));

  Eigen::Array<bool, 2, 3, Eigen::RowMajor> narrow;
  CHECK_THAT(thrown<ShapeError>([&] { probability_distance(batch, narrow, out); }),
             ContainsSubstring("counts is 2 x 3 and p 2 x 4"));
  CHECK_THAT(thrown<ShapeError>([&] { probability_distance(batch, counts, std::span(out, 1)); }),
             ContainsSubstring("out has 1 entries and p 2 rows"));
}

TEST_CASE("What is no probability is refused by name, unless it does not count") {
  for (float bad : {-0.1f, 1.1f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const float values[] = {0.5f, bad};
    const bool first[] = {true, false};
    CHECK_THAT(thrown<ValueError>([&] { (void)probability_distance(values); }),
               ContainsSubstring("the probability of token 1 is") && ContainsSubstring("within 0 and 1"));
    CHECK_THROWS_AS(negative_log_likelihood(values), ValueError);
    CHECK(probability_distance(values, first) == 0.5f);
  }
  const bool one[] = {true};
  CHECK_THAT(thrown<ShapeError>([&] { (void)negative_log_likelihood(p, one); }),
             ContainsSubstring("counts has 1 entries and p 4"));
}

}
