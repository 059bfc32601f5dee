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

/// Which dataset comes next, and nothing else.
void choose(benchmark::State& state) {
  const auto p = mixture(state.range(0)).probabilities();
  const pickmix::AliasTable table(p);
  pickmix::RandomStream random(1, 2, 3);
  for (auto _ : state) benchmark::DoNotOptimize(table(random.uniform()));
}

/// A batch of 64 rows of one dataset; of 64 datasets drawn one by one.
void draw(benchmark::State& state, pickmix::Draw how) {
  auto options = mixture(state.range(0)).options();
  options.draw = how;
  pickmix::MosState mos(options);
  pickmix::Batch batch;
  for (auto _ : state) {
    mos.draw(batch);
    benchmark::DoNotOptimize(batch.examples.data());
  }
}

template <class Scorer>
void learn(benchmark::State& state, const pickmix::Update& rule) {
  pickmix::MosState<Scorer> mos(mixture(state.range(0)).options());
  std::vector<double> rewards(static_cast<std::size_t>(state.range(0)), 0.5);
  rewards.front() = 0.9;
  for (auto _ : state) mos.learn(rewards, rule);
}

void save(benchmark::State& state) {
  const auto mos = mixture(state.range(0));
  for (auto _ : state) {
    std::ostringstream out;
    mos.save(out);
    benchmark::DoNotOptimize(out);
  }
}

void learn_logits(benchmark::State& state, const pickmix::Update& rule) { learn<pickmix::LogitScorer>(state, rule); }
void learn_perceptron(benchmark::State& state) { learn<pickmix::MlpScorer>(state, pickmix::Drift{}); }
void learn_features(benchmark::State& state) { learn<pickmix::FeatureScorer>(state, pickmix::Drift{}); }

}  // namespace

BENCHMARK(choose)->Arg(4)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(draw, batch, pickmix::Draw::batch)->Arg(4)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(draw, example, pickmix::Draw::example)->Arg(4)->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(learn_logits, drift, pickmix::Drift{})->Arg(4)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(learn_logits, exp3, pickmix::Exp3{})->Arg(4)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK(learn_perceptron)->Arg(4)->Arg(100)->Unit(benchmark::kMicrosecond);
BENCHMARK(learn_features)->Arg(4)->Arg(100)->Unit(benchmark::kMicrosecond);
BENCHMARK(save)->Arg(4)->Arg(100)->Arg(10000)->Unit(benchmark::kMicrosecond);
