// SPDX-License-Identifier: MIT
// Both halves of pickmix on one page: a subset that represents a pool, and a mixture that follows what is still hard.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdio>
#include <span>

int main() {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Rows embeddings = Rows::Random(200, 16);
  const auto subset = pickmix::delift::select(embeddings, pickmix::delift::InstructionTuning{}, pickmix::Count{20});
  std::printf("20 of 200 rows reach at least %.0f %% of what any 20 can\n", 100 * subset.value / subset.upper_bound);

  float loss[] = {2.0f, 2.0f};  // stands for a model: dataset 1 is learnt, dataset 0 is not
  const pickmix::Callbacks trainer{.loss = [&](std::span<const pickmix::Example> examples, std::span<float> out) {
    for (std::size_t i = 0; i < examples.size(); ++i) out[i] = loss[examples[i].dataset];
  }};
  pickmix::MosState state({.sizes = {8000, 4000}, .batch_size = 8});
  for (const pickmix::Batch& batch : pickmix::MosSampler<pickmix::Difficulty>(state, trainer))
    loss[1] *= batch.examples.front().dataset == 1 ? 0.999f : 1.0f;
  std::printf("what is still hard is now drawn with probability %.2f\n", state.probabilities()[0]);
}
