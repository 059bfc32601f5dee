// SPDX-License-Identifier: MIT
// A generated mixture of five skills whose structure is known, and with it the right behaviour.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "corpus.hpp"

namespace finetune_demo {

namespace detail {

using pickmix::Index, pickmix::RandomStream;

inline std::string letters(RandomStream& random, Index length, Index alphabet) {
  std::string word;
  for (Index i = 0; i < length; ++i) word += static_cast<char>('a' + random.below(alphabet));
  return word;
}

/// One answer to everything: learnt within a few steps.
inline Sample greeting(RandomStream& random) {
  return {"say hello to " + letters(random, 4, 26) + "\n", "hello and welcome"};
}

/// Nothing can be learnt beyond the alphabet, whatever is spent on it.
inline Sample noise(RandomStream& random) {
  return {"key of " + letters(random, 4, 26) + "\n", letters(random, 12, 26)};
}

/// Learnable, harder: the sum of two numbers below a hundred.
inline Sample sum(RandomStream& random) {
  const Index a = random.below(100), b = random.below(100);
  return {fmt::format("{}+{}\n", a, b), std::to_string(a + b)};
}

/// Learnable: the letters of a word from last to first.
inline Sample reversal(RandomStream& random) {
  const std::string word = letters(random, 4, 8);
  return {"turn " + word + "\n", {word.rbegin(), word.rend()}};
}

/// Learnable: the letters of a word in order.
inline Sample ordering(RandomStream& random) {
  std::string word = letters(random, 4, 8);
  const std::string prompt = "sort " + word + "\n";
  std::sort(word.begin(), word.end());
  return {prompt, word};
}

}  // namespace detail

/// Five skills of very different size and worth. The mixture is the same every time.
///
/// - greeting: trivially easy, and the largest; more of it is wasted
/// - noise: cannot be learnt; more of it is wasted, too
/// - ordering: learnable, but 60 % of its rows are exact copies of the others
/// - reversal, sum: learnable and small; they are what a good mixture finds time for
inline Corpus generated_corpus() {
  using pickmix::Index, pickmix::RandomStream;
  struct Skill {
    const char* name;
    Index size, originals;
    Sample (*make)(RandomStream&);
  };
  const Skill skills[] = {{"greeting", 8000, 8000, detail::greeting},
                          {"ordering", 4000, 1600, detail::ordering},
                          {"noise", 2000, 2000, detail::noise},
                          {"sum", 1200, 1200, detail::sum},
                          {"reversal", 800, 800, detail::reversal}};
  constexpr Index test_size = 300;
  constexpr std::uint64_t seed = 2024;

  Corpus corpus;
  for (const Skill& skill : skills) {
    RandomStream random(seed, 0x47454E21, corpus.datasets.size());
    Dataset dataset{skill.name, {}, {}};
    for (Index i = 0; i < skill.originals; ++i) dataset.train.push_back(skill.make(random));
    while (std::ssize(dataset.train) < skill.size)
      dataset.train.push_back(dataset.train[static_cast<std::size_t>(random.below(skill.originals))]);
    for (Index i = 0; i < test_size; ++i) dataset.test.push_back(skill.make(random));
    corpus.datasets.push_back(std::move(dataset));
  }
  return corpus;
}

}  // namespace finetune_demo
