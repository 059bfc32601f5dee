// SPDX-License-Identifier: MIT
// What a step costs: of a plain libtorch loop, of this example's trainer alone, and of the trainer with a mixture that learns.
// One line for each, their steps taken in turns: `speed MODEL [BATCH [LENGTH [STEPS]]]`, MODEL as prepare.py writes it.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "bare.hpp"
#include "pick_and_mix.hpp"
#include "processor.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Steps of one kind: seconds of each, the first two, which make room in memory, left out of the median.
struct Loop {
  const char* name;
  std::vector<double> steps = {};

  template <class Work>
  void time(const Work& work) {
    const auto start = Clock::now();
    work();
    steps.push_back(seconds(Clock::now() - start));
  }
  double step() const { return median({steps.begin() + 2, steps.end()}); }
};

constexpr long datasets = 5, rows = 200;

/// Texts of random words, all of one length, the second half scored.
std::vector<Turn> random_texts(std::int64_t words, std::size_t length) {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::int32_t> word(0, static_cast<std::int32_t>(words - 1));
  std::vector<Turn> texts(static_cast<std::size_t>(datasets * rows));
  for (Turn& text : texts) {
    text.tokens.resize(length);
    std::ranges::generate(text.tokens, [&] { return word(random); });
    text.begin = length / 2, text.end = length;
  }
  return texts;
}

/// A plain loop: a model of torch::nn modules, AdamW on their parameters.
class Bare {
 public:
  Bare(const Shape& shape, torch::ScalarType products)
      : model_(shape, products),
        optimizer_(model_->parameters(), torch::optim::AdamWOptions(1e-5).betas({0.9, 0.95}).weight_decay(0.01)) {}

  void step(const std::vector<const Turn*>& texts) {
    std::vector<std::int64_t> tokens, positions, labels;
    for (const Turn* text : texts) {
      const auto start = static_cast<std::int64_t>(tokens.size());
      tokens.insert(tokens.end(), text->tokens.begin(), text->tokens.end());
      for (std::size_t t = text->begin; t < text->end; ++t) {
        positions.push_back(start + static_cast<std::int64_t>(t) - 1);
        labels.push_back(text->tokens[t]);
      }
    }
    optimizer_.zero_grad();
    const auto batch = torch::tensor(tokens, torch::kInt64).view({static_cast<std::int64_t>(texts.size()), -1});
    const torch::Tensor loss =
        model_->forward(batch, torch::tensor(positions, torch::kInt64), torch::tensor(labels, torch::kInt64));
    loss.backward();
    torch::nn::utils::clip_grad_norm_(model_->parameters(), 1.0);
    optimizer_.step();
    static_cast<void>(loss.item<float>());
  }

 private:
  bare::Model model_;
  torch::optim::AdamW optimizer_;
};

void measure(const std::string& path, long batch, std::size_t length, long steps) {
  const Safetensors file = read_safetensors(path);
  const Shape shape(file);
  const std::vector<Turn> texts = random_texts(shape.vocabulary, length);
  const Machine machine{.products = fast_products(torch::kCPU)};
  Trainer trainer(file, machine, {.tokens = 1'000'000'000, .peak_rate = 1e-5});
  Bare bare(shape, machine.products);

  const Lookup turn = [&](Index dataset, Index row) { return &texts[static_cast<std::size_t>(dataset * rows + row)]; };
  double rewards = 0.0;
  pickmix::Callbacks model = callbacks(trainer, turn);
  model.loss = [&, loss = model.loss](auto examples, auto out) {
    const auto start = Clock::now();
    loss(examples, out);
    rewards += seconds(Clock::now() - start);
  };
  const pickmix::MosOptions defaults;
  pickmix::MosState<> state({.sizes = std::vector<Index>(datasets, rows),
                             .batch_size = batch,
                             .update_interval = steps + 1,
                             .epoch_steps = steps + 2});
  pickmix::MosSampler<pickmix::LearningTrajectory<pickmix::Difficulty>> sampler(state, model);

  Loop plain{"torch::nn"}, alone{"trainer"}, mixed{"trainer and pickmix"};
  double drawing = 0.0, updating = 0.0;  // seconds in pickmix: of all steps, of one update
  rewards = 0.0;                         // what was measured before training does not count
  auto begun = Clock::now();
  for (const pickmix::Batch& drawn : sampler) {
    (rewards > 0.0 && updating == 0.0 ? updating : drawing) += seconds(Clock::now() - begun);
    std::vector<const Turn*> batch_texts;
    for (const pickmix::Example& e : drawn.examples) batch_texts.push_back(turn(e.dataset, e.row));
    plain.time([&] { bare.step(batch_texts); });
    alone.time([&] { trainer.step(batch_texts); });
    std::vector<float> losses;
    mixed.time([&] { losses = trainer.step(batch_texts); });
    begun = Clock::now();
    state.report(drawn.examples, losses);
  }
  const double own =
      drawing / static_cast<double>(steps + 2) + (updating - rewards) / static_cast<double>(defaults.update_interval);
  const double asked = rewards / static_cast<double>(defaults.update_interval);

  fmt::print("batch {}, length {}, {} products, {} threads, {} steps of each\n", batch, length,
             machine.products == torch::kFloat32 ? "fp32" : "bf16", torch::get_num_threads(), steps);
  fmt::print("{:24}{:>12}{:>16}{:>24}\n", "loop", "s a step", "tokens/s", "speed of torch::nn");
  const auto line = [&](const char* name, double step) {
    const double tokens = static_cast<double>(batch) * static_cast<double>(length);
    fmt::print("{:24}{:>12.4f}{:>16.0f}{:>24.3f}\n", name, step, tokens / step, plain.step() / step);
  };
  line(plain.name, plain.step());
  line(alone.name, alone.step());
  line(mixed.name, mixed.step() + own);
  fmt::print("pickmix itself: {:.4f} % of a step; rewards at the defaults ({} examples every {} steps): {:.1f} %\n",
             100.0 * own / alone.step(), datasets * defaults.reward_batch, defaults.update_interval,
             100.0 * asked / alone.step());
}

}  // namespace

int main(int count, char** values) {
  try {
    const auto number = [&](int k, long otherwise) { return k < count ? std::stol(values[k]) : otherwise; };
    if (count < 2 || number(2, 1) < 1 || number(3, 2) < 2 || number(4, 1) < 1)
      throw std::runtime_error("needs MODEL [BATCH [LENGTH [STEPS]]]: a file of weights, and positive numbers");
    use_the_whole_processor();
    measure(values[1], number(2, 16), static_cast<std::size_t>(number(3, 128)), number(4, 5));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "speed: {}\n", error.what());
    return 2;
  }
}
