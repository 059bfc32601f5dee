// SPDX-License-Identifier: MIT
// What pickmix adds to the model's own time: to each loss, and to a selection on a budget of calls.
#include <pickmix/pickmix.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using namespace pickmix;

constexpr Index width = 32, skills = 5;

/// Answers at once: a number made of the pair's.
float loss_of(const Example& e) {
  const auto mixed = static_cast<std::uint64_t>(e.row * 7919 + e.context * 104729) * 0x9E3779B97F4A7C15u;
  const float noise = static_cast<float>(mixed >> 40) / static_cast<float>(1 << 24);
  const bool helps = e.context != no_context && e.row % skills == e.context % skills;
  return 2.0f - (helps ? 0.5f * noise : 0.1f * noise);
}

Callbacks callbacks() {
  return {.loss =
              [](std::span<const Example> examples, std::span<float> out) {
                for (std::size_t k = 0; k < out.size(); ++k) out[k] = loss_of(examples[k]);
              },
          .embedding =
              [](std::span<const Example> examples, MatrixView<float> out) {
                for (Index k = 0; k < out.rows(); ++k) {
                  const Index row = examples[static_cast<std::size_t>(k)].row;
                  RandomStream random(1, 2, static_cast<std::uint64_t>(row));
                  for (Index c = 0; c < width; ++c)
                    out(k, c) = static_cast<float>(random.normal()) + (c == row % skills ? 3.0f : 0.0f);
                }
              },
          .embedding_size = width};
}

/// All n² losses in context.
void losses_in_context(benchmark::State& state) {
  const Index n = state.range(0);
  for (auto _ : state) benchmark::DoNotOptimize(delift::utility(n, n, callbacks()));
  state.counters["a_loss"] =
      benchmark::Counter(static_cast<double>(n) * static_cast<double>(n),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(losses_in_context)->Arg(500)->Arg(2000)->Unit(benchmark::kMillisecond);

/// A tenth of the pool, for 5 % of the losses; rows and threads.
void selection_on_budget(benchmark::State& state) {
  const Index n = state.range(0);
  delift::Options options;
  options.utility_calls = n + n * n / 20;
  for (auto _ : state)
    benchmark::DoNotOptimize(delift::select(cpu.threads(state.range(1)), n, callbacks(), delift::InstructionTuning{},
                                            Fraction{0.1}, FacilityLocation{}, options));
  state.counters["losses"] = static_cast<double>(options.utility_calls);
}
BENCHMARK(selection_on_budget)
    ->ArgsProduct({{250, 500, 1000}, {1, 2}})
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
