// SPDX-License-Identifier: MIT
// A reward policy of one's own: one member function.
#include <pickmix/pickmix.hpp>

#include <cstddef>
#include <cstdio>
#include <span>

namespace {

// Prefers datasets that were seen in fewer passes: large ones catch up.
struct Freshness {
  std::span<const pickmix::Index> drawn;

  void rewards(pickmix::RewardContext& context, std::span<double> out) const {
    for (std::size_t d = 0; d < out.size(); ++d) {
      const auto size = static_cast<double>(context.size(static_cast<pickmix::Index>(d)));
      out[d] = size / (size + static_cast<double>(drawn[d]));
    }
  }
};
static_assert(pickmix::RewardPolicy<Freshness>);

}  // namespace

int main() {
  pickmix::MosState state(
      {.sizes = {8000, 800, 200}, .batch_size = 10, .update_interval = 20, .learning_rate = 1e-3, .seed = 3});
  pickmix::Index drawn[3] = {};
  for (const pickmix::Batch& batch : pickmix::MosSampler<Freshness>(state, {}, Freshness{drawn}))
    for (const pickmix::Example& example : batch.examples) ++drawn[example.dataset];

  const auto p = state.probabilities();
  for (std::size_t d = 0; d < 3; ++d)
    std::printf("dataset %zu: %.1f passes, probability now %.2f\n", d,
                static_cast<double>(drawn[d]) / static_cast<double>(state.options().sizes[d]), p[d]);
}
