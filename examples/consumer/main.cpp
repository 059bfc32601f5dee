// SPDX-License-Identifier: MIT
// Both halves of pickmix in one page: a subset that represents a pool, and a mixture of two datasets that follows a reward.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>
#include <algorithm>
#include <cstdio>
#include <span>

int main() {
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> embeddings =
      Eigen::MatrixXf::Random(200, 16);
  const auto subset = pickmix::delift::select(embeddings, pickmix::delift::InstructionTuning{}, pickmix::Count{20});
  std::printf("20 of 200 examples have at least %.0f %% of what any 20 can have\n",
              100 * subset.value / subset.upper_bound);

  const pickmix::Callbacks callbacks{.loss = [](std::span<const pickmix::Example> examples, std::span<float> losses) {
    std::transform(examples.begin(), examples.end(), losses.begin(),
                   [](const auto& e) { return e.dataset == 0 ? 2.0f : 1.0f; });
  }};
  pickmix::MosState state({.sizes = {800, 400}, .batch_size = 4, .update_interval = 50});
  for (const pickmix::Batch& batch : pickmix::MosSampler<pickmix::Difficulty>(state, callbacks)) (void)batch;
  std::printf("the harder dataset is now drawn with probability %.2f\n", state.probabilities()[0]);
}
