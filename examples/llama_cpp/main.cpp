// SPDX-License-Identifier: MIT
// Selects the examples worth training on by what a language model says of them: see README.md.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../finetune_demo/corpus.hpp"
#include "../finetune_demo/generated.hpp"
#include "model.hpp"
#include "select.hpp"

namespace {

namespace demo = finetune_demo;
using pickmix::Index, pickmix::raise, pickmix::ValueError;

constexpr const char* usage =
    R"(Usage: run.sh [--data DIR] [--pool N] [--select PART] [--calls PART] [--distance NAME] [--seed N] [--threads N] [--out DIR]

  --data DIR       one dataset per JSONL file, keys instruction, input (may be absent), output. Left out: generated ones
  --pool N         examples to choose from in all, as many of each dataset (250)
  --select PART    how many of them to choose (0.1)
  --calls PART     how many of the losses of pairs to ask for (0.05); 1 asks for all of them
  --distance NAME  probability or likelihood (probability)
  --seed N         which examples (1)
  --threads N      for the model (all of the machine; fewer, if other work runs there: they wait for each other)
  --out DIR        selection.jsonl, report.md, and the losses so far: a run that is killed goes on from there (llama_cpp_report)
)";

struct Arguments {
  std::string model, data, distance = "probability", out = "llama_cpp_report";
  Index pool = 250, seed = 1, threads = std::max(1u, std::thread::hardware_concurrency());
  double select = 0.1, calls = 0.05;
};

double number(std::string_view name, std::string_view text, double least, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    raise<ValueError>("{} is '{}'; needs a number from {} to {}", name, text, least, most);
  return value;
}

/// Nothing if only help was asked for.
std::optional<Arguments> parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = values[i];
    if (name == "--help" || name == "-h") return std::nullopt;
    if (i + 1 == count || *values[i + 1] == '\0') raise<ValueError>("{} needs a value\n\n{}", name, usage);
    const std::string_view value = values[i + 1];
    if (name == "--model")
      arguments.model = value;
    else if (name == "--data")
      arguments.data = value;
    else if (name == "--distance")
      arguments.distance = value;
    else if (name == "--out")
      arguments.out = value;
    else if (name == "--pool")
      arguments.pool = static_cast<Index>(number(name, value, 2, 1e6));
    else if (name == "--seed")
      arguments.seed = static_cast<Index>(number(name, value, 0, 1e9));
    else if (name == "--threads")
      arguments.threads = static_cast<Index>(number(name, value, 1, 1024));
    else if (name == "--select")
      arguments.select = number(name, value, 0, 1);
    else if (name == "--calls")
      arguments.calls = number(name, value, 0, 1);
    else
      raise<ValueError>("unknown argument '{}'\n\n{}", name, usage);
  }
  if (arguments.model.empty()) raise<ValueError>("--model is missing; run.sh gives it");
  if (arguments.distance != "probability" && arguments.distance != "likelihood")
    raise<ValueError>("--distance is '{}'; needs to be probability or likelihood", arguments.distance);
  return arguments;
}

/// An example and where it is from.
struct Row {
  std::string dataset;
  Index row = 0;
  demo::Sample sample;
};

/// As many rows of each dataset, drawn without replacement; a small dataset gives all it has.
std::vector<Row> draw(const demo::Corpus& corpus, Index count, Index seed) {
  std::vector<Row> pool;
  const Index sets = std::ssize(corpus.datasets);
  for (Index d = 0; d < sets; ++d) {
    const demo::Dataset& dataset = corpus.datasets[static_cast<std::size_t>(d)];
    const Index size = std::ssize(dataset.train);
    const pickmix::Permutation order(
        size, pickmix::RandomStream(static_cast<std::uint64_t>(seed), 1, static_cast<std::uint64_t>(d)));
    for (Index k = 0; k < std::min(size, count * (d + 1) / sets - count * d / sets); ++k)
      pool.push_back({dataset.name, order(k), dataset.train[static_cast<std::size_t>(order(k))]});
  }
  return pool;
}

