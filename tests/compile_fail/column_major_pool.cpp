// SPDX-License-Identifier: MIT
// A pool has one embedding a row; Eigen's default order would hand over its transpose.
// expected: pickmix reads matrices row by row
#include <pickmix/delift/select.hpp>

#include <Eigen/Core>

int main() {
  const Eigen::MatrixXf pool(3, 2);
  (void)pickmix::delift::select(pool, pickmix::delift::InstructionTuning{}, pickmix::Count{2});
}
