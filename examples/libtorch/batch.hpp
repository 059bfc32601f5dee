// SPDX-License-Identifier: MIT
// Texts of many lengths as tensors: side by side, in groups of about equal length. Nothing here knows of pickmix.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "texts.hpp"

using Turns = std::span<const Turn* const>;

/// Texts come by eights, and are padded to multiples of eight tokens: oneDNN, which makes bf16 products on processors, takes
/// up to six times as long for some other numbers of rows (2.6.3: 1,736 rows of 576 to 1,536 in 6.0 ms, 1,728 in 1.7).
inline constexpr std::size_t even = 8;

/// Texts side by side, padded at their ends, and where their scored tokens are predicted.
struct Batch {
  torch::Tensor tokens, positions, labels;

  Batch(Turns texts, torch::Device device, std::size_t multiple = even) {
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
    labels = torch::tensor(wanted, torch::kInt64).unsqueeze(1).to(device);
  }
};

/// Calls read(which, texts) for groups of about equal length, of at most `most` tokens, `past` before each counted.
template <class Read>
void by_length(Turns texts, std::int64_t past, std::int64_t most, const Read& read) {
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
      return tokens <= static_cast<std::size_t>(most);
    };
    if (next == 0 || !fits(1) || (group.size() % even == 0 && !fits(even))) {
      read(std::span(order).subspan(begin, group.size()), Turns(group));
      begin = k + 1;
      group.clear();
    }
  }
}
