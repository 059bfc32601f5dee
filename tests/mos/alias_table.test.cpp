// SPDX-License-Identifier: MIT
// The alias table gives each index its probability.
#include <pickmix/mos/alias_table.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_alias_table_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

/// The part of [0, 1) that each index has.
Doubles measure(const AliasTable& table) {
  Doubles p(table.columns().size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto [threshold, alias] = table.columns()[i];
    CHECK((threshold >= 0.0 && threshold <= 1.0));
    p[i] += threshold;
    p[static_cast<std::size_t>(alias)] += 1.0 - threshold;
  }
  for (double& share : p) share /= static_cast<double>(p.size());
  return p;
}

void check_probabilities(const Doubles& weights) {
  const auto p = measure(AliasTable(weights));
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double worst = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    worst = std::max(worst, std::abs(p[i] - weights[i] / total));
    if (weights[i] == 0.0) CHECK(p[i] == 0.0);
  }
  CHECK(worst < 1e-12);
}

Doubles random_weights(std::size_t count, std::uint64_t seed) {
  RandomStream random(seed, 0x616C6961, 0);
  Doubles weights(count);
  for (double& w : weights) w = random.uniform();
  return weights;
}

}  // namespace

TEST_CASE("The table, by hand") {
  // In columns, 3 · (4, 3, 1) / 8 = (1.5, 1.125, 0.375): 1 fills up 2, which leaves it 0.5; 0 fills up 1.
  const AliasTable table(Doubles{4.0, 3.0, 1.0});
  CHECK(table.columns()[0].threshold == 1.0);
  CHECK(table.columns()[1].threshold == 0.5);
  CHECK(table.columns()[1].alias == 0);
  CHECK(table.columns()[2].threshold == 0.375);
  CHECK(table.columns()[2].alias == 1);
  // Column 1 is [1/3, 2/3), and its own as far as 1/2.
  CHECK(table(0.3) == 0);
  CHECK(table(0.49) == 1);
  CHECK(table(0.51) == 0);
  CHECK(table(0.75) == 2);
  CHECK(table(0.8) == 1);
}

TEST_CASE("Every index has its probability") {
  check_probabilities({5.0});
  check_probabilities({0.3, 0.7});
  check_probabilities({0.0, 1.0});
  check_probabilities({0.1, 0.0, 0.25, 0.05, 0.0, 0.4, 0.2});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    check_probabilities(random_weights(7, seed));
    auto weights = random_weights(1000, seed);
    check_probabilities(weights);
    for (std::size_t i = 0; i < weights.size(); i += 1 + seed % 3) weights[i] = 0.0;
    if (seed % 3 != 0) check_probabilities(weights);
  }
  check_probabilities(Doubles(1000, 1.0 / 1000));
}

TEST_CASE("Very unequal weights have their probabilities") {
  Doubles falling(1000), one(1000, 1e-9), few(1000, 0.0);
  for (std::size_t i = 0; i < falling.size(); ++i) falling[i] = std::pow(2.0, -static_cast<double>(i));
  one[123] = 1e9;
  few[0] = few[998] = 1.0, few[500] = 1e-8;
  check_probabilities(falling);
  check_probabilities(one);
  check_probabilities(few);
}

TEST_CASE("Weights at the ends of the doubles divide as any others") {
  const double most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
  CHECK(measure(AliasTable(Doubles{most, most, most, most})) == Doubles(4, 0.25));
  CHECK(measure(AliasTable(Doubles{least, 3.0 * least})) == Doubles{0.25, 0.75});
}

TEST_CASE("A number is drawn as the table says") {
  const AliasTable table(Doubles{0.1, 0.0, 0.25, 0.05, 0.0, 0.4, 0.2});
  for (std::size_t i = 0; i < 7; ++i) {
    const auto [threshold, alias] = table.columns()[i];
    const auto at = [&](double part) { return table((static_cast<double>(i) + part) / 7.0); };
    if (threshold > 1e-9) CHECK(at(threshold - 1e-9) == static_cast<Index>(i));
    if (threshold < 1.0) CHECK(at(threshold + 1e-9) == alias);
    if (threshold < 1.0) CHECK(at(1.0 - 1e-9) == alias);
  }
}

TEST_CASE("The first and the last number draw an index, never one of weight 0") {
  const double last = std::nextafter(1.0, 0.0);
  for (std::size_t count = 1; count < 200; ++count) {
    Doubles weights(count, 0.0);
    weights[count / 2] = 1.0;
    const AliasTable table(weights);
    CHECK(table(0.0) == static_cast<Index>(count / 2));
    CHECK(table(last) == static_cast<Index>(count / 2));
    const AliasTable even(Doubles(count, 1.0));
    CHECK(even(0.0) == 0);
    CHECK(even(last) == static_cast<Index>(count - 1));
  }
}

TEST_CASE("Equal weights make equal tables") {
  const auto weights = random_weights(100, 7);
  const AliasTable one(weights), other(weights);
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(one.columns()[i].threshold == other.columns()[i].threshold);
    CHECK(one.columns()[i].alias == other.columns()[i].alias);
  }
}

TEST_CASE("Weights that are no distribution are named") {
  const auto message = [](const Doubles& weights) { return thrown<ValueError>([&] { AliasTable{weights}; }); };
  CHECK_THAT(thrown<ShapeError>([] { AliasTable{Doubles{}}; }), ContainsSubstring("AliasTable: weights is empty"));
  CHECK_THAT(message({0.0, 0.0}), ContainsSubstring("AliasTable: all 2 weights are 0"));
  CHECK_THAT(message({1.0, -0.5}),
             ContainsSubstring("AliasTable: weights[1] is -0.5; needs to be finite and at least 0"));
  CHECK_THAT(message({std::numeric_limits<double>::quiet_NaN()}), ContainsSubstring("weights[0] is nan"));
  CHECK_THAT(message({1.0, std::numeric_limits<double>::infinity()}), ContainsSubstring("weights[1] is inf"));
}

}
