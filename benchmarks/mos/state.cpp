// SPDX-License-Identifier: MIT
// What a mixture costs: drawing a batch, one update of the distribution, a checkpoint, for 4 to 10,000 datasets.
#include <pickmix/pickmix.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <sstream>
#include <vector>

namespace {

pickmix::MosState<> mixture(pickmix::Index datasets) {
  return pickmix::MosState({.sizes = std::vector<pickmix::Index>(static_cast<std::size_t>(datasets), 5000)});
}

void draw(benchmark::State& state) {
  auto mos = mixture(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(mos.draw());
}

void learn(benchmark::State& state) {
  auto mos = mixture(state.range(0));
  std::vector<double> rewards(static_cast<std::size_t>(state.range(0)), 0.5);
  rewards.front() = 0.9;
  for (auto _ : state) mos.learn(rewards);
}

void save(benchmark::State& state) {
  const auto mos = mixture(state.range(0));
  for (auto _ : state) {
    std::ostringstream out;
    mos.save(out);
    benchmark::DoNotOptimize(out);
  }
}

}  // namespace

BENCHMARK(draw)->Arg(4)->Arg(100)->Arg(10000);
BENCHMARK(learn)->Arg(4)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK(save)->Arg(4)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
