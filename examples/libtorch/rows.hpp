// SPDX-License-Identifier: MIT
// Which rows there are to train on and to measure with, as the model reads them.
#pragma once

#include <pickmix/pickmix.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pick_and_mix.hpp"
#include "texts.hpp"

/// Rows by dataset; they are kept by Rows.
using RowsByDataset = std::vector<std::vector<const Turn*>>;

class Rows {
 public:
  /// \param held_out  rows of each dataset that are measured on, evenly spaced among those held out
  Rows(std::vector<Dataset> datasets, const Form& form, std::size_t held_out) : datasets_(std::move(datasets)) {
    for (const Dataset& dataset : datasets_) {
      auto& train = train_.emplace_back();
      for (std::size_t row = 0; row < dataset.train.size(); ++row) train.push_back(dataset.train.turn(row, form));
      auto& test = test_.emplace_back();
      const std::size_t n = std::min(held_out, dataset.test.size());
      for (std::size_t k = 0; k < n; ++k) test.push_back(dataset.test.turn(k * dataset.test.size() / n, form));
    }
    add_controls();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Dataset& dataset : datasets_) names.push_back(dataset.name);
    return names;
  }
  const std::vector<std::vector<Turn>>& held_out() const { return test_; }

  /// Mean scored tokens of a row.
  double mean_tokens() const {
    double tokens = 0.0, rows = 0.0;
    for (const auto& turns : train_)
      for (const Turn& turn : turns) tokens += static_cast<double>(turn.scored()), rows += 1.0;
    return tokens / rows;
  }

  RowsByDataset all() const { return pointers(train_); }

  /// All, and two datasets that teach nothing new: one of a dataset's questions with the answers of others, and one of fifty of
  /// its rows again and again. It is the first dataset most of whose answers differ.
  RowsByDataset with_controls() const {
    RowsByDataset rows = all();
    for (auto& control : pointers(controls_)) rows.push_back(std::move(control));
    return rows;
  }

  /// Those of the datasets of these names.
  RowsByDataset of(const std::vector<std::string>& names) const {
    RowsByDataset rows = all(), some;
    for (std::size_t d = 0; d < rows.size(); ++d)
      if (std::ranges::count(names, datasets_[d].name) > 0) some.push_back(std::move(rows[d]));
    return some;
  }

  struct Candidates {
    Pool pool;
    std::vector<std::pair<std::size_t, const Turn*>> rows;  // dataset and row as it is trained on; in the pool's order
  };
  /// What is picked from: `count` rows of all datasets as they come, at most half of all. Behind them `others` rows of each of
  /// the datasets of these names, which are not among them.
  /// \throws std::runtime_error if there is no such dataset, or it has no row to spare
  Candidates candidates(Index count, const std::vector<std::string>& names, Index others, int seed) const {
    std::vector<std::pair<std::size_t, std::size_t>> every;
    for (std::size_t d = 0; d < train_.size(); ++d)
      for (std::size_t row = 0; row < train_[d].size(); ++row) every.emplace_back(d, row);
    const pickmix::Permutation order(std::ssize(every),
                                     pickmix::RandomStream(static_cast<std::uint64_t>(seed), 0x706F6F6C));
    Candidates found;
    found.pool.rows = std::min(count, (std::ssize(every) + 1) / 2);
    const auto add = [&](Index k) {
      const auto [d, row] = every[static_cast<std::size_t>(order(k))];
      found.pool.turns.push_back(datasets_[d].train.turn(row, {.question = 64, .answer = 32}));
      found.rows.emplace_back(d, &train_[d][row]);
    };
    for (Index k = 0; k < found.pool.rows; ++k) {
      add(k);
      if (std::ranges::count(names, datasets_[found.rows.back().first].name) > 0) found.pool.like_others.push_back(k);
    }
    for (const std::string& name : names) {
      Index left = others;
      for (Index k = found.pool.rows; k < std::ssize(every) && left > 0; ++k)
        if (datasets_[every[static_cast<std::size_t>(order(k))].first].name == name) add(k), --left;
      if (left == others) throw std::runtime_error("there is no dataset '" + name + "' with rows to spare");
    }
    return found;
  }

 private:
  static RowsByDataset pointers(const std::vector<std::vector<Turn>>& turns) {
    RowsByDataset rows;
    for (const auto& of_dataset : turns) {
      auto& some = rows.emplace_back();
      for (const Turn& turn : of_dataset) some.push_back(&turn);
    }
    return rows;
  }

  void add_controls() {
    for (const std::vector<Turn>& turns : train_) {
      const auto count = static_cast<Index>(std::min<std::size_t>(turns.size(), 3000));
      const pickmix::Permutation order(count, pickmix::RandomStream(0, 0x6E6F6973));
      std::vector<Turn> noise, repeated;
      Index differ = 0;
      for (Index row = 0; row < count; ++row) {
        const Turn& turn = turns[static_cast<std::size_t>(row)];
        const Turn& other = turns[static_cast<std::size_t>(order(row))];
        Turn& mixed = noise.emplace_back(turn);
        mixed.tokens.resize(turn.begin);
        mixed.tokens.insert(mixed.tokens.end(), other.tokens.begin() + static_cast<std::ptrdiff_t>(other.begin),
                            other.tokens.end());
        mixed.end = turn.begin + other.scored();
        if (mixed.tokens != turn.tokens) ++differ;
        repeated.push_back(turns[static_cast<std::size_t>(row % 50)]);
      }
      if (!controls_.empty() && 2 * differ < count) continue;
      controls_ = {std::move(noise), std::move(repeated)};
      if (2 * differ >= count) return;
    }
  }

  std::vector<Dataset> datasets_;
  std::vector<std::vector<Turn>> train_, test_, controls_;
};
