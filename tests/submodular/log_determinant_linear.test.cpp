// SPDX-License-Identifier: MIT
// Residuals of an inner product, against the definition in double precision.
#include <pickmix/submodular/log_determinant_linear.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/log_determinant_definition.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <vector>

namespace submodular_log_determinant_linear_test {

using namespace pickmix;

using log_determinant::known_rows;
using log_determinant::residual;

TEST_CASE(
    "Log determinant linear: residuals are those of the definition, with known items and without, over several blocks "
    "of picks") {
  const Index n = 90;
  const Kernel kernels[] = {
      similarity(instances::normal(1, n, 12).view(), {.storage = Storage::streamed}),
      similarity(instances::normal(2, n, 50).view(), {.metric = ShiftedCosine{}, .storage = Storage::streamed})};
  for (const Kernel& kernel : kernels)
    for (const detail::KnownRows& known : {detail::KnownRows{}, known_rows(n)}) {
      detail::LinearResiduals residuals(cpu, *kernel.streamed(), 1.0, known);
      std::vector<Index> picks, all;
      for (Index j = 0; j < n; ++j) all.push_back(j);
      for (Index j = 0; j < 37; ++j) {
        residuals.add(2 * j);
        picks.push_back(2 * j);
        if (j % 9 != 0) continue;
        residuals.catch_up(cpu.threads(2), all);
        for (Index i = 2 * j + 1; i < n; i += 5)
          CHECK(residuals[i] == Approx(residual(kernel, 1.0, known, picks, i)).margin(2e-5));
      }
      residuals.reset();
      CHECK(residuals[5] == Approx(residual(kernel, 1.0, known, {}, 5)).margin(2e-6));
    }
}

}
