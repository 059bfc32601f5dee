// SPDX-License-Identifier: MIT
// Checks that what the trainer says of a text, alone or after a context, does not depend on what is read beside it, on padding,
// or on the cache: every text is read with others of other lengths, and then by itself, as one text with its context.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "trainer.hpp"

namespace {

/// The largest difference of a log-probability between texts read together and each of them alone.
float largest_difference(Trainer& trainer, const std::vector<Turn>& texts, const Turn* context) {
  std::vector<const Turn*> together;
  for (const Turn& text : texts) together.push_back(&text);
  std::vector<Score> scores(texts.size());
  trainer.score(together, context, [&](std::size_t i, Score score) { scores[i] = std::move(score); });

  float largest = 0.0f;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Turn whole = texts[i];
    if (context != nullptr) {
      whole.tokens.insert(whole.tokens.begin(), context->tokens.begin(), context->tokens.end());
      whole.begin += context->tokens.size();
      whole.end += context->tokens.size();
    }
    const Turn* one[] = {&whole};
    trainer.score(one, nullptr, [&](std::size_t, const Score& alone) {
      for (std::size_t k = 0; k < alone.log_probabilities.size(); ++k)
        largest = std::max(largest, std::abs(alone.log_probabilities[k] - scores[i].log_probabilities.at(k)));
    });
  }
  return largest;
}

}  // namespace

int main(int count, char** values) {
  try {
    if (count != 2) throw std::runtime_error("needs a file of weights");
    const Safetensors file = read_safetensors(values[1]);
    Trainer trainer(file, Machine{}, Recipe{.tokens = 1});
    std::mt19937 random(1);
    std::uniform_int_distribution<std::int32_t> token(0, static_cast<std::int32_t>(trainer.shape().vocabulary) - 1);
    const auto text = [&](std::size_t length) {
      Turn turn{.tokens = {}, .begin = 2, .end = length};
      while (turn.tokens.size() < length) turn.tokens.push_back(token(random));
      return turn;
    };
    std::vector<Turn> texts;
    for (std::size_t length = 3; length < 40; ++length) texts.push_back(text(length));
    const Turn context = text(13), other = text(16);
    for (const Turn* before : {static_cast<const Turn*>(nullptr), &context, &other}) {
      const float difference = largest_difference(trainer, texts, before);
      std::printf("%zu tokens before: differs by %g\n", before ? before->tokens.size() : 0,
                  static_cast<double>(difference));
      if (!(difference < 1e-4f)) return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in_context: %s\n", error.what());
    return 2;
  }
}
