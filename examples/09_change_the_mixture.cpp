// SPDX-License-Identifier: MIT
// Datasets come and go in the middle of a run: none loses a row, none repeats one before its time.
#include <pickmix/pickmix.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

int main() {
  pickmix::MosState state({.sizes = {100, 300}, .batch_size = 10, .prior_temperature = 1.0, .seed = 1});
  const auto train = [&](int steps) {
    while (steps > 0)
      for (const pickmix::Batch& batch : pickmix::MosSampler<pickmix::Static>(state)) {
        (void)batch;  // a step of the trainer
        if (--steps == 0) break;
      }
  };
  train(20);
  fmt::print("two datasets:        {:.3f}\n", fmt::join(state.probabilities(), " "));

  state.add_dataset(200, 0.5);  // 200 rows, half of what comes from now on
  fmt::print("one added:           {:.3f}\n", fmt::join(state.probabilities(), " "));
  train(20);

  state.retire(1);
  const pickmix::Index place = state.drawn(1);
  fmt::print("one retired:         {:.3f}\n", fmt::join(state.probabilities(), " "));
  train(20);
  fmt::print("drawn while retired: {}\n", state.drawn(1) - place);

  state.restore(1);
  fmt::print("taken in again:      {:.3f}\n", fmt::join(state.probabilities(), " "));
}
