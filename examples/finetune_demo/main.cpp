// SPDX-License-Identifier: MIT
// Does choosing the data help? Five skills, one small language model, four mixtures, three sets of rows.
#include "experiment.hpp"
#include "generated.hpp"
#include "report.hpp"
#include "tables.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

using namespace finetune_demo;

namespace {

constexpr const char* usage = R"(Usage: finetune_demo [--data DIR] [--seeds N] [--steps N] [--threads N] [--out DIR]

Trains a small language model from scratch on several datasets, for the same number of tokens each time, and compares
what it is trained on: mixtures (proportional, temperature 10, uniform, MoS) and rows (all, random 30 %, DELIFT 30 %).

  --data DIR   one dataset per JSONL file: DIR/train/*.jsonl and DIR/test/*.jsonl, or DIR/*.jsonl, of which a tenth is
               held out; keys instruction, input (may be absent), output. Left out: five generated skills
  --seeds N    repetitions the mean and deviation are taken over (3)
  --steps N    training steps of 32 rows; they fix the token budget of every run (1500)
  --threads N  runs side by side (2); results do not depend on it
  --out DIR    where the report goes (finetune_demo_report)
)";

struct Arguments {
  std::optional<std::filesystem::path> data;
  std::filesystem::path out = "finetune_demo_report";
  Settings settings;
};

int positive(std::string_view name, std::string_view text, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > most)
    pickmix::raise<pickmix::ValueError>("{} is '{}'; needs a whole number from 1 to {}", name, text, most);
  return value;
}

/// Nothing if only help was asked for.
std::optional<Arguments> parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--help" || name == "-h") return std::nullopt;
    const auto value = [&]() -> std::string_view {
      if (i + 1 == count || *values[i + 1] == '\0') pickmix::raise<pickmix::ValueError>("{} needs a value", name);
      return values[++i];
    };
    if (name == "--data")
      arguments.data = value();
    else if (name == "--out")
      arguments.out = value();
    else if (name == "--seeds")
      arguments.settings.seeds = positive(name, value(), 1000);
    else if (name == "--steps")
      arguments.settings.steps = positive(name, value(), 10'000'000);
    else if (name == "--threads")
      arguments.settings.threads = positive(name, value(), 1024);
    else
      pickmix::raise<pickmix::ValueError>("unknown argument '{}'; finetune_demo --help lists them", name);
  }
  return arguments;
}

void run(const Arguments& arguments) {
  const Corpus corpus = arguments.data ? read_corpus(*arguments.data) : generated_corpus();
  const ReportFolder folder(arguments.out);  // refused now rather than after the work
  const Data data(corpus);
  Progress progress;
  const Results results = run_all(data, arguments.settings, progress);

  const Story story{arguments.data ? arguments.data->string() : "generated", !arguments.data, &corpus,
                    arguments.settings, &results};
  for (const Table& table : all_tables(story)) fmt::print("{}\n", as_text(table));
  if (corpus.skipped_lines > 0)
    fmt::print("{} malformed line{} skipped; see above\n", corpus.skipped_lines, corpus.skipped_lines == 1 ? "" : "s");
  fmt::print("report: {}\n", folder.write(story).string());
}

}  // namespace

int main(int count, char** values) {
  try {
    const auto arguments = parse(count, values);
    if (arguments)
      run(*arguments);
    else
      fmt::print("{}", usage);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "finetune_demo: {}\n", error.what());
    return 2;
  }
}
