// SPDX-License-Identifier: MIT
// Log-determinant on clustered embeddings: lazy greedy against fast greedy MAP inference (Chen et al. 2018), by which every
// pick updates all items. Sizes: PICKMIX_BENCH_N, PICKMIX_BENCH_D and PICKMIX_BENCH_K in the environment; epsilon is 1.
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/log_determinant.hpp>

#include "support/embeddings.hpp"
#include "support/machine.hpp"

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using pickmix::Index;
const Index n = measured::size_from("PICKMIX_BENCH_N", 10000), d = measured::size_from("PICKMIX_BENCH_D", 384),
            k = measured::size_from("PICKMIX_BENCH_K", 300);

const measured::Rows& embeddings() {
  static const measured::Rows rows = [] {
    measured::Rows made = measured::embeddings("clustered", n, d);
    made.rowwise().normalize();
    return made;
  }();
  return rows;
}

constexpr float gamma = 1.0f;

/// Fast greedy MAP inference; `column` gives the similarities of all items to one.
template <class Column>
std::vector<Index> fast_greedy(double epsilon, const Column& column) {
  Eigen::MatrixXf factor(n, k);
  Eigen::ArrayXd residual = Eigen::ArrayXd::Constant(n, 1.0 + epsilon);
  Eigen::VectorXf part(n);
  std::vector<Index> picks;
  for (Index t = 0; t < k; ++t) {
    Index best = 0;
    residual.maxCoeff(&best);
    picks.push_back(best);
    column(best, part);
    if (t > 0) part.noalias() -= factor.leftCols(t) * factor.row(best).head(t).transpose().eval();
    part /= static_cast<float>(std::sqrt(residual[best]));
    factor.col(t) = part;
    residual -= part.array().cast<double>().square();
    residual[best] = 0.0;
  }
  return picks;
}

struct Linear {
  static pickmix::Metric metric() { return pickmix::Cosine{}; }
  static void column(Index j, Eigen::VectorXf& out) { out.noalias() = embeddings() * embeddings().row(j).transpose(); }
};
struct Gaussian {
  static pickmix::Metric metric() { return pickmix::Rbf{gamma}; }
  static void column(Index j, Eigen::VectorXf& out) {
    Linear::column(j, out);
    out = (-gamma * (2.0f - 2.0f * out.array()).max(0.0f)).exp().matrix();
  }
};

template <class Similarity>
void every_pick_updates_all(benchmark::State& state) {
  embeddings();
  for (auto _ : state) benchmark::DoNotOptimize(fast_greedy(1.0, Similarity::column));
}

template <class Similarity>
void lazy(benchmark::State& state) {
  const pickmix::Kernel kernel =
      pickmix::similarity(embeddings(), {.metric = Similarity::metric(), .storage = pickmix::Storage::streamed});
  pickmix::Selection selection;
  for (auto _ : state) {  // with all that making the objective takes
    auto objective = pickmix::LogDeterminant{}.plain(kernel);
    selection = pickmix::maximize(objective, pickmix::Count{k}, pickmix::LazyGreedy{});
  }
  const std::vector<Index> expected = fast_greedy(1.0, Similarity::column);
  const auto parting = std::mismatch(expected.begin(), expected.end(), selection.indices.begin()).first;
  state.counters["same_picks"] = static_cast<double>(parting - expected.begin());
  auto objective = pickmix::LogDeterminant{}.plain(kernel);
  state.counters["value_ratio"] = selection.value / pickmix::evaluate(objective, expected);
  state.counters["gains_per_pick"] = static_cast<double>(selection.evaluations) / static_cast<double>(k);
}

}  // namespace

BENCHMARK(every_pick_updates_all<Linear>)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(lazy<Linear>)->Unit(benchmark::kMillisecond);
BENCHMARK(every_pick_updates_all<Gaussian>)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(lazy<Gaussian>)->Unit(benchmark::kMillisecond);
