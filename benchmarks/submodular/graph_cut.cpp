// SPDX-License-Identifier: MIT
// Graph cut over similarities that are never computed: a pick against one matrix–vector product, which a pick would cost
// if all gains were brought up to date. Sizes: PICKMIX_BENCH_N, PICKMIX_BENCH_D and PICKMIX_BENCH_K in the environment.
#include <pickmix/core/rng.hpp>
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/graph_cut.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace {

using pickmix::Index;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Index size(const char* name, Index otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<Index>(std::atoll(text));
}
const Index n = size("PICKMIX_BENCH_N", 50000), d = size("PICKMIX_BENCH_D", 384), k = size("PICKMIX_BENCH_K", 1000);

/// Rows in 200 clusters of unequal size and spread; cheap noise, for there may be a million of them.
const Rows& embeddings() {
  static const Rows rows = [] {
    constexpr Index clusters = 200;
    pickmix::RandomStream random(1, 0);
    Rows centres(clusters, d), out(n, d);
    for (auto& x : centres.reshaped()) x = static_cast<float>(random.normal());
    std::uint64_t state = 1;
    for (Index r = 0; r < n; ++r) {
      const auto cluster = static_cast<Index>(std::pow(random.uniform(), 2.0) * clusters);
      const float spread = 1.0f + static_cast<float>(random.uniform());
      for (Index c = 0; c < d; ++c) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out(r, c) = centres(cluster, c) + spread * (static_cast<float>(state >> 40) * 0x1p-23f - 1.0f);
      }
    }
    return out;
  }();
  return rows;
}

const pickmix::Kernel& kernel() {
  static const pickmix::Kernel streamed =
      pickmix::similarity(embeddings(), {.metric = pickmix::ShiftedCosine{}, .storage = pickmix::Storage::streamed});
  return streamed;
}

void matrix_vector_product(benchmark::State& state) {
  const Eigen::VectorXf vector = embeddings().row(0).transpose();
  Eigen::VectorXf out(n);
  for (auto _ : state) {
    out.noalias() = embeddings() * vector;
    benchmark::DoNotOptimize(out.data());
  }
}

void making_one(benchmark::State& state) {
  kernel();
  for (auto _ : state) benchmark::DoNotOptimize(pickmix::GraphCut{}.plain(kernel()));
}

/// lambda = range / 10. `each` is the time of a pick, the first, which looks at all items, left out.
void lazy(benchmark::State& state) {
  auto objective = pickmix::GraphCut{.lambda = static_cast<double>(state.range(0)) / 10.0}.plain(kernel());
  pickmix::Selection selection;
  double seconds = 0.0;
  for (auto _ : state) {
    objective.reset();
    std::chrono::steady_clock::time_point first;
    selection =
        pickmix::maximize(objective, pickmix::Count{k}, pickmix::LazyGreedy{}, [&](const pickmix::SelectionStep& step) {
          const auto now = std::chrono::steady_clock::now();
          if (step.picked == 1) first = now;
          if (step.picked == k) seconds += std::chrono::duration<double>(now - first).count();
        });
  }
  state.counters["gains_per_pick"] = static_cast<double>(selection.evaluations - n) / static_cast<double>(k);
  state.counters["us_per_pick"] = 1e6 * seconds / static_cast<double>(state.iterations()) / static_cast<double>(k - 1);
}

}  // namespace

BENCHMARK(matrix_vector_product)->Unit(benchmark::kMillisecond);
BENCHMARK(making_one)->Unit(benchmark::kMillisecond);
BENCHMARK(lazy)->Arg(1)->Arg(4)->Arg(5)->Unit(benchmark::kMillisecond);
