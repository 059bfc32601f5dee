// SPDX-License-Identifier: MIT
// The trainer as a user has it, and its two callbacks: everything pickmix needs to know of it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <pickmix/pickmix.hpp>
#include <span>
#include <utility>
#include <vector>

#include "language_model.hpp"

namespace finetune_demo {

/// The corpus as the model reads it.
struct Data {
  explicit Data(const Corpus& corpus) : alphabet(corpus) {
    const auto encode = [&](const std::vector<Sample>& samples) {
      std::vector<Sequence> sequences;
      for (const Sample& sample : samples) sequences.push_back(alphabet.encode(sample));
      return sequences;
    };
    for (const Dataset& dataset : corpus.datasets) {
      train.push_back(encode(dataset.train));
      test.push_back(encode(dataset.test));
    }
  }

  const Sequence& at(const pickmix::Example& row) const {
    return train[static_cast<std::size_t>(row.dataset)][static_cast<std::size_t>(row.row)];
  }

  Alphabet alphabet;
  std::vector<std::vector<Sequence>> train, test;  // by dataset
};

/// The rows that are trained on, as a mixture of those datasets that have any: what pickmix calls row r of dataset d is
/// `rows[d][r]`.
struct Subset {
  std::vector<std::vector<pickmix::Example>> rows;

  /// \param picks positions in `pool`
  Subset(std::span<const pickmix::Example> pool, std::span<const pickmix::Index> picks, std::size_t datasets)
      : rows(datasets) {
    for (pickmix::Index pick : picks) {
      const pickmix::Example& example = pool[static_cast<std::size_t>(pick)];
      rows[static_cast<std::size_t>(example.dataset)].push_back(example);
    }
    std::erase_if(rows, [](const auto& of_dataset) { return of_dataset.empty(); });
  }

  std::vector<pickmix::Index> sizes() const {
    std::vector<pickmix::Index> sizes;
    for (const auto& of_dataset : rows) sizes.push_back(std::ssize(of_dataset));
    return sizes;
  }

  /// The share of each dataset among the rows.
  std::vector<double> shares(std::size_t datasets) const {
    std::vector<double> shares(datasets, 0.0);
    double all = 0;
    for (const auto& of_dataset : rows) all += static_cast<double>(of_dataset.size());
    for (const auto& of_dataset : rows)
      shares[static_cast<std::size_t>(of_dataset.front().dataset)] = static_cast<double>(of_dataset.size()) / all;
    return shares;
  }

  std::vector<pickmix::Example> locate(std::span<const pickmix::Example> drawn) const {
    std::vector<pickmix::Example> found;
    for (const pickmix::Example& example : drawn)
      found.push_back(rows[static_cast<std::size_t>(example.dataset)][static_cast<std::size_t>(example.row)]);
    return found;
  }
};

/// Every row of the data, in order.
inline std::vector<pickmix::Example> all_rows(const Data& data) {
  std::vector<pickmix::Example> pool;
  for (std::size_t d = 0; d < data.train.size(); ++d)
    for (pickmix::Index row = 0; row < std::ssize(data.train[d]); ++row)
      pool.push_back({.dataset = static_cast<pickmix::Index>(d), .row = row});
  return pool;
}

/// How long and how fast: the learning rate rises over the first twentieth of the tokens and falls linearly after it.
struct Schedule {
  long tokens = 0;
  double peak_rate = 8e-3;

  double rate(long used) const {
    const double done = static_cast<double>(used) / static_cast<double>(tokens);
    return peak_rate * std::clamp(std::min(done / 0.05, (1 - done) / 0.95), 0.02, 1.0);
  }
};

/// Trains a model on batches it is handed. Copying one forks the run.
class Trainer {
 public:
  Trainer(const Data& data, Schedule schedule, std::uint64_t seed)
      : data_(&data), schedule_(schedule), model_(data.alphabet.size(), seed) {}

  /// `examples` are rows of the data.
  void step(std::span<const pickmix::Example> examples) { step(sequences(examples)); }
  void step(std::span<const Sequence* const> batch) {
    model_.train(batch, schedule_.rate(tokens_));
    for (const Sequence* sequence : batch) tokens_ += sequence->response_size();
    ++steps_;
  }

  /// The gradient of the mean loss per response symbol of `examples`, every parameter's in a row.
  std::vector<float> gradient(std::span<const pickmix::Example> examples) const {
    LanguageModel model = model_;
    model.backpropagate(sequences(examples));
    std::vector<float> all;
    for (std::size_t part = 0; part < 5; ++part) {
      const auto entries = model.gradient()[part].reshaped();
      all.insert(all.end(), entries.begin(), entries.end());
    }
    return all;
  }

  /// Response symbols trained on so far.
  long tokens() const { return tokens_; }
  int steps() const { return steps_; }

  /// What is given to pickmix; refers to this trainer.
  pickmix::Callbacks callbacks() const {
    return {.loss = [this](std::span<const pickmix::Example> examples,
                           std::span<float> out) { losses(sequences(examples), out); },
            .embedding = [this](std::span<const pickmix::Example> examples,
                                pickmix::MatrixView<float> out) { embed(sequences(examples), out); },
            .embedding_size = model_.embedding_size()};
  }

  /// What the callbacks say, of any sequences.
  void losses(std::span<const Sequence* const> batch, std::span<float> out) const {
    model_.score(batch, [&](std::size_t i, const auto& p) { out[i] = -p.mean(); });
  }
  void embed(std::span<const Sequence* const> batch, pickmix::MatrixView<float> out) const { model_.embed(batch, out); }

  /// Held-out loss per dataset, in nats per response symbol, on at most `at_most` evenly spaced rows of each.
  std::vector<double> test(std::size_t at_most) const {
    std::vector<double> losses;
    for (const auto& dataset : data_->test) {
      std::vector<const Sequence*> batch;
      const std::size_t n = std::min(at_most, dataset.size());
      for (std::size_t i = 0; i < n; ++i) batch.push_back(&dataset[i * dataset.size() / n]);
      double sum = 0;
      long tokens = 0;
      model_.score(batch,
                   [&](std::size_t, const auto& p) { sum -= p.template cast<double>().sum(), tokens += p.size(); });
      losses.push_back(sum / static_cast<double>(tokens));
    }
    return losses;
  }

 private:
  std::vector<const Sequence*> sequences(std::span<const pickmix::Example> examples) const {
    std::vector<const Sequence*> found;
    for (const pickmix::Example& example : examples) found.push_back(&data_->at(example));
    return found;
  }

  const Data* data_;
  Schedule schedule_;
  LanguageModel model_;
  long tokens_ = 0;
  int steps_ = 0;
};

}  // namespace finetune_demo
