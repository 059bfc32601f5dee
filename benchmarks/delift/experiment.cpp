// SPDX-License-Identifier: MIT
// Does choosing data help? Trains the demo's small model on subsets of a pool, all of a seed: prints rows of CSV (see
// benchmarks/subsets.sh for the table).
//
//     bench.delift.experiment SEED DATA|generated POOL STEPS
//
// Every run of a seed and stage starts from the same model, trained on other rows for a tenth of the budget, and ends after
// the same number of response tokens. The pool is drawn from all datasets as they come. Stages:
//   instruction  held-out loss, mean over datasets
//   task         the second dataset (math) is the target, told by 50 of its rows; its held-out loss
//   continual    the model was trained on the first three datasets and knows 150 of their rows; mean over all datasets
#include <pickmix/pickmix.hpp>

#include "../../examples/finetune_demo/corpus.hpp"
#include "../../examples/finetune_demo/generated.hpp"
#include "../../examples/finetune_demo/trainer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace pickmix;
namespace demo = finetune_demo;
using delift::Rows;

constexpr Index batch_size = 32, target_rows = 50, known_rows = 150, known_datasets = 3;
constexpr std::size_t target = 1, test_rows = 200;
constexpr double parts[] = {0.05, 0.1, 0.2, 0.3, 0.5};

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// All rows of a seed in one numbering: the pool, then rows of the target, then known ones.
struct Numbering {
  std::vector<Example> rows;
  Index pool;

  Numbering(const demo::Data& data, Index count, std::uint64_t seed) : pool(count) {
    const auto shuffled = [&](std::vector<Example> from) {
      const Permutation order(std::ssize(from), RandomStream(seed, 0x706F6F6C));
      std::vector<Example> drawn;
      for (Index k = 0; k < std::ssize(from); ++k) drawn.push_back(from[static_cast<std::size_t>(order(k))]);
      return drawn;
    };
    const std::vector<Example> all = shuffled(demo::all_rows(data));
    rows.assign(all.begin(), all.begin() + count);
    rest.assign(all.begin() + count, all.end());
    const auto append = [&](Index some, auto wanted) {
      std::erase_if(rest, [&](const Example& e) { return wanted(e) && some-- > 0 && (rows.push_back(e), true); });
    };
    append(target_rows, [](const Example& e) { return e.dataset == static_cast<Index>(target); });
    append(known_rows, [](const Example& e) { return e.dataset < known_datasets; });
  }

  std::vector<Example> rest;  ///< what is in none of them
};

/// Trains on `subset` over and over until `budget` response tokens have been seen.
void train(demo::Trainer& trainer, std::span<const Example> subset, long budget, std::uint64_t seed) {
  MosState state({.sizes = {std::ssize(subset)}, .batch_size = batch_size, .seed = seed});
  while (trainer.tokens() < budget)
    for (const Batch& batch : MosSampler<Static>(state, {})) {
      std::vector<Example> examples;
      for (const Example& e : batch.examples) examples.push_back(subset[static_cast<std::size_t>(e.row)]);
      trainer.step(examples);
      if (trainer.tokens() >= budget) break;
    }
}

/// What a stage starts from.
struct Start {
  const demo::Data& data;
  const Numbering& numbering;
  demo::Trainer trainer;
  long budget;
  std::uint64_t seed;

  const demo::Sequence& sequence(Index row) const { return data.at(numbering.rows[static_cast<std::size_t>(row)]); }

  /// Of rows in the numbering; what is in context comes before the prompt.
  Callbacks callbacks() const {
    return {.loss =
                [this](std::span<const Example> examples, std::span<float> out) {
                  std::vector<demo::Sequence> joined;
                  for (const Example& e : examples) {
                    demo::Sequence s = sequence(e.row);
                    if (e.context != no_context) {
                      const demo::Sequence& before = sequence(e.context);
                      s.symbols.insert(s.symbols.begin(), before.symbols.begin(), before.symbols.end());
                      s.response_begin += before.size();
                    }
                    joined.push_back(std::move(s));
                  }
                  std::vector<const demo::Sequence*> batch;
                  for (const auto& s : joined) batch.push_back(&s);
                  trainer.losses(batch, out);
                },
            .embedding =
                [this](std::span<const Example> examples, MatrixView<float> out) {
                  std::vector<const demo::Sequence*> batch;
                  for (const Example& e : examples) batch.push_back(&sequence(e.row));
                  trainer.embed(batch, out);
                },
            .embedding_size = trainer.callbacks().embedding_size};
  }

  std::vector<float> embeddings(Rows rows) const {
    const Callbacks all = callbacks();
    std::vector<float> out(static_cast<std::size_t>(rows.count * all.embedding_size));
    std::vector<Example> examples;
    for (Index k = 0; k < rows.count; ++k) examples.push_back({.row = rows.first + k});
    all.embedding(examples, MatrixView<float>(out.data(), rows.count, all.embedding_size));
    return out;
  }
};

