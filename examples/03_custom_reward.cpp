// SPDX-License-Identifier: MIT
// A reward policy of one's own: one member function.
#include <pickmix/pickmix.hpp>

#include <cstddef>
#include <cstdio>
#include <span>

namespace {

// Prefers datasets that were seen in fewer passes: large ones catch up.
struct Freshness {
  void rewards(pickmix::RewardContext& context, std::span<double> out) const {
    for (std::size_t d = 0; d < out.size(); ++d) {
      const auto size = static_cast<double>(context.size(static_cast<pickmix::Index>(d)));
      out[d] = size / (size + static_cast<double>(context.run().drawn[d]));
    }
  }
};
static_assert(pickmix::RewardPolicy<Freshness>);

}  // namespace

int main() {
  pickmix::MosState state(
      {.sizes = {8000, 800, 200}, .batch_size = 10, .update_interval = 20, .learning_rate = 1e-3, .seed = 3});
  for (const pickmix::Batch& batch : pickmix::MosSampler<Freshness>(state)) (void)batch;  // a step of the trainer

  for (std::size_t d = 0; d < 3; ++d)
    std::printf("dataset %zu: %.1f passes, probability now %.2f\n", d,
                static_cast<double>(state.drawn()[d]) / static_cast<double>(state.options().sizes[d]),
                state.probabilities()[d]);
}
