// SPDX-License-Identifier: MIT
// A byte-level neural n-gram language model (Bengio et al. 2003), trained from scratch with Adam.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <pickmix/pickmix.hpp>
#include <span>
#include <string>
#include <vector>

#include "corpus.hpp"

namespace finetune_demo {

using Symbol = std::uint16_t;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A sample as the model reads it: prompt, response and an end symbol.
struct Sequence {
  std::vector<Symbol> symbols;
  int response_begin = 0;

  int size() const { return static_cast<int>(symbols.size()); }
  int response_size() const { return size() - response_begin; }
};

/// The bytes that occur in the training data, numbered without gaps; all others are one unknown symbol.
class Alphabet {
 public:
  static constexpr std::size_t longest_prompt = 256, longest_response = 200;

  explicit Alphabet(const Corpus& corpus) {
    std::array<bool, 256> seen{};
    for (const Dataset& dataset : corpus.datasets)
      for (const Sample& sample : dataset.train)
        for (const std::string* text : {&sample.prompt, &sample.response})
          for (char c : *text) seen[static_cast<unsigned char>(c)] = true;
    Symbol next = 2;
    for (std::size_t byte = 0; byte < seen.size(); ++byte) symbol_[byte] = seen[byte] ? next++ : unknown;
    size_ = next;
  }

  static constexpr Symbol end = 0, unknown = 1;
  int size() const { return size_; }

  /// The last bytes of the prompt, which are the nearest to the response, and the first of the response.
  Sequence encode(const Sample& sample) const {
    Sequence sequence;
    const std::size_t cut = sample.prompt.size() - std::min(sample.prompt.size(), longest_prompt);
    append(std::string_view(sample.prompt).substr(cut), sequence.symbols);
    sequence.response_begin = sequence.size();
    append(std::string_view(sample.response).substr(0, longest_response), sequence.symbols);
    sequence.symbols.push_back(end);
    return sequence;
  }

 private:
  void append(std::string_view text, std::vector<Symbol>& symbols) const {
    for (char c : text) symbols.push_back(symbol_[static_cast<unsigned char>(c)]);
  }

  std::array<Symbol, 256> symbol_{};
  int size_ = 0;
};

struct ModelSize {
  int window = 16;     // symbols the next one is predicted from
  int embedding = 32;  // numbers a symbol is turned into
  int hidden = 128;
};

/// p(next symbol | the `window` symbols before it, what the prompt is made of)
///
///     h = tanh(b1 + Σ_k E[symbol k] W_k + mean(E[prompt]) W_0),   p = softmax(b2 + h V)
///
/// The products E W_k are made once per call, as one table per place in the window. The hidden layer is then a sum of
/// table rows, many times cheaper than the product of the concatenated embeddings, and the same up to rounding.
/// Deterministic in the seed; runs on the calling thread only. A copy goes on training where the original stood.
class LanguageModel {
 public:
  LanguageModel(int symbols, std::uint64_t seed, ModelSize size = {})
      : symbols_(symbols), size_(size), parameters_(zero()), gradient_(zero()), mean_(zero()), variance_(zero()) {
    pickmix::RandomStream random(seed, 0x4D4F444C);
    const auto fill = [&](Rows& part, double deviation) {
      for (float& x : part.reshaped()) x = static_cast<float>(deviation * random.normal());
    };
    fill(parameters_.embedding, 1.0);
    fill(parameters_.mixing, 1.0 / std::sqrt(size_.embedding * (size_.window + 1.0)));
    fill(parameters_.output, 0.5 / std::sqrt(size_.hidden));
  }

  int embedding_size() const { return size_.hidden; }