/// Farthest-point selection (k-centre, the coreset of Sener and Savarese): each pick is farthest from those before.
std::vector<Index> k_centre(MatrixView<const float> x, Index count) {
  std::vector<float> distance(static_cast<std::size_t>(x.rows()), std::numeric_limits<float>::infinity());
  std::vector<Index> picks{0};
  while (std::ssize(picks) < count) {
    for (Index i = 0; i < x.rows(); ++i) {
      float d = 0.0f;
      for (Index c = 0; c < x.columns(); ++c) d += (x(i, c) - x(picks.back(), c)) * (x(i, c) - x(picks.back(), c));
      distance[static_cast<std::size_t>(i)] = std::min(distance[static_cast<std::size_t>(i)], d);
    }
    picks.push_back(std::max_element(distance.begin(), distance.end()) - distance.begin());
  }
  return picks;
}

/// Runs the methods of a stage, and prints.
class Stage {
 public:
  Stage(std::string name, std::string source, const Start& start, std::optional<std::size_t> only = std::nullopt)
      : name_(std::move(name)), source_(std::move(source)), start_(&start), only_(only) {}

  /// \param choose the picks for a size, best first
  template <class Choose>
  void run(const std::string& method, const Choose& choose) const {
    for (const double part : parts) {
      const double begin = processor_seconds();
      const Selection selection = choose(part);
      print(method, part, selection, processor_seconds() - begin);
    }
  }

  /// One order, of which each size takes the first.
  void order(const std::string& method, const std::vector<Index>& order) const {
    for (const double part : parts) {
      Selection selection;
      selection.indices.assign(order.begin(), order.begin() + std::min(count(part), std::ssize(order)));
      print(method, part, selection, 0.0);
    }
  }

  void print(const std::string& method, double part, const Selection& selection, double seconds) const {
    std::vector<Example> subset;
    for (Index item : selection.indices) subset.push_back(start_->numbering.rows[static_cast<std::size_t>(item)]);
    demo::Trainer trainer = start_->trainer;
    const double begin = processor_seconds();
    train(trainer, subset, start_->budget, start_->seed + 7);
    const double train_seconds = processor_seconds() - begin;
    const std::vector<double> losses = trainer.test(test_rows);
    const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
    fmt::print("{},{},{},{},{},{},{:.5f},{:.5f},{:.3f},{:.3f},{},{:.4f},{}\n", name_, method, source_, start_->seed,
               start_->numbering.pool, part, only_ ? losses[*only_] : mean,
               *std::max_element(losses.begin(), losses.end()), seconds, train_seconds, selection.loss_calls,
               selection.kept.value, fmt::join(selection.indices, ";"));
    std::fflush(stdout);
  }

  Index count(double part) const {
    return std::max<Index>(1, static_cast<Index>(part * static_cast<double>(start_->numbering.pool)));
  }
  bool wants(const Example& e) const { return !only_ || e.dataset == static_cast<Index>(*only_); }

  /// What every stage is compared with.
  void baselines(MatrixView<const float> x) const {
    std::vector<Index> all(static_cast<std::size_t>(start_->numbering.pool));
    std::iota(all.begin(), all.end(), Index{0});
    Selection everything;
    everything.indices = all;
    print("full", 1.0, everything, 0.0);
    order("random", all);  // the pool was drawn at random
    run("k_centre", [&](double part) {
      Selection far;
      far.indices = k_centre(x, count(part));
      return far;
    });
  }

 private:
  std::string name_, source_;
  const Start* start_;
  std::optional<std::size_t> only_;
};

/// Losses that are asked for once, whatever the number of selections made with them.
Callbacks kept(const Start& start, std::vector<float>& losses) {
  Callbacks callbacks = start.callbacks();
  const Index n = std::ssize(start.numbering.rows);
  losses.assign(static_cast<std::size_t>(n * (n + 1)), std::numeric_limits<float>::quiet_NaN());
  callbacks.loss = [&losses, n, ask = callbacks.loss](std::span<const Example> examples, std::span<float> out) {
    std::vector<Example> unknown;
    const auto place = [&](const Example& e) -> float& {
      return losses[static_cast<std::size_t>((e.context == no_context ? n : e.context) * n + e.row)];
    };
    for (const Example& e : examples)
      if (std::isnan(place(e))) unknown.push_back(e);
    std::vector<float> answers(unknown.size());
    if (!unknown.empty()) ask(unknown, answers);
    for (std::size_t k = 0; k < unknown.size(); ++k) place(unknown[k]) = answers[k];
    for (std::size_t k = 0; k < examples.size(); ++k) out[k] = place(examples[k]);
  };
  return callbacks;
}

