// SPDX-License-Identifier: MIT
// Residuals of any kernel, against the definition in double precision.
#include <pickmix/submodular/log_determinant_cholesky.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <vector>

using namespace pickmix;

namespace {

/// What the items before leave of each, known items with rows b before them all.
double residual(const Kernel& s, double epsilon, const detail::KnownRows& known, const std::vector<Index>& picks,
                Index j) {
  const auto entry = [&](Index a, Index b) {
    double left = static_cast<double>(s(a, b)) + (a == b ? epsilon : 0.0);
    for (Index t = 0; t < known.width; ++t)
      left -= static_cast<double>(known.row(a)[t]) * static_cast<double>(known.row(b)[t]);
    return left;
  };
  const auto size = static_cast<Index>(picks.size());
  Eigen::MatrixXd within(size, size);
  Eigen::VectorXd to(size);
  for (Index a = 0; a < size; ++a) {
    to[a] = entry(picks[static_cast<std::size_t>(a)], j);
    for (Index b = 0; b < size; ++b)
      within(a, b) = entry(picks[static_cast<std::size_t>(a)], picks[static_cast<std::size_t>(b)]);
  }
  return entry(j, j) - (size == 0 ? 0.0 : to.dot(within.llt().solve(to)));
}

/// Two features' worth of known items, padded.
detail::KnownRows known_rows(Index n) {
  const auto some = instances::normal(7, n, 2);
  detail::KnownRows out{16, std::vector<float>(static_cast<std::size_t>(16 * n), 0.0f)};
  for (Index j = 0; j < n; ++j)
    for (Index t = 0; t < 2; ++t) out.entries[static_cast<std::size_t>(16 * j + t)] = 0.1f * some.view()(j, t);
  return out;
}

}  // namespace

TEST_CASE("Residuals are those of the definition, with known items and without, over several blocks of picks") {
  const Index n = 90;
  const Kernel kernels[] = {
      similarity(instances::normal(1, n, 12).view()),
      similarity(instances::normal(2, n, 12).view(), {.metric = Rbf{0.05}, .storage = Storage::streamed}),
      similarity(instances::normal(2, n, 12).view(), {.metric = Rbf{0.05}, .storage = Storage::half})};
  for (const Kernel& kernel : kernels)
    for (const detail::KnownRows& known : {detail::KnownRows{}, known_rows(n)}) {
      detail::CholeskyResiduals residuals(cpu, kernel, 1.0, known);
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