/// Losses belong to a pool: another one gets a file of its own.
std::filesystem::path losses_file(const Arguments& arguments, const std::vector<Row>& pool) {
  std::string all = arguments.model + arguments.distance;
  for (const Row& row : pool) all += row.sample.prompt + '\0' + row.sample.response + '\0';
  return std::filesystem::path(arguments.out) / fmt::format("losses-{:016x}.bin", std::hash<std::string>{}(all));
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '|' || c == '\t') c = ' ';
  return text.size() > 90 ? text.substr(0, 87) + "..." : text;
}

void write_report(const Arguments& arguments, const std::vector<Row>& pool, const pickmix::Selection& selection,
                  double seconds) {
  std::ofstream out(std::filesystem::path(arguments.out) / "report.md");
  const double pairs = static_cast<double>(pool.size()) * static_cast<double>(pool.size());
  out << fmt::format("# {} of {} examples, chosen by utility\n\n", selection.indices.size(), pool.size())
      << fmt::format("{} losses, of which {} alone: {:.1f} % of the {:.0f} pairs; {:.0f} s.\n", selection.loss_calls,
                     pool.size(), 100.0 * static_cast<double>(selection.loss_calls - std::ssize(pool)) / pairs, pairs,
                     seconds);
  if (selection.kept.error > 0)
    out << fmt::format("Kept of the objective that all pairs would have given: {:.3f} ± {:.3f} (estimated).\n",
                       selection.kept.value, selection.kept.error);
  std::map<std::string, int> picked, all;
  for (const Row& row : pool) ++all[row.dataset];
  for (Index item : selection.indices) ++picked[pool[static_cast<std::size_t>(item)].dataset];
  out << "\n| dataset | picked | of |\n|---|---|---|\n";
  for (const auto& [name, count] : all) out << fmt::format("| {} | {} | {} |\n", name, picked[name], count);
  out << "\n## The first twenty\n\n| dataset | row | gain | prompt | response |\n|---|---|---|---|---|\n";
  for (std::size_t k = 0; k < std::min<std::size_t>(20, selection.indices.size()); ++k) {
    const Row& row = pool[static_cast<std::size_t>(selection.indices[k])];
    out << fmt::format("| {} | {} | {:.3f} | {} | {} |\n", row.dataset, row.row, selection.gains[k],
                       one_line(row.sample.prompt), one_line(row.sample.response));
  }
  if (!out.flush()) raise<ValueError>("{}/report.md: cannot be written", arguments.out);
}

void write_selection(const Arguments& arguments, const std::vector<Row>& pool, const pickmix::Selection& selection) {
  std::ofstream out(std::filesystem::path(arguments.out) / "selection.jsonl");
  for (std::size_t k = 0; k < selection.indices.size(); ++k) {
    const Row& row = pool[static_cast<std::size_t>(selection.indices[k])];
    const nlohmann::json line{{"rank", k + 1},
                              {"dataset", row.dataset},
                              {"row", row.row},
                              {"gain", selection.gains[k]},
                              {"prompt", row.sample.prompt},
                              {"response", row.sample.response}};
    out << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  }
  if (!out.flush()) raise<ValueError>("{}/selection.jsonl: cannot be written", arguments.out);
}

void run(const Arguments& arguments) {
  const demo::Corpus corpus = arguments.data.empty() ? demo::generated_corpus() : demo::read_corpus(arguments.data);
  const std::vector<Row> pool = draw(corpus, arguments.pool, arguments.seed);
  std::filesystem::create_directories(arguments.out);

  Model model(arguments.model, static_cast<int>(arguments.threads));
  std::vector<Turn> turns;
  for (const Row& row : pool) turns.push_back(model.encode(row.sample.prompt, row.sample.response));

  const auto begin = std::chrono::steady_clock::now();
  const pickmix::Selection selection = select(model, turns,
                                              {.part = arguments.select,
                                               .calls = arguments.calls,
                                               .likelihood = arguments.distance == "likelihood",
                                               .losses = losses_file(arguments, pool)});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  write_selection(arguments, pool, selection);
  write_report(arguments, pool, selection, seconds.count());
  fmt::print("{}/report.md, {}/selection.jsonl\n", arguments.out, arguments.out);
}

}  // namespace

int main(int count, char** values) {
  try {
    if (const auto arguments = parse(count, values))
      run(*arguments);
    else
      fmt::print("{}", usage);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "llama_cpp: {}\n", error.what());
    return 2;
  }
}