  /// One step of Adam on the mean loss over all response symbols of the batch, which is returned.
  double train(std::span<const Sequence* const> batch, double learning_rate) {
    const double loss = backpropagate(batch);
    constexpr float decay1 = 0.9f, decay2 = 0.999f;
    ++steps_;
    const double rate = learning_rate * std::sqrt(1 - std::pow(decay2, steps_)) / (1 - std::pow(decay1, steps_));
    for (std::size_t part = 0; part < 5; ++part) {
      const auto g = gradient_[part].array();
      auto m = mean_[part].array(), v = variance_[part].array();
      m = decay1 * m + (1 - decay1) * g;
      v = decay2 * v + (1 - decay2) * g.square();
      parameters_[part].array() -= static_cast<float>(rate) * m / (v.sqrt() + 1e-8f);
    }
    return loss;
  }

  /// Calls `use(i, log_probabilities)` with the log-probability of each true response symbol of sequence i, in order.
  template <class Use>
  void score(std::span<const Sequence* const> batch, Use use) const {
    const Rows table = tables();
    std::size_t i = 0;
    in_groups(batch, [&](std::span<const Sequence* const> group) {
      const Rows log_p = log_softmax(hidden_of_responses(group, table));
      Eigen::Index row = 0;
      for (const Sequence* s : group) {
        Eigen::VectorXf truth(s->response_size());
        for (float& x : truth)
          x = log_p(row, symbol(*s, s->response_begin + static_cast<int>(&x - truth.data()))), ++row;
        use(i++, truth);
      }
    });
  }

  /// The hidden states of each sequence, averaged over prompt and response.
  void embed(std::span<const Sequence* const> batch, pickmix::MatrixView<float> out) const {
    const Rows table = tables();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Rows hidden(batch[i]->size(), size_.hidden);
      add_hidden(*batch[i], 0, table, hidden, 0);
      Eigen::Map<Eigen::RowVectorXf>(out.row(static_cast<pickmix::Index>(i)).data(), size_.hidden) =
          hidden.array().tanh().matrix().colwise().mean();
    }
  }

  struct Layers {
    Rows embedding, mixing, output, hidden_bias, output_bias;

    Rows& operator[](std::size_t part) {
      return *std::array{&embedding, &mixing, &output, &hidden_bias, &output_bias}[part];
    }
  };
  Layers& parameters() { return parameters_; }
  Layers& gradient() { return gradient_; }

  /// The mean loss over all response symbols of the batch; its gradient is left in gradient().
  double backpropagate(std::span<const Sequence* const> batch) {
    const Rows table = tables();
    Rows table_gradient = Rows::Zero(table.rows(), table.cols());
    gradient_ = zero();
    long tokens = 0;
    for (const Sequence* s : batch) tokens += s->response_size();
    const float scale = 1.0f / static_cast<float>(tokens);

    double loss = 0;
    in_groups(batch, [&](std::span<const Sequence* const> group) {
      const Rows hidden = hidden_of_responses(group, table);
      Rows logits = log_softmax(hidden);
      Eigen::Index row = 0;
      std::vector<std::pair<Eigen::Index, int>> truth;
      for (const Sequence* s : group)
        for (int t = s->response_begin; t < s->size(); ++t) truth.emplace_back(row++, symbol(*s, t));
      for (auto [r, c] : truth) loss -= logits(r, c);
      logits = logits.array().exp() * scale;
      for (auto [r, c] : truth) logits(r, c) -= scale;

      gradient_.output.noalias() += hidden.transpose() * logits;
      gradient_.output_bias += logits.colwise().sum();
      Rows back(hidden.rows(), hidden.cols());
      back.noalias() = logits * parameters_.output.transpose();
      back.array() *= 1 - hidden.array().square();
      gradient_.hidden_bias += back.colwise().sum();

      row = 0;
      for (const Sequence* s : group) {
        const int begin = s->response_begin;
        const Eigen::RowVectorXf prompt = back.middleRows(row, s->response_size()).colwise().sum() / begin;
        for (int t = 0; t < begin; ++t) table_gradient.row(size_.window * symbols_ + symbol(*s, t)) += prompt;
        for (int t = begin; t < s->size(); ++t, ++row)
          for (int k = 0; k < size_.window; ++k) table_gradient.row(slot(*s, t, k)) += back.row(row);
      }
    });
    for (int k = 0; k <= size_.window; ++k) {
      const auto part = table_gradient.middleRows(k * symbols_, symbols_);
      const int at = k * size_.embedding;
      gradient_.mixing.middleRows(at, size_.embedding).noalias() = parameters_.embedding.transpose() * part;
      gradient_.embedding.noalias() += part * parameters_.mixing.middleRows(at, size_.embedding).transpose();
    }
    return loss / static_cast<double>(tokens);
  }

