// SPDX-License-Identifier: MIT
// A matrix that is filled entry by entry.
#include <pickmix/kernel/known_entries.hpp>

#include <support/catch.hpp>

#include <Eigen/Core>

namespace kernel_known_entries_test {

using namespace pickmix;

TEST_CASE("Entries are unknown, and zero, until they are set") {
  KnownEntries<float> known(3, 2);
  CHECK(known.rows() == 3);
  CHECK(known.columns() == 2);
  CHECK(known.count() == 0);
  CHECK_FALSE(known.has(2, 1));
  CHECK(known(2, 1) == 0.0f);
  known.set(2, 1, -0.5f);
  known.set(0, 0, 0.0f);  // a known zero
  CHECK(known.has(2, 1));
  CHECK(known.has(0, 0));
  CHECK_FALSE(known.has(1, 1));
  CHECK(known(2, 1) == -0.5f);
  CHECK(known.count() == 2);
  CHECK(known.values()(2, 1) == -0.5f);
}

TEST_CASE("A sparse matrix holds the known entries, zeros as well, with or without the diagonal") {
  KnownEntries<float> known(2, 3);
  known.set(0, 0, 2.0f);
  known.set(1, 0, 0.0f);
  known.set(0, 2, 4.0f);
  const auto all = known.sparse(true);
  CHECK(all.nonZeros() == 3);
  CHECK(all.isCompressed());
  CHECK(all.coeff(0, 0) == 2.0f);
  CHECK(all.coeff(0, 2) == 4.0f);
  const auto others = known.sparse(false);
  CHECK(others.nonZeros() == 2);
  CHECK(others.coeff(0, 0) == 0.0f);
  CHECK(others.coeff(0, 2) == 4.0f);
}

}
