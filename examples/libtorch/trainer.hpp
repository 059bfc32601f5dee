// SPDX-License-Identifier: MIT
// Fine-tunes a Llama: the trainer that a user has already. Nothing here knows of pickmix.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "llama.hpp"
#include "texts.hpp"
#include "weights.hpp"

/// Where and how the arithmetic is done.
struct Machine {
  torch::Device device = torch::kCPU;
  torch::ScalarType products = torch::kFloat32;
  std::int64_t padded = 4096;  ///< tokens read at once where no gradient is needed
};

/// The type that matrix products are fast in: bfloat16 on a GPU and on processors with instructions for it.
inline torch::ScalarType fast_products(torch::Device device) {
  bool bfloat16 = device.is_cuda();
#if defined(__x86_64__)
  bfloat16 = bfloat16 || __builtin_cpu_supports("avx512bf16") != 0;
#endif
  return bfloat16 ? torch::kBFloat16 : torch::kFloat32;
}

/// AdamW, with the rate rising over the first part of the tokens and falling linearly to nothing after it.
struct Recipe {
  long tokens = 0;  ///< response tokens to train on
  double peak_rate = 1e-4, warm_up = 0.05, decay = 0.01, longest_gradient = 1.0;

  double rate(long used) const {
    const double done = static_cast<double>(used) / static_cast<double>(tokens);
    return peak_rate * std::clamp(std::min(done / warm_up, (1.0 - done) / (1.0 - warm_up)), 0.01, 1.0);
  }
};

/// What the model says of the scored tokens of one text.
struct Score {
  std::vector<float> log_probabilities;
  bool exact = false;  ///< whether each token is the most probable one: what greedy decoding would answer
};

class Trainer {
 public:
  Trainer(const Safetensors& file, Machine machine, Recipe recipe)
      : machine_(machine),
        recipe_(recipe),
        weights_(file, machine.device, machine.products),
        model_(weights_.model()),
        optimizer_(optimizer()) {}

  const Shape& shape() const { return model_.shape(); }

  /// The weights stay, and training begins with them.
  void begin_anew(const Recipe& recipe) {
    recipe_ = recipe;
    optimizer_ = optimizer();
    tokens_ = padded_ = steps_ = 0;
  }
  long tokens() const { return tokens_; }  ///< response tokens trained on so far
  long padded() const { return padded_; }  ///< tokens read in training so far, padding included
  long steps() const { return steps_; }

  /// One step on the mean loss of the scored tokens of `texts`; gives the mean loss of each text before it.
  std::vector<float> step(Turns texts) {
    const Batch batch(texts, machine_.device);
    weights_.zero_gradients();
    const torch::Tensor logits = model_.logits(scored(model_.hidden(batch.tokens), batch));
    torch::Tensor losses;
    logits.backward(gradient(logits, batch.labels, losses));
    weights_.gather_gradients();
    torch::nn::utils::clip_grad_norm_(weights_.pieces(), recipe_.longest_gradient);
    for (auto& group : optimizer_->param_groups()) group.options().set_lr(recipe_.rate(tokens_));
    optimizer_->step();
    changed();
    ++steps_;
    tokens_ += losses.size(0);
    padded_ += batch.tokens.numel();
    std::vector<float> means;
    const torch::Tensor told = losses.cpu();
    const float* next = told.data_ptr<float>();
    for (const Turn* text : texts) {
      means.push_back(std::accumulate(next, next + text->scored(), 0.0f) / static_cast<float>(text->scored()));
      next += text->scored();
    }
    return means;
  }

  /// Reads texts, alone or each of them after `context`, whose keys and values they share, and calls use(i, Score).
  /// The context is not read again if the last call, with no step between, was for the same.
  template <class Use>
  void score(Turns texts, const Turn* context, const Use& use) {
    const torch::NoGradGuard no_gradients;
    if (context && context != context_) {
      cache_ = {};
      const Turn* one[] = {context};
      model_.hidden(Batch(one, machine_.device, 1).tokens, nullptr, &cache_);  // all of it is read: no padding
      context_ = context;
    }
    const std::int64_t past = context ? cache_.length() : 0;
    by_length(texts, past, machine_.padded, [&](std::span<const std::size_t> chosen, Turns some) {
      const Batch batch(some, machine_.device);
      const torch::Tensor hidden = model_.hidden(batch.tokens, context ? &cache_ : nullptr);
      const auto logits = model_.logits(scored(hidden, batch)).split(piece), labels = batch.labels.split(piece);
      std::vector<torch::Tensor> of_labels, are_first;
      for (std::size_t k = 0; k < labels.size(); ++k) {
        const torch::Tensor words = log_probabilities(logits[k]);
        of_labels.push_back(words.gather(1, labels[k]));
        are_first.push_back(words.argmax(-1, true) == labels[k]);
      }
      const torch::Tensor told = torch::cat(of_labels).cpu(), exact = torch::cat(are_first).cpu();
      const float* next = told.data_ptr<float>();
      const bool* right = exact.data_ptr<bool>();
      for (std::size_t k = 0; k < some.size(); ++k) {
        const std::size_t count = some[k]->scored();
        use(chosen[k], Score{{next, next + count}, std::all_of(right, right + count, [](bool is) { return is; })});
        next += count, right += count;
      }
    });
  }

  /// The mean of the last hidden states over each text's tokens: use(i, numbers).
  template <class Use>
  void embed(Turns texts, const Use& use) {
    const torch::NoGradGuard no_gradients;
    by_length(texts, 0, machine_.padded, [&](std::span<const std::size_t> chosen, Turns some) {
      const torch::Tensor hidden = model_.hidden(Batch(some, machine_.device).tokens);
      for (std::size_t k = 0; k < some.size(); ++k) {
        const auto length = static_cast<std::int64_t>(some[k]->tokens.size());
        const torch::Tensor mean = hidden[static_cast<std::int64_t>(k)].narrow(0, 0, length).mean(0).cpu();
        use(chosen[k], std::span<const float>(mean.data_ptr<float>(), static_cast<std::size_t>(mean.numel())));
      }
    });
  }

