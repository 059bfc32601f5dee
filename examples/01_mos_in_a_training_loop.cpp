// SPDX-License-Identifier: MIT
// A sampler in a training loop: the trainer gives its loss, the sampler decides which dataset comes next.
#include <pickmix/pickmix.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <span>

namespace {

// Stands for your model. It learns dataset 0 fast, dataset 1 slowly, and dataset 2, which is noise, not at all.
struct ToyModel {
  std::array<float, 3> loss{3.0f, 3.0f, 3.0f};  // nats per token

  void train(const pickmix::Batch& batch) {
    constexpr std::array<float, 3> rate{0.02f, 0.002f, 0.0f};
    for (const pickmix::Example& example : batch.examples) {
      const auto d = static_cast<std::size_t>(example.dataset);
      loss[d] -= rate[d] * (loss[d] - 0.5f);
    }
  }
};

}  // namespace

int main() {
  ToyModel model;
  const pickmix::Callbacks trainer{.loss = [&](std::span<const pickmix::Example> examples, std::span<float> losses) {
    for (std::size_t i = 0; i < examples.size(); ++i)
      losses[i] = model.loss[static_cast<std::size_t>(examples[i].dataset)];
  }};

  // A short run needs a quicker scorer than the defaults, which are meant for thousands of steps.
  pickmix::MosState state(
      {.sizes = {4000, 1500, 500}, .batch_size = 10, .update_interval = 25, .learning_rate = 5e-4, .seed = 1});
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const pickmix::Batch& batch :
         pickmix::MosSampler<pickmix::LearningTrajectory<pickmix::Difficulty>>(state, trainer))
      model.train(batch);

    const auto p = state.probabilities();
    std::printf("after epoch %d: learnt fast %.2f, learnt slowly %.2f, noise %.2f\n", epoch + 1, p[0], p[1], p[2]);
  }
}
