// SPDX-License-Identifier: MIT
// Everything that pickmix needs to know of the model, and what it is asked for.
#pragma once

#include <pickmix/pickmix.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <span>
#include <vector>

#include "model.hpp"

struct Choice {
  double part;                   ///< of the pool that is chosen
  double calls;                  ///< part of the pairs whose losses are asked for
  bool likelihood;               ///< the distance: negative log-likelihood, or else probability distance
  std::filesystem::path losses;  ///< kept here as they come
};

inline pickmix::Selection select(Model& model, const std::vector<Turn>& turns, const Choice& choice) {
  using namespace pickmix;
  const auto turn = [&](Index row) { return row == no_context ? nullptr : &turns[static_cast<std::size_t>(row)]; };
  const Callbacks callbacks{
      .loss =
          [&](std::span<const Example> examples, std::span<float> out) {
            for (std::size_t begin = 0, end = 0; begin < examples.size(); begin = end) {  // runs of one context
              std::vector<const Turn*> targets;
              for (; end < examples.size() && examples[end].context == examples[begin].context; ++end)
                targets.push_back(turn(examples[end].row));
              model.score(turn(examples[begin].context), targets, [&](std::size_t i, const auto& p) {
                out[begin + i] =
                    choice.likelihood ? delift::negative_log_likelihood(p) : delift::probability_distance(p);
              });
            }
          },
      .embedding =
          [&](std::span<const Example> examples, MatrixView<float> out) {
            std::vector<const Turn*> rows;
            for (const Example& example : examples) rows.push_back(turn(example.row));
            model.embed(rows, [&](std::size_t i, std::span<const float> numbers) {
              std::copy(numbers.begin(), numbers.end(), out.row(static_cast<Index>(i)).begin());
            });
          },
      .embedding_size = static_cast<Index>(model.width())};

  const auto n = std::ssize(turns);
  const double pairs = static_cast<double>(n) * static_cast<double>(n);
  delift::Options options;
  if (choice.calls < 1.0) options.utility_calls = n + static_cast<Index>(choice.calls * pairs);
  return delift::select(n, remembered(callbacks, choice.losses), delift::InstructionTuning{}, Fraction{choice.part},
                        FacilityLocation{}, options, PrintProgress(std::cerr));
}
