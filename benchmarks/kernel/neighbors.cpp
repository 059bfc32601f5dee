// SPDX-License-Identifier: MIT
// The neighbour graph of embeddings, k = 32: all pairs compared, and near cells only. PICKMIX_BENCH_NPY in the environment
// names a file of embeddings; without it they are clustered ones, of the size PICKMIX_BENCH_N.
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/io/npy.hpp>
#include <pickmix/kernel/approximate_neighbors.hpp>
#include <pickmix/kernel/neighbors.hpp>

#include "support/embeddings.hpp"
#include "support/machine.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>

namespace {

pickmix::MatrixView<const float> embeddings() {
  static const char* const file = std::getenv("PICKMIX_BENCH_NPY");
  if (file != nullptr) {
    static const pickmix::NpyMatrix rows(file);
    return rows.view();
  }
  static const measured::Rows rows =
      measured::embeddings("clustered", measured::size_from("PICKMIX_BENCH_N", 20000), 384);
  return rows;
}

void all_pairs(benchmark::State& state) {
  embeddings();
  for (auto _ : state) benchmark::DoNotOptimize(pickmix::nearest_neighbors(embeddings(), 32));
}

void near_cells(benchmark::State& state) {
  embeddings();
  double recall = 0.0;
  for (auto _ : state) recall = pickmix::approximate_neighbors(embeddings(), 32).recall;
  state.counters["recall"] = recall;
}

}  // namespace

BENCHMARK(all_pairs)->Unit(benchmark::kMillisecond);
BENCHMARK(near_cells)->Unit(benchmark::kMillisecond);
