// SPDX-License-Identifier: MIT
// A little of pickmix, of Eigen and of fmt's compiled part; the whole is compiled in examples/consumer.
#include <pickmix/core/error.hpp>
#include <pickmix/kernel/similarity.hpp>

#include <Eigen/Core>

#include <cstdio>
#include <limits>

int main() {
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> embeddings(2, 2);
  embeddings << 1.0f, 0.0f, 0.0f, std::numeric_limits<float>::quiet_NaN();
  try {
    (void)pickmix::similarity(embeddings);
  } catch (const pickmix::Error& error) {
    std::puts(error.what());
  }
}
