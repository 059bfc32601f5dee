// SPDX-License-Identifier: MIT
// Selecting by what the model says itself: how much an example helps with others when it is shown in context. A run that is
// killed goes on from its file, and a budget of calls asks for the pairs that matter.
#include <pickmix/pickmix.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>

namespace {

using pickmix::Example;
using pickmix::Index;
namespace delift = pickmix::delift;

constexpr Index examples = 100, skills = 5;

/// In the place of a model: an example in context helps those of its own skill, some examples more than others.
float loss_of(const Example& e) {
  const bool helps = e.context != pickmix::no_context && e.row % skills == e.context % skills;
  return 2.0f - (helps ? 0.1f * static_cast<float>(1 + e.context * 37 % 11) : 0.0f);
}

/// The trainer's side: its loss, and a description of each example. It dies at call number `dies_at`.
struct Trainer {
  Index asked = 0;
  int dies_at = 0, calls = 0;

  pickmix::Callbacks callbacks() {
    return {.loss =
                [this](std::span<const Example> batch, std::span<float> out) {
                  if (++calls == dies_at) throw std::runtime_error("killed");
                  asked += static_cast<Index>(batch.size());
                  for (std::size_t k = 0; k < batch.size(); ++k) out[k] = loss_of(batch[k]);
                },
            .embedding =
                [](std::span<const Example> batch, pickmix::MatrixView<float> out) {
                  for (Index k = 0; k < out.rows(); ++k)
                    for (Index c = 0; c < skills; ++c)
                      out(k, c) = batch[static_cast<std::size_t>(k)].row % skills == c ? 1.0f : 0.0f;
                },
            .embedding_size = skills};
  }
};

}  // namespace

int main() {
  const std::filesystem::path file = "utility_from_the_model.losses";
  std::filesystem::remove(file);
  const pickmix::Count picks{10};

  Trainer killed{.dies_at = 100};
  try {
    (void)delift::select(examples, pickmix::remembered(killed.callbacks(), file), delift::InstructionTuning{}, picks);
  } catch (const std::runtime_error&) {
    fmt::print("killed after {} losses\n", killed.asked);
  }
  Trainer again;
  const auto full =
      delift::select(examples, pickmix::remembered(again.callbacks(), file), delift::InstructionTuning{}, picks);
  fmt::print("begun again: {} more, {} in all\n", again.asked, full.loss_calls);
  std::filesystem::remove(file);

  Trainer cheap;
  const auto s = delift::select(examples, cheap.callbacks(), delift::InstructionTuning{}, picks,
                                pickmix::FacilityLocation{}, {.utility_calls = 1100});
  fmt::print("on a budget: {} losses, most of the objective kept: {}\n", s.loss_calls,
             s.kept.value - s.kept.error > 0.8 ? "yes" : "no");
}