  /// Writes model, optimiser and, under their names, what else the run needs, into one file. What was there stays until all
  /// of it is written. \throws std::runtime_error if the disk does not take it
  void save(const std::filesystem::path& path, const std::map<std::string, std::string>& also) const {
    torch::serialize::OutputArchive file, steps;
    for (std::size_t k = 0; k < Weights::parts; ++k) file.write(part(k), weights_.masters()[k]);
    optimizer_->save(steps);
    file.write("optimizer", steps);
    file.write("progress", torch::tensor({static_cast<std::int64_t>(tokens_), static_cast<std::int64_t>(padded_),
                                          static_cast<std::int64_t>(steps_)}));
    for (const auto& [name, bytes] : also) {
      const torch::Tensor copy = torch::empty({static_cast<std::int64_t>(bytes.size())}, torch::kUInt8);
      std::copy(bytes.begin(), bytes.end(), static_cast<char*>(copy.data_ptr()));
      file.write(name, copy);
    }
    const std::filesystem::path part = path.string() + ".part";
    std::ofstream out(part, std::ios::binary);
    file.save_to([&](const void* bytes, std::size_t size) {
      out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
      return size;  // an error is looked for at the end: the archive cannot be left halfway
    });
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(part, path, error);
    if (!out || error) {
      std::filesystem::remove(part, error);
      throw std::runtime_error(part.string() + ": cannot be written; is the disk full? " + path.string() +
                               " is as it was");
    }
  }

  /// Goes on where `save` was called; \return what was saved with it. \throws std::runtime_error if the file is damaged or
  /// of another model; the trainer is then not to be used
  std::map<std::string, std::string> load(const std::filesystem::path& path, const std::vector<std::string>& names) {
    std::map<std::string, std::string> also;
    try {
      torch::serialize::InputArchive file, steps;
      file.load_from(path.string(), machine_.device);
      for (std::size_t k = 0; k < Weights::parts; ++k) {
        torch::Tensor saved, master = weights_.masters()[k];
        file.read(part(k), saved);
        if (!saved.sizes().equals(master.sizes())) throw std::runtime_error("its weights are of another model");
        master.copy_(saved);
      }
      file.read("optimizer", steps);
      optimizer_->load(steps);
      torch::Tensor numbers;
      file.read("progress", numbers);
      numbers = numbers.cpu();
      const auto* number = numbers.data_ptr<std::int64_t>();
      tokens_ = number[0], padded_ = number[1], steps_ = number[2];
      for (const std::string& name : names) {
        torch::Tensor bytes;
        file.read(name, bytes);
        bytes = bytes.cpu();
        const auto* first = static_cast<const char*>(bytes.data_ptr());
        also.emplace(name, std::string(first, first + bytes.numel()));
      }
    } catch (const std::exception& error) {
      const std::string why = error.what();
      throw std::runtime_error(path.string() + ": cannot be resumed from: " + why.substr(0, why.find('\n')));
    }
    changed();
    return also;
  }

 private:
  /// Tokens whose probabilities of all words are looked at together: those of all would be the largest tensors, each time of
  /// another size, between which little else finds room.
  static constexpr std::int64_t piece = 16;

  /// Hidden states that scored tokens are predicted from.
  static torch::Tensor scored(const torch::Tensor& hidden, const Batch& batch) {
    return hidden.flatten(0, 1).index_select(0, batch.positions);
  }
  static torch::Tensor log_probabilities(const torch::Tensor& logits) {
    return torch::log_softmax(logits.to(torch::kFloat32), -1);
  }
  /// Of the mean loss, for each logit; gives the losses, too.
  static torch::Tensor gradient(const torch::Tensor& logits, const torch::Tensor& labels, torch::Tensor& losses) {
    const torch::NoGradGuard no_gradients;
    torch::Tensor all = torch::empty_like(logits);
    const auto some = logits.split(piece), wanted = labels.split(piece), gradients = all.split(piece);
    std::vector<torch::Tensor> told;
    for (std::size_t k = 0; k < some.size(); ++k) {
      torch::Tensor words = log_probabilities(some[k]);
      told.push_back(-words.gather(1, wanted[k]));
      words.exp_().scatter_add_(1, wanted[k], torch::full_like(told[k], -1.0));
      gradients[k].copy_(words.div_(logits.size(0)));
    }
    losses = torch::cat(told);
    return all;
  }

  std::unique_ptr<torch::optim::AdamW> optimizer() const {
    using torch::optim::AdamWOptions;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    for (std::size_t k = 0; k < Weights::parts; ++k) {
      const double decay = k == Weights::norms ? 0.0 : recipe_.decay;
      const AdamWOptions options = AdamWOptions(recipe_.peak_rate).betas({0.9, 0.95}).weight_decay(decay);
      groups.emplace_back(weights_.pieces(k), std::make_unique<AdamWOptions>(options));
    }
    return std::make_unique<torch::optim::AdamW>(std::move(groups), AdamWOptions(recipe_.peak_rate));
  }

  void changed() {
    weights_.spread();
    context_ = nullptr;
  }

  static std::string part(std::size_t k) { return "weights" + std::to_string(k); }

  Machine machine_;
  Recipe recipe_;
  Weights weights_;
  Llama model_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
  long tokens_ = 0, padded_ = 0, steps_ = 0;
  Cache cache_;
  const Turn* context_ = nullptr;  // what is in the cache
};
