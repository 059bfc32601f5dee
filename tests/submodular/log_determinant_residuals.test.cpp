// SPDX-License-Identifier: MIT
// Residuals fall once for each pick, and only items that are behind are worked on.
#include <pickmix/submodular/log_determinant_residuals.hpp>

#include <support/catch.hpp>

#include <algorithm>
#include <mutex>
#include <vector>

namespace submodular_log_determinant_residuals_test {

using namespace pickmix;

TEST_CASE("A part lowers a residual once") {
  detail::Residuals residuals({4.0, 9.0});
  residuals.lower(0, 0, 1.0f);
  residuals.lower(0, 0, 1.0f);
  CHECK(residuals[0] == 3.0);
  CHECK(residuals.seen(0) == 1);
  CHECK(residuals[1] == 9.0);
  residuals.reset();
  CHECK((residuals[0] == 4.0 && residuals.seen(0) == 0));
}

TEST_CASE("Each item that is behind is in one group, however often it is named") {
  detail::Residuals residuals(std::vector<double>(10, 1.0));
  residuals.lower(3, 0, 0.5f);
  for (Index threads : {1, 3}) {
    std::mutex guard;
    std::vector<Index> worked_on;
    const std::vector<Index> items{7, 3, 1, 7, 0, 9, 1};
    residuals.for_each_group(cpu.threads(threads), items, 1, 2, [&](std::span<const Index> some) {
      const std::lock_guard lock(guard);
      CHECK(some.size() <= 2);
      worked_on.insert(worked_on.end(), some.begin(), some.end());
    });
    std::sort(worked_on.begin(), worked_on.end());
    CHECK(worked_on == std::vector<Index>{0, 1, 7, 9});
  }
}

TEST_CASE("Rounding noise leaves the diagonal, and nothing else does") {
  CHECK(detail::rounded_diagonal(1.0 + 1e-7) == 1.0);
  CHECK(detail::rounded_diagonal(1.0 - 1e-7) == 1.0);
  CHECK(detail::rounded_diagonal(0.0) == 0.0);
  CHECK(detail::rounded_diagonal(-3.0) == -3.0);
  CHECK(detail::rounded_diagonal(1234.5678) == Approx(1234.5678).epsilon(1e-6));
}

}
