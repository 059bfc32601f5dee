// SPDX-License-Identifier: MIT
// Graph cut over similarities that are never computed: a pick against one matrix–vector product, which a pick would cost
// if all gains were brought up to date. Sizes: PICKMIX_BENCH_N, PICKMIX_BENCH_D and PICKMIX_BENCH_K in the environment.
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/graph_cut.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>

#include "support/embeddings.hpp"
#include "support/machine.hpp"

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <chrono>

namespace {

using pickmix::Index;
const Index n = measured::size_from("PICKMIX_BENCH_N", 50000), d = measured::size_from("PICKMIX_BENCH_D", 384),
            k = measured::size_from("PICKMIX_BENCH_K", 1000);

const measured::Rows& embeddings() {
  static const measured::Rows rows = measured::embeddings("clustered", n, d);
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