void instruction_stage(const Start& start, const std::string& source, const Callbacks& callbacks) {
  const Index n = start.numbering.pool, width = callbacks.embedding_size;
  const auto pool = start.embeddings({0, n});
  const MatrixView<const float> x(pool.data(), n, width);
  const Stage stage("instruction", source, start);
  stage.baselines(x);
  const delift::InstructionTuning all;
  stage.run("embedding_fl", [&](double part) { return delift::select(x, all, Fraction{part}); });
  stage.run("embedding_gc", [&](double part) { return delift::select(x, all, Fraction{part}, GraphCut{}); });
  stage.run("embedding_ld", [&](double part) { return delift::select(x, all, Fraction{part}, LogDeterminant{}); });
  stage.run("utility_fl", [&](double part) { return delift::select(n, callbacks, all, Fraction{part}); });
  stage.run("utility_gc", [&](double part) { return delift::select(n, callbacks, all, Fraction{part}, GraphCut{}); });
  delift::Options twentieth;
  twentieth.utility_calls = n + n * n / 20;
  const Callbacks fresh = start.callbacks();
  stage.run("utility_fl_5",
            [&](double part) { return delift::select(n, fresh, all, Fraction{part}, FacilityLocation{}, twentieth); });
}

void task_stage(const Start& start, const std::string& source, const Callbacks& callbacks) {
  const Index n = start.numbering.pool, width = callbacks.embedding_size;
  const Rows asked{n, target_rows};
  const auto pool = start.embeddings({0, n}), wanted = start.embeddings(asked);
  const MatrixView<const float> x(pool.data(), n, width), t(wanted.data(), target_rows, width);
  const Stage stage("task", source, start, target);
  stage.baselines(x);
  std::vector<Index> of_target;
  for (Index k = 0; k < n; ++k)
    if (stage.wants(start.numbering.rows[static_cast<std::size_t>(k)])) of_target.push_back(k);
  stage.order("random_of_target", of_target);
  const std::pair<const char*, TargetForm> forms[] = {
      {"query", TargetForm::query}, {"pool", TargetForm::pool}, {"relevance", TargetForm::relevance}};
  for (const auto& [name, form] : forms) {
    const FacilityLocation family{.form = form};
    stage.run(fmt::format("embedding_{}", name),
              [&](double part) { return delift::select(x, delift::TaskSpecific{t}, Fraction{part}, family); });
    stage.run(fmt::format("utility_{}", name), [&](double part) {
      return delift::select(n, callbacks, delift::TaskSpecific{asked}, Fraction{part}, family);
    });
  }
  delift::Options twentieth;
  twentieth.utility_calls = target_rows + n * target_rows / 20;
  const Callbacks fresh = start.callbacks();
  stage.run("utility_query_5", [&](double part) {
    return delift::select(n, fresh, delift::TaskSpecific{asked}, Fraction{part}, FacilityLocation{}, twentieth);
  });
}

void continual_stage(const Start& start, const std::string& source, const Callbacks& callbacks) {
  const Index n = start.numbering.pool, width = callbacks.embedding_size;
  const Rows learnt{n + target_rows, known_rows};
  const auto pool = start.embeddings({0, n}), before = start.embeddings(learnt);
  const MatrixView<const float> x(pool.data(), n, width), k(before.data(), known_rows, width);
  const Stage stage("continual", source, start);
  stage.baselines(x);
  const delift::Continual by_embedding{k}, by_utility{learnt};
  stage.run("embedding_fl", [&](double part) { return delift::select(x, by_embedding, Fraction{part}); });
  stage.run("embedding_gc", [&](double part) { return delift::select(x, by_embedding, Fraction{part}, GraphCut{}); });
  stage.run("utility_fl", [&](double part) { return delift::select(n, callbacks, by_utility, Fraction{part}); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: SEED DATA|generated POOL STEPS\n");
    return EXIT_FAILURE;
  }
  try {
    const auto seed = static_cast<std::uint64_t>(std::atoi(argv[1]));
    const std::string source = argv[2];
    const demo::Corpus corpus = source == "generated" ? demo::generated_corpus() : demo::read_corpus(source);
    const demo::Data data(corpus);
    const Numbering numbering(data, std::atoi(argv[3]), seed);
    double tokens = 0.0;
    for (const Example& e : numbering.rows) tokens += static_cast<double>(data.at(e).response_size());
    const long budget =
        std::lround(std::atoi(argv[4]) * batch_size * tokens / static_cast<double>(numbering.rows.size()));

    const std::string name = source == "generated" ? source : "real";
    Start start{data, numbering, demo::Trainer(data, {.tokens = budget}, seed), budget, seed};
    train(start.trainer, numbering.rest, budget / 10, seed + 1);
    std::vector<float> losses;
    const Callbacks callbacks = kept(start, losses);
    instruction_stage(start, name, callbacks);
    task_stage(start, name, callbacks);

    std::vector<Example> known(numbering.rows.end() - known_rows, numbering.rows.end());
    for (const Example& e : numbering.rest)
      if (e.dataset < known_datasets) known.push_back(e);
    Start later{data, numbering, demo::Trainer(data, {.tokens = budget}, seed), budget, seed};
    train(later.trainer, known, budget / 10, seed + 1);
    std::vector<float> later_losses;
    continual_stage(later, name, kept(later, later_losses));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
