// SPDX-License-Identifier: MIT
// Facility location over a kernel that is there already: lazy greedy against naive greedy, for 1, 10 and 30 % of n.
#include <pickmix/pickmix.hpp>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <cmath>

namespace {

/// Clustered unit vectors, as sentence embeddings are: 50 topics of unequal size.
pickmix::Kernel kernel(pickmix::Index n) {
  constexpr pickmix::Index d = 64, topics = 50;
  pickmix::RandomStream random(1, 0);
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> centres(topics, d), rows(n, d);
  for (auto& x : centres.reshaped()) x = static_cast<float>(random.normal());
  for (pickmix::Index r = 0; r < n; ++r) {
    const auto topic = static_cast<pickmix::Index>(std::pow(random.uniform(), 2.0) * topics);
    for (pickmix::Index c = 0; c < d; ++c) rows(r, c) = centres(topic, c) + 0.8f * static_cast<float>(random.normal());
  }
  return pickmix::similarity(rows);
}

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
