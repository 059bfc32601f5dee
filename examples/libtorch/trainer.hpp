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
  using Texts = std::span<const Turn* const>;

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
  std::vector<float> step(Texts texts) {
    const Batch batch(texts, machine_.device);
    weights_.zero_gradients();
    const torch::Tensor hidden = model_.hidden(batch.tokens);
    const torch::Tensor losses = -log_probabilities(hidden, batch);
    losses.mean().backward();
    weights_.gather_gradients();
    torch::nn::utils::clip_grad_norm_(weights_.pieces(), recipe_.longest_gradient);
    for (auto& group : optimizer_->param_groups()) group.options().set_lr(recipe_.rate(tokens_));
    optimizer_->step();
    changed();
    ++steps_;
    tokens_ += losses.size(0);
    padded_ += batch.tokens.numel();
    std::vector<float> means;
    const torch::Tensor told = losses.detach().cpu();
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
  void score(Texts texts, const Turn* context, const Use& use) {
    const torch::NoGradGuard no_gradients;
    if (context && context != context_) {
      cache_ = {};
      const Turn* one[] = {context};
      model_.hidden(Batch(one, machine_.device, 1).tokens, nullptr, &cache_);  // all of it is read: no padding
      context_ = context;
    }
    by_length(texts, context ? cache_.length() : 0, [&](std::span<const std::size_t> chosen, Texts some) {
      const Batch batch(some, machine_.device);
      const torch::Tensor hidden = model_.hidden(batch.tokens, context ? &cache_ : nullptr);
      torch::Tensor exact;
      const torch::Tensor told = log_probabilities(hidden, batch, &exact).cpu();
      exact = exact.cpu();
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
  void embed(Texts texts, const Use& use) {
    const torch::NoGradGuard no_gradients;
    by_length(texts, 0, [&](std::span<const std::size_t> chosen, Texts some) {
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
  /// Texts come by eights, and are padded to multiples of eight tokens: oneDNN, which makes bf16 products on processors, takes
  /// up to six times as long for some other numbers of rows (2.6.3: 1,736 rows of 576 to 1,536 in 6.0 ms, 1,728 in 1.7).
  static constexpr std::size_t even = 8;

  /// Texts side by side, padded at their ends, and where their scored tokens are predicted.
  struct Batch {
    torch::Tensor tokens, positions, labels;

    Batch(Texts texts, torch::Device device, std::size_t multiple = even) {
      std::size_t longest = 0;
      for (const Turn* text : texts) longest = std::max(longest, text->tokens.size());
      longest = (longest + multiple - 1) / multiple * multiple;
      std::vector<std::int64_t> padded(texts.size() * longest, 0), at, wanted;
      for (std::size_t k = 0; k < texts.size(); ++k) {
        std::copy(texts[k]->tokens.begin(), texts[k]->tokens.end(),
                  padded.begin() + static_cast<std::ptrdiff_t>(k * longest));
        for (std::size_t t = texts[k]->begin; t < texts[k]->end; ++t) {
          at.push_back(static_cast<std::int64_t>(k * longest + t - 1));
          wanted.push_back(texts[k]->tokens[t]);
        }
      }
      const auto shape = {static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(longest)};
      tokens = torch::tensor(padded, torch::kInt64).view(shape).to(device);
      positions = torch::tensor(at, torch::kInt64).to(device);
      labels = torch::tensor(wanted, torch::kInt64).to(device);
    }
  };

  torch::Tensor log_probabilities(const torch::Tensor& hidden, const Batch& batch,
                                  torch::Tensor* exact = nullptr) const {
    const torch::Tensor logits = model_.logits(hidden.flatten(0, 1).index_select(0, batch.positions));
    if (exact) *exact = logits.argmax(-1) == batch.labels;
    return torch::log_softmax(logits, -1).gather(1, batch.labels.unsqueeze(1)).squeeze(1);
  }

  /// Calls read(which, texts) for groups of about equal length, of at most `padded` tokens, `past` before each counted.
  template <class Read>
  void by_length(Texts texts, std::int64_t past, const Read& read) const {
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return texts[a]->tokens.size() < texts[b]->tokens.size(); });
    std::vector<const Turn*> group;
    for (std::size_t begin = 0, k = 0; k < order.size(); ++k) {
      group.push_back(texts[order[k]]);
      const std::size_t next = k + 1 < order.size() ? texts[order[k + 1]]->tokens.size() : 0;
      const auto fits = [&](std::size_t more) {
        const std::size_t tokens = (group.size() + more) * (next + static_cast<std::size_t>(past));
        return tokens <= static_cast<std::size_t>(machine_.padded);
      };
      if (next == 0 || !fits(1) || (group.size() % even == 0 && !fits(even))) {
        read(std::span(order).subspan(begin, group.size()), Texts(group));
        begin = k + 1;
        group.clear();
      }
    }
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
