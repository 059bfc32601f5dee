// SPDX-License-Identifier: MIT
// A language model that llama.cpp runs. Nothing here knows of pickmix: it stands for the engine that a user has already.
#pragma once

#include <llama.h>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// An example as the model reads it: a question and the answer to it, in the form that the model was trained with.
struct Turn {
  std::vector<llama_token> tokens;
  std::size_t answer = 0, end = 0;  ///< the tokens that are scored: [answer, end)
};

/// Long texts are cut: of a question the first and the last halves of so many tokens are kept, of an answer the first.
struct Limits {
  std::size_t question = 64, answer = 32;
};

/// Answers two questions: how probable is an answer, alone or after another example; and what is an example about.
class Model {
 public:
  explicit Model(const std::string& file, int threads, Limits limits = {}) : limits_(limits) {
    llama_log_set(
        [](ggml_log_level level, const char* text, void*) {
          if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
        },
        nullptr);
    model_.reset(llama_model_load_from_file(file.c_str(), llama_model_default_params()));
    if (!model_) throw std::runtime_error(file + ": llama.cpp cannot load it");

    const auto longest = static_cast<std::uint32_t>(limits.question + limits.answer + 16);
    llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = params.n_ubatch = longest * (group + 1);
    params.n_seq_max = group + 1;
    params.kv_unified = true;  // or a context could not be shared
    params.n_threads = params.n_threads_batch = threads;
    scores_.reset(llama_init_from_model(model_.get(), params));
    params.embeddings = true;
    params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    meanings_.reset(llama_init_from_model(model_.get(), params));
    if (!scores_ || !meanings_) throw std::runtime_error(file + ": llama.cpp cannot start it");
    batch_.reset(new llama_batch(llama_batch_init(static_cast<std::int32_t>(params.n_batch), 0, 1)));
  }

  /// Numbers in an embedding.
  std::size_t width() const { return static_cast<std::size_t>(llama_model_n_embd(model_.get())); }

