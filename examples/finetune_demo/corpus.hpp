// SPDX-License-Identifier: MIT
// The data of the demo: named datasets of instructions and responses, read from JSONL files.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <pickmix/pickmix.hpp>
#include <string>
#include <utility>
#include <vector>

namespace finetune_demo {

/// What is shown to the model, and what it shall answer. The prompt ends with a line break.
struct Sample {
  std::string prompt, response;
};

struct Dataset {
  std::string name;
  std::vector<Sample> train, test;
};

struct Corpus {
  std::vector<Dataset> datasets;
  pickmix::Index skipped_lines = 0;  // malformed
};

namespace detail {

/// The string under `key`; an absent or null value is an empty string where that is allowed.
inline std::string text(const nlohmann::json& line, const char* key, bool may_be_absent) {
  const auto at = line.find(key);
  if (at == line.end() || at->is_null()) {
    if (may_be_absent) return {};
    throw std::invalid_argument(fmt::format("\"{}\" is missing", key));
  }
  if (!at->is_string()) throw std::invalid_argument(fmt::format("\"{}\" is not a string", key));
  return at->get<std::string>();
}

inline Sample parse(const std::string& line) {
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(line);
  } catch (const nlohmann::json::parse_error& error) {
    throw std::invalid_argument(fmt::format("not valid JSON at byte {}", error.byte));
  } catch (const nlohmann::json::exception& error) {  // a number that is too large
    throw std::invalid_argument(error.what());
  }
  if (!json.is_object()) throw std::invalid_argument("not a JSON object");
  const std::string instruction = text(json, "instruction", false), input = text(json, "input", true);
  Sample sample{input.empty() ? instruction + "\n" : instruction + "\n" + input + "\n", text(json, "output", false)};
  if (sample.response.empty()) throw std::invalid_argument("\"output\" is empty");
  return sample;
}

/// All valid lines of a file. The others are reported on stderr in the manner of a compiler, and counted.
inline std::vector<Sample> read_file(const std::filesystem::path& path, pickmix::Index& skipped) {
  std::ifstream file(path);
  if (!file) pickmix::raise<pickmix::ValueError>("{}: cannot be opened for reading", path.string());
  std::vector<Sample> samples;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      samples.push_back(parse(line));
    } catch (const std::invalid_argument& what) {
      fmt::print(stderr, "{}:{}: {}; line skipped\n", path.string(), number, what.what());
      ++skipped;
    }
  }
  if (file.bad()) pickmix::raise<pickmix::ValueError>("{}: reading failed", path.string());
  return samples;
}

inline std::vector<std::filesystem::path> jsonl_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() == ".jsonl") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Moves every tenth row, and at least the last one, to the test set.
inline void hold_out(Dataset& dataset) {
  std::vector<Sample> kept;
  for (std::size_t row = 0; row < dataset.train.size(); ++row) {
    const bool last_chance = dataset.test.empty() && row + 1 == dataset.train.size();
    (row % 10 == 9 || last_chance ? dataset.test : kept).push_back(std::move(dataset.train[row]));
  }
  dataset.train = std::move(kept);
}

}  // namespace detail

/// One dataset per JSONL file, named by its stem. `folder` holds train/*.jsonl and test/*.jsonl, or just *.jsonl; a
/// dataset without a test file gives a tenth of its own rows.
///
/// \throws pickmix::ValueError if there is no dataset, or one without a row to train on or to test on
inline Corpus read_corpus(const std::filesystem::path& folder) {
  using pickmix::raise, pickmix::ValueError;
  if (!std::filesystem::is_directory(folder)) raise<ValueError>("--data {}: not a folder", folder.string());
  const bool split = std::filesystem::is_directory(folder / "train");
  const auto train_folder = split ? folder / "train" : folder;
  const auto test_folder = split ? folder / "test" : std::filesystem::path();

  Corpus corpus;
  for (const auto& path : detail::jsonl_files(train_folder)) {
    Dataset dataset{path.stem().string(), detail::read_file(path, corpus.skipped_lines), {}};
    if (dataset.train.empty()) raise<ValueError>("{}: no valid line; a dataset needs at least one", path.string());
    if (const auto test = test_folder / path.filename(); split && std::filesystem::exists(test)) {
      dataset.test = detail::read_file(test, corpus.skipped_lines);
      if (dataset.test.empty()) raise<ValueError>("{}: no valid line; a dataset needs at least one", test.string());
    } else {
      if (dataset.train.size() < 2)
        raise<ValueError>("{}: one valid line; without a test file a dataset needs two", path.string());
      detail::hold_out(dataset);
    }
    corpus.datasets.push_back(std::move(dataset));
  }
  if (corpus.datasets.empty())
    raise<ValueError>("{}: no *.jsonl file; one dataset per file is expected", train_folder.string());
  if (split && std::filesystem::is_directory(test_folder))
    for (const auto& test : detail::jsonl_files(test_folder))
      if (!std::filesystem::exists(train_folder / test.filename()))
        raise<ValueError>("{}: there is no train file of this name", test.string());
  return corpus;
}

}  // namespace finetune_demo
