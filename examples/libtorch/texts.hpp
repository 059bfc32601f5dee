// SPDX-License-Identifier: MIT
// Token files, as prepare.py writes them: questions and answers of one dataset, tokenised. Nothing here knows of pickmix.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "safetensors.hpp"

/// An example as the model reads it; the tokens [begin, end) are scored.
struct Turn {
  std::vector<std::int32_t> tokens;
  std::size_t begin = 0, end = 0;

  std::size_t scored() const { return end - begin; }
};

/// Long texts are cut: of a question the first and the last halves of so many tokens are kept, of an answer, with the mark at
/// its end, which is scored so that the model learns to stop, the first.
struct Form {
  std::size_t question = 128, answer = 128;
};

/// The rows of one token file.
class Texts {
 public:
  Texts(const std::filesystem::path& path, const std::string& vocabulary, std::int64_t words) {
    const Safetensors file = read_safetensors(path);
    if (file.text("vocabulary") != vocabulary)
      file.refuse("is of another vocabulary than the model; make it again with prepare.py");
    const auto tokens = [&](const char* name) {
      const torch::Tensor values = file.tensor(name).to(torch::kInt32).contiguous();
      const auto* first = values.data_ptr<std::int32_t>();
      std::vector<std::int32_t> all(first, first + values.numel());
      for (const std::int32_t token : all)
        if (token < 0 || token >= words) file.refuse("has a token that the model does not know");
      return all;
    };
    const auto ends = [&](const char* name, std::size_t all) {
      const torch::Tensor values = file.tensor(name).to(torch::kInt64).contiguous();
      const auto* first = values.data_ptr<std::int64_t>();
      std::vector<std::int64_t> sorted(first, first + values.numel());
      if (sorted.empty() || sorted.front() < 0 || !std::is_sorted(sorted.begin(), sorted.end()) ||
          sorted.back() != static_cast<std::int64_t>(all))
        file.refuse(std::string("its '") + name + "' do not fit");
      return sorted;
    };
    questions_.tokens = tokens("questions"), answers_.tokens = tokens("answers");
    questions_.ends = ends("question_ends", questions_.tokens.size());
    answers_.ends = ends("answer_ends", answers_.tokens.size());
    if (questions_.ends.size() != answers_.ends.size()) file.refuse("has not one answer a question");
    for (std::size_t row = 0; row < size(); ++row)
      if (answers_.at(row).empty())
        file.refuse("the answer of row " + std::to_string(row) + " is empty; there is nothing to learn from it");
    source_ = file.text("source");
    before_ = tokens("before"), between_ = tokens("between"), after_ = tokens("after");
    if (before_.empty() || between_.empty() || after_.empty()) file.refuse("has no marks around its texts");
  }

  std::size_t size() const { return answers_.ends.size(); }
  /// What the file was made of, as a digest.
  const std::string& source() const { return source_; }

  Turn turn(std::size_t row, const Form& form) const {
    Turn turn;
    const auto append = [&](auto first, auto last) { turn.tokens.insert(turn.tokens.end(), first, last); };
    append(before_.begin(), before_.end());
    const auto question = questions_.at(row);
    if (const std::size_t half = form.question / 2; question.size() > 2 * half) {
      append(question.begin(), question.begin() + static_cast<std::ptrdiff_t>(half));
      append(question.end() - static_cast<std::ptrdiff_t>(half), question.end());
    } else {
      append(question.begin(), question.end());
    }
    append(between_.begin(), between_.end());
    const auto answer = answers_.at(row);
    const std::size_t kept = std::min(answer.size(), form.answer);
    turn.begin = turn.tokens.size();
    append(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(kept));
    turn.end = turn.tokens.size() + (kept < form.answer ? 1 : 0);
    append(after_.begin(), after_.end());
    return turn;
  }

 private:
  struct Ragged {
    std::vector<std::int32_t> tokens;
    std::vector<std::int64_t> ends;

    std::vector<std::int32_t> at(std::size_t row) const {
      const auto first = tokens.begin() + (row == 0 ? 0 : ends[row - 1]);
      return {first, tokens.begin() + ends[row]};
    }
  };

  std::string source_;
  Ragged questions_, answers_;
  std::vector<std::int32_t> before_, between_, after_;
};

struct Dataset {
  std::string name;
  Texts train, test;
};

/// Every dataset that has a file in FOLDER/train and one in FOLDER/test, by name.
inline std::vector<Dataset> read_datasets(const std::filesystem::path& folder, const std::string& vocabulary,
                                          std::int64_t words) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder / "train"))
    for (const auto& entry : std::filesystem::directory_iterator(folder / "train"))
      if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  if (files.empty())
    throw std::runtime_error(folder.string() + ": there is no train/*.safetensors; prepare.py makes them");
  std::sort(files.begin(), files.end());
  std::vector<Dataset> datasets;
  for (const auto& file : files)
    if (file.stem().string().find_first_of(" ,\"'()\t\n") != std::string::npos)
      throw std::runtime_error(file.string() +
                               ": a dataset's name, which stands in tables, has no blank, comma, quote or "
                               "parenthesis; give the file another name");
  for (const auto& file : files)
    datasets.push_back({file.stem().string(), Texts(file, vocabulary, words),
                        Texts(folder / "test" / file.filename(), vocabulary, words)});
  return datasets;
}
