// SPDX-License-Identifier: MIT
// The cosine kernel of n embeddings, against one Eigen product of the same matrices (twice the operations, no symmetry).
#include <pickmix/pickmix.hpp>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Rows embeddings(pickmix::Index n, pickmix::Index d) {
  pickmix::RandomStream random(1, 0);
  Rows rows(n, d);
  for (auto& x : rows.reshaped()) x = static_cast<float>(random.normal());
  return rows;
}

void similarity(benchmark::State& state) {
  const auto rows = embeddings(state.range(0), 384);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        pickmix::similarity(pickmix::cpu.threads(state.range(1)), rows, pickmix::SimilarityOptions{}));
}

void eigen_product(benchmark::State& state) {
  const auto rows = embeddings(state.range(0), 384);
  Rows out(rows.rows(), rows.rows());
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
