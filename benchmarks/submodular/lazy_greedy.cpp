// SPDX-License-Identifier: MIT
// Facility location over a kernel that is there already: lazy greedy against naive greedy, for 1, 10 and 30 % of n.
#include <pickmix/pickmix.hpp>

#include "support/embeddings.hpp"

#include <benchmark/benchmark.h>

namespace {

pickmix::Kernel kernel(pickmix::Index n) { return pickmix::similarity(measured::embeddings("clustered", n, 64)); }

template <class Maximizer>
void select(benchmark::State& state) {
  pickmix::FacilityLocationObjective objective(kernel(state.range(0)));
  pickmix::Selection selection;
  for (auto _ : state) {
    objective.reset();
    selection = pickmix::maximize(objective, pickmix::Count{state.range(0) * state.range(1) / 100}, Maximizer{});
  }
  state.counters["gains_per_item"] = static_cast<double>(selection.evaluations) / static_cast<double>(state.range(0));
  state.counters["proven_share"] = selection.value / selection.upper_bound;
}

}  // namespace

BENCHMARK(select<pickmix::LazyGreedy>)->ArgsProduct({{1000, 10000}, {1, 10, 30}})->Unit(benchmark::kMillisecond);
BENCHMARK(select<pickmix::NaiveGreedy>)->ArgsProduct({{1000}, {1, 10, 30}})->Unit(benchmark::kMillisecond);
