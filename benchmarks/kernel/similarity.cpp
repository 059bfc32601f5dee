// SPDX-License-Identifier: MIT
// The cosine kernel of n embeddings, against one Eigen product of the same matrices (twice the operations, no symmetry).
#include <pickmix/pickmix.hpp>

#include "support/embeddings.hpp"

#include <benchmark/benchmark.h>
#include <Eigen/Core>

namespace {

void similarity(benchmark::State& state) {
  const auto rows = measured::embeddings("none", state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        pickmix::similarity(pickmix::cpu.threads(state.range(1)), rows, pickmix::SimilarityOptions{}));
}

void eigen_product(benchmark::State& state) {
  const auto rows = measured::embeddings("none", state.range(0));
  measured::Rows out(rows.rows(), rows.rows());
  for (auto _ : state) {
    out.noalias() = rows * rows.transpose();
    benchmark::DoNotOptimize(out.data());
  }
}

}  // namespace

BENCHMARK(similarity)
    ->Args({2000, 1})
    ->Args({2000, 2})
    ->Args({8000, 1})
    ->Args({8000, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(eigen_product)->Arg(2000)->Arg(8000)->UseRealTime()->Unit(benchmark::kMillisecond);
