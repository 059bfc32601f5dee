// SPDX-License-Identifier: MIT
// A run that is cut off and resumed draws what an uninterrupted one draws; a damaged checkpoint is refused.
#include <pickmix/pickmix.hpp>

#include <cstdio>
#include <sstream>
#include <string>

namespace {

// Draws `steps` batches and gives a fingerprint of them.
unsigned long long draw(pickmix::MosState<>& state, int steps, unsigned long long fingerprint) {
  while (steps > 0)
    for (const pickmix::Batch& batch : pickmix::MosSampler<pickmix::Static>(state)) {
      for (const pickmix::Example& e : batch.examples)
        fingerprint = fingerprint * 31 + static_cast<unsigned long long>(1000 * e.dataset + e.row);
      if (--steps == 0) break;
    }
  return fingerprint;
}

}  // namespace

int main() {
  const pickmix::MosOptions options{.sizes = {300, 70, 50}, .batch_size = 4, .prior_temperature = 1.0, .seed = 11};
  pickmix::MosState whole(options);
  const auto expected = draw(whole, 250, 0);

  pickmix::MosState first(options);
  const auto half = draw(first, 111, 0);
  std::stringstream checkpoint;
  first.save(checkpoint);

  std::string damaged = checkpoint.str();
  auto resumed = pickmix::MosState<>::load(checkpoint);
  std::printf("resumed at step %lld, ", static_cast<long long>(resumed.step()));
  std::printf("%s\n", draw(resumed, 250 - 111, half) == expected ? "then the same batches" : "then other batches");

  damaged[damaged.size() / 2] ^= 1;
  try {
    std::istringstream in(damaged);
    (void)pickmix::MosState<>::load(in);
  } catch (const pickmix::CheckpointError& error) {
    std::printf("%s\n", error.what());
  }
}
