// SPDX-License-Identifier: MIT
// Loss callbacks for tests: from a formula, and one that can be made to fail.
#pragma once

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/types.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <utility>

/// loss(example) for each example.
template <class Loss>
pickmix::Callbacks loss_callback(Loss loss) {
  return {.loss = [loss = std::move(loss)](std::span<const pickmix::Example> examples, std::span<float> out) {
    for (std::size_t i = 0; i < examples.size(); ++i) out[i] = static_cast<float>(loss(examples[i]));
  }};
}

/// A loss that depends on dataset and row.
inline double plain_loss(const pickmix::Example& e) {
  return 1.0 + 0.1 * static_cast<double>((e.row * 7 + e.dataset * 3) % 11);
}

/// Counts its calls, and throws std::runtime_error at call number `fail_at`, after writing half of the losses.
struct FailingTrainer {
  int fail_at = 0;
  std::function<double(const pickmix::Example&)> loss = plain_loss;
  double level = 0.0;  ///< added to every loss
  int calls = 0;

  pickmix::Callbacks callbacks() {
    return {.loss = [this](std::span<const pickmix::Example> examples, std::span<float> out) {
      ++calls;
      for (std::size_t i = 0; i < examples.size(); ++i) {
        if (calls == fail_at && 2 * i >= examples.size()) throw std::runtime_error("the trainer failed");
        out[i] = static_cast<float>(level + loss(examples[i]));
      }
    }};
  }
};
