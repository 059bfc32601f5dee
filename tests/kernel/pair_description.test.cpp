// SPDX-License-Identifier: MIT
// Pairs described by their embeddings.
#include <pickmix/kernel/pair_description.hpp>

#include <support/catch.hpp>

#include <Eigen/Core>

namespace kernel_pair_description_test {

using namespace pickmix;

TEST_CASE("Pairs are described by their cosines; a zero vector is like nothing, a huge one like any other") {
  Eigen::Matrix<float, 3, 2, Eigen::RowMajor> contexts;
  contexts << 3.0f, 4.0f, 0.0f, 0.0f, 0.0f, 1e30f;
  Eigen::Matrix<float, 1, 2, Eigen::RowMajor> targets;
  targets << 0.0f, 2.0f;
  const float alone[] = {1.5f};
  const auto pairs = PairDescription<float>::of(cpu, targets, contexts, alone, false);
  CHECK(pairs.between(0, 0) == Approx(0.8));
  CHECK(pairs.between(0, 1) == 0.0f);
  CHECK(pairs.between(0, 2) == Approx(1.0));
  CHECK(pairs.of_contexts(0, 2) == Approx(0.8));
  CHECK(pairs.of_targets(0, 0) == Approx(1.0));
  CHECK(pairs.alone(0) == 1.5f);
  CHECK_FALSE(pairs.square);
}

}