 private:
  Layers zero() const {
    return {Rows::Zero(symbols_, size_.embedding), Rows::Zero((size_.window + 1) * size_.embedding, size_.hidden),
            Rows::Zero(size_.hidden, symbols_), Rows::Zero(1, size_.hidden), Rows::Zero(1, symbols_)};
  }

  /// Row k · symbols + s: what symbol s adds to the hidden layer at place k of the window; the last part is the prompt's.
  Rows tables() const {
    Rows table((size_.window + 1) * symbols_, size_.hidden);
    for (int k = 0; k <= size_.window; ++k)
      table.middleRows(k * symbols_, symbols_).noalias() =
          parameters_.embedding * parameters_.mixing.middleRows(k * size_.embedding, size_.embedding);
    return table;
  }

  static int symbol(const Sequence& s, int at) {
    return at < 0 ? Alphabet::end : s.symbols[static_cast<std::size_t>(at)];
  }

  /// The table row of the symbol k + 1 places before position `at`.
  int slot(const Sequence& s, int at, int k) const { return k * symbols_ + symbol(s, at - 1 - k); }

  /// Splits a batch so that the matrices of a part stay in the processor's cache.
  template <class Use>
  static void in_groups(std::span<const Sequence* const> batch, Use use) {
    constexpr int enough = 256;
    std::size_t begin = 0;
    int positions = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      positions += batch[i]->response_size();
      if (positions < enough && i + 1 < batch.size()) continue;
      use(batch.subspan(begin, i + 1 - begin));
      begin = i + 1;
      positions = 0;
    }
  }

  /// Row `row` and on: the hidden layer before tanh, from which the positions from `begin` on are predicted.
  void add_hidden(const Sequence& s, int begin, const Rows& table, Rows& hidden, Eigen::Index row) const {
    Eigen::RowVectorXf prompt = Eigen::RowVectorXf::Zero(size_.hidden);
    for (int t = 0; t < s.response_begin; ++t) prompt += table.row(size_.window * symbols_ + symbol(s, t));
    prompt = prompt / s.response_begin + parameters_.hidden_bias;
    for (int t = begin; t < s.size(); ++t, ++row) {
      hidden.row(row) = prompt;
      for (int k = 0; k < size_.window; ++k) hidden.row(row) += table.row(slot(s, t, k));
    }
  }

  Rows hidden_of_responses(std::span<const Sequence* const> group, const Rows& table) const {
    Eigen::Index rows = 0;
    for (const Sequence* s : group) rows += s->response_size();
    Rows hidden(rows, size_.hidden);
    rows = 0;
    for (const Sequence* s : group) {
      add_hidden(*s, s->response_begin, table, hidden, rows);
      rows += s->response_size();
    }
    hidden = hidden.array().tanh();
    return hidden;
  }

  Rows log_softmax(const Rows& hidden) const {
    Rows logits(hidden.rows(), symbols_);
    logits.noalias() = hidden * parameters_.output;
    for (auto row : logits.rowwise()) {
      row += parameters_.output_bias;
      row.array() -= row.maxCoeff();
      row.array() -= std::log(row.array().exp().sum());
    }
    return logits;
  }

  int symbols_;
  ModelSize size_;
  Layers parameters_, gradient_, mean_, variance_;
  int steps_ = 0;
};

}  // namespace finetune_demo
