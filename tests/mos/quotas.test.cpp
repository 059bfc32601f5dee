// SPDX-License-Identifier: MIT
// Tests of mos/quotas.hpp.
#include <pickmix/mos/quotas.hpp>

#include <pickmix/core/rng.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace mos_quotas_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;
using Indices = std::vector<Index>;

TEST_CASE("Quotas are whole numbers by largest remainder; of equal ones the lower index gains") {
  CHECK(quotas(Doubles{0.5, 0.3, 0.2}, Indices{100, 100, 100}, 10) == Indices{5, 3, 2});
  CHECK(quotas(Doubles{0.47, 0.16, 0.158, 0.12, 0.061, 0.031}, Indices(6, 100), 10) == Indices{5, 2, 1, 1, 1, 0});
  CHECK(quotas(Doubles{1.0, 1.0, 1.0}, Indices{100, 100, 100}, 10) == Indices{4, 3, 3});
  CHECK(quotas(Doubles{1.0, 1.0, 1.0}, Indices{100, 100, 100}, 2) == Indices{1, 1, 0});
  CHECK(quotas(Doubles{0.29, 0.71}, Indices{100, 100}, 100) == Indices{29, 71});
  CHECK(quotas(Doubles{7.0}, Indices{3}, 2) == Indices{2});
}

TEST_CASE("A dataset that is full gives what is over to the others, by their shares") {
  CHECK(quotas(Doubles{0.8, 0.1, 0.1}, Indices{10, 100, 100}, 50) == Indices{10, 20, 20});
  CHECK(quotas(Doubles{0.6, 0.3, 0.1}, Indices{10, 12, 100}, 50) == Indices{10, 12, 28});  // the second fills up later
  CHECK(quotas(Doubles{0.9, 0.1}, Indices{9, 100}, 10) == Indices{9, 1});
  CHECK(quotas(Doubles{0.5, 0.5}, Indices{0, 5}, 4) == Indices{0, 4});
}

TEST_CASE("There is no more than the total, and no more than there is") {
  CHECK(quotas(Doubles{0.5, 0.5}, Indices{3, 4}, 100) == Indices{3, 4});
  CHECK(quotas(Doubles{0.5, 0.5}, Indices{3, 4}, 7) == Indices{3, 4});
  CHECK(quotas(Doubles{0.5, 0.5}, Indices{3, 4}, 0) == Indices{0, 0});
  CHECK(quotas(Doubles{0.5, 0.5}, Indices{0, 0}, 5) == Indices{0, 0});
}

TEST_CASE("A dataset without a share gets nothing, even where the others are full") {
  CHECK(quotas(Doubles{0.0, 1.0}, Indices{100, 4}, 10) == Indices{0, 4});
  CHECK(quotas(Doubles{1e-300, 1.0}, Indices{100, 4}, 10) == Indices{0, 4});
  CHECK(quotas(Doubles{1e-280, 1.0}, Indices{100, 4}, 10) == Indices{6, 4});
}

TEST_CASE("Of any shares and sizes the sum is right, no dataset gives more than it has, and shares are kept") {
  RandomStream random(8, 0);
  for (int trial = 0; trial < 3000; ++trial) {
    CAPTURE(trial);
    const auto datasets = static_cast<std::size_t>(1 + random.below(8));
    Doubles shares;
    Indices sizes;
    for (std::size_t d = 0; d < datasets; ++d) {
      shares.push_back(random.below(5) == 0 ? 0.0 : std::exp(static_cast<double>(random.below(20))) * random.uniform());
      sizes.push_back(random.below(200));
    }
    shares[0] += 1e-3;
    const Index total = random.below(600);
    const Indices q = quotas(shares, sizes, total);
    Index there = 0, sum = 0;
    for (std::size_t d = 0; d < datasets; ++d) {
      there += shares[d] > 0.0 ? sizes[d] : 0;
      sum += q[d];
      REQUIRE((q[d] >= 0 && q[d] <= sizes[d]));
      if (shares[d] == 0.0) REQUIRE(q[d] == 0);
    }
    REQUIRE(sum == std::min(total, there));
    for (std::size_t a = 0; a < datasets; ++a)  // of two that are not full, each is within a row of its share
      for (std::size_t b = 0; b < datasets; ++b)
        if (q[a] < sizes[a] && q[b] < sizes[b] && shares[b] > 0.0)
          REQUIRE(static_cast<double>(q[a]) - 1.0 < (static_cast<double>(q[b]) + 1.0) * shares[a] / shares[b] + 1e-9);
  }
}

TEST_CASE("Numbers beyond the digits of a double add up all the same") {
  const Index most = Index{1} << 60;
  for (Index total : {most, most - 1, most + 1, 3 * (most / 2) + 7}) {
    const Indices q = quotas(Doubles{0.1, 0.2, 0.7, 1.0 / 3.0}, Indices{most, most, most / 2, 17}, total);
    CHECK(std::accumulate(q.begin(), q.end(), Index{0}) == total);
  }
  constexpr Index largest = std::numeric_limits<Index>::max();
  CHECK(quotas(Doubles{1.0, 1e-3}, Indices{largest, largest}, largest)[0] > largest / 2);
  CHECK(quotas(Doubles{1e308, 1.0}, Indices{5, 5}, 7) == Indices{5, 0});
}

TEST_CASE("Shares, sizes and totals that make no sense are refused by name") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (double bad : {nan, infinity, -0.1})
    CHECK_THAT(thrown<ValueError>([&] {
                 (void)quotas(Doubles{0.5, bad}, Indices{1, 1}, 1);
               }),
               ContainsSubstring("quotas: the share of dataset 1 is"));
  CHECK_THAT(thrown<ValueError>([] {
               (void)quotas(Doubles{0.0, 0.0}, Indices{1, 1}, 1);
             }),
             ContainsSubstring("add up to 0"));
  CHECK_THAT(thrown<ValueError>([] {
               (void)quotas(Doubles{1e308, 1e308}, Indices{1, 1}, 1);
             }),
             ContainsSubstring("add up to inf"));
  CHECK_THAT(thrown<ValueError>([] {
               (void)quotas(Doubles{0.5, 0.5}, Indices{1, -1}, 1);
             }),
             ContainsSubstring("sizes[1] is -1"));
  CHECK_THAT(thrown<ValueError>([] {
               (void)quotas(Doubles{0.5, 0.5}, Indices{1, 1}, -1);
             }),
             ContainsSubstring("total is -1"));
  CHECK_THAT(thrown<ShapeError>([] {
               (void)quotas(Doubles{0.5, 0.5}, Indices{1}, 1);
             }),
             ContainsSubstring("2 shares and 1 sizes"));
  CHECK_THAT(thrown<ShapeError>([] { (void)quotas(Doubles{}, Indices{}, 1); }), ContainsSubstring("shares is empty"));
}

}