  Turn encode(const std::string& question, const std::string& answer) const {
    Turn turn;
    auto& tokens = turn.tokens;
    append(tokenize("<|im_start|>user\n", true), tokens);
    auto asked = tokenize(question, false);
    if (const std::size_t half = limits_.question / 2; asked.size() > 2 * half)
      asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(half), asked.end() - static_cast<std::ptrdiff_t>(half));
    append(asked, tokens);
    append(tokenize("<|im_end|>\n<|im_start|>assistant\n", true), tokens);
    auto answered = tokenize(answer, false);
    if (answered.size() > limits_.answer) answered.resize(limits_.answer);
    turn.answer = tokens.size();
    append(answered, tokens);
    turn.end = tokens.size();
    append(tokenize("<|im_end|>\n", true), tokens);
    return turn;
  }

  /// Calls `use(i, probabilities of the answer's tokens of targets[i])` for every target, read after `context`, or alone
  /// if that is null. The context is read once for all targets, and not again if the last call was for the same.
  template <class Use>
  void score(const Turn* context, std::span<const Turn* const> targets, Use use) {
    const llama_memory_t memory = llama_get_memory(scores_.get());
    if (context != context_ || !context) {
      llama_memory_clear(memory, false);
      context_ = nullptr;
      if (context) {
        clear();
        for (std::size_t t = 0; t < context->tokens.size(); ++t) add(*context, t, 0, 0, false);
        decode(scores_.get());
      }
      context_ = context;
    }
    const std::size_t start = context ? context->tokens.size() : 0;
    for (std::size_t begin = 0; begin < targets.size(); begin += group) {
      const auto some = targets.subspan(begin, std::min<std::size_t>(group, targets.size() - begin));
      clear();
      for (std::size_t s = 0; s < some.size(); ++s) {
        if (context) llama_memory_seq_cp(memory, 0, static_cast<llama_seq_id>(s + 1), -1, -1);
        for (std::size_t t = 0; t + 1 < some[s]->end; ++t)  // the last one is predicted only
          add(*some[s], t, start, s + 1, t + 1 >= some[s]->answer);
      }
      decode(scores_.get());
      std::int32_t at = 0;
      for (std::size_t s = 0; s < some.size(); ++s) {
        std::vector<float> probabilities;
        for (std::size_t t = 0; t + 1 < some[s]->end; ++t, ++at)
          if (t + 1 >= some[s]->answer) probabilities.push_back(probability(at, some[s]->tokens[t + 1]));
        use(begin + s, probabilities);
        llama_memory_seq_rm(memory, static_cast<llama_seq_id>(s + 1), -1, -1);
      }
    }
  }

  /// Calls `use(i, numbers)` with the mean of the last hidden states of turns[i].
  template <class Use>
  void embed(std::span<const Turn* const> turns, Use use) {
    for (std::size_t begin = 0; begin < turns.size(); begin += group) {
      const auto some = turns.subspan(begin, std::min<std::size_t>(group, turns.size() - begin));
      llama_memory_clear(llama_get_memory(meanings_.get()), false);
      clear();
      for (std::size_t s = 0; s < some.size(); ++s)
        for (std::size_t t = 0; t < some[s]->tokens.size(); ++t) add(*some[s], t, 0, s, true);
      decode(meanings_.get());
      for (std::size_t s = 0; s < some.size(); ++s)
        use(begin + s,
            std::span<const float>(llama_get_embeddings_seq(meanings_.get(), static_cast<llama_seq_id>(s)), width()));
    }
  }

 private:
  static constexpr std::uint32_t group = 8;  // targets that are read at once

  std::vector<llama_token> tokenize(const std::string& text, bool with_marks) const {
    std::vector<llama_token> tokens(text.size() + 8);
    const int count =
        llama_tokenize(llama_model_get_vocab(model_.get()), text.data(), static_cast<std::int32_t>(text.size()),
                       tokens.data(), static_cast<std::int32_t>(tokens.size()), false, with_marks);
    if (count < 0) throw std::runtime_error("llama.cpp cannot tokenize: " + text.substr(0, 80));
    tokens.resize(static_cast<std::size_t>(count));
    return tokens;
  }

  static void append(const std::vector<llama_token>& some, std::vector<llama_token>& tokens) {
    tokens.insert(tokens.end(), some.begin(), some.end());
  }

  void clear() { batch_->n_tokens = 0; }

  void add(const Turn& turn, std::size_t t, std::size_t start, std::size_t sequence, bool output) {
    const std::int32_t at = batch_->n_tokens++;
    batch_->token[at] = turn.tokens[t];
    batch_->pos[at] = static_cast<llama_pos>(start + t);
    batch_->n_seq_id[at] = 1;
    batch_->seq_id[at][0] = static_cast<llama_seq_id>(sequence);
    batch_->logits[at] = output ? 1 : 0;
  }

  void decode(llama_context* context) {
    if (const int code = llama_decode(context, *batch_); code != 0) {
      llama_memory_clear(llama_get_memory(scores_.get()), false);
      context_ = nullptr;
      throw std::runtime_error("llama_decode failed with " + std::to_string(code));
    }
  }

  /// softmax(logits at position `at` of the batch)[token]
  float probability(std::int32_t at, llama_token token) {
    const Eigen::Map<const Eigen::ArrayXf> logits(llama_get_logits_ith(scores_.get(), at),
                                                  llama_vocab_n_tokens(llama_model_get_vocab(model_.get())));
    const float most = logits.maxCoeff();
    return std::exp(logits[token] - most) / (logits - most).exp().sum();
  }

  struct Free {
    void operator()(llama_model* model) const { llama_model_free(model); }
    void operator()(llama_context* context) const { llama_free(context); }
    void operator()(llama_batch* batch) const {
      llama_batch_free(*batch);
      delete batch;
    }
  };

  Limits limits_;
  std::unique_ptr<llama_model, Free> model_;
  std::unique_ptr<llama_context, Free> scores_, meanings_;
  std::unique_ptr<llama_batch, Free> batch_;
  const Turn* context_ = nullptr;  ///< what sequence 0 of `scores_` holds
};
