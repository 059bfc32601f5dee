// SPDX-License-Identifier: MIT
// The weights of a Llama and their gradients. Nothing here knows of pickmix.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "llama.hpp"

/// Weights that lie one after another in one tensor, and their gradients likewise: clipping and the optimiser's step are then a
/// few operations on large tensors on a GPU, and go through pieces that a processor's caches hold. The masters, in fp32, are
/// what is trained; the model uses them, or a copy of lower precision. Three parts: the embedding, the layers' matrices (of
/// which there is a copy), the norms.
class Weights {
 public:
  static constexpr std::size_t parts = 3, norms = 2;

  /// \throws std::runtime_error if a weight is missing, of another shape, or not finite
  Weights(const Safetensors& file, torch::Device device, torch::ScalarType products) : shape_(file) {
    const auto part_of = [](const auto& weight) -> std::size_t {
      return weight.first == Shape::embedding ? 0 : weight.second.size() == 2 ? 1 : norms;
    };
    std::array<std::int64_t, parts> sizes{}, filled{};
    for (const auto& weight : shape_.weights()) {
      const torch::Tensor& given = file.tensor(weight.first);
      if (!given.sizes().equals(weight.second))
        file.refuse("'" + weight.first + "' has another shape than its metadata says");
      if (!torch::isfinite(given).all().item<bool>())
        file.refuse("'" + weight.first + "' has a number that is not finite");
      sizes[part_of(weight)] += given.numel();
    }
    for (std::size_t k = 0; k < parts; ++k) {
      masters_.push_back(zeros(sizes[k], device, torch::kFloat32));
      used_.push_back(k == 1 && products != torch::kFloat32 ? zeros(sizes[k], device, products) : masters_[k]);
      const std::int64_t piece = device.is_cuda() ? sizes[k] : std::int64_t{1} << 18;
      for (std::int64_t first = 0; first < sizes[k]; first += piece) {
        const std::int64_t size = std::min(piece, sizes[k] - first);
        torch::Tensor some = masters_[k].narrow(0, first, size).detach();
        some.mutable_grad() = masters_[k].grad().narrow(0, first, size);
        pieces_[k].push_back(some);
      }
    }
    for (const auto& weight : shape_.weights()) {
      const std::size_t k = part_of(weight);
      const torch::Tensor& given = file.tensor(weight.first);
      const auto next = [&](const torch::Tensor& all) {
        return all.narrow(0, filled[k], given.numel()).view(given.sizes()).detach();
      };
      next(masters_[k]).copy_(given);
      torch::Tensor own = next(used_[k]);
      own.set_requires_grad(true);
      own.mutable_grad() = next(used_[k].grad());
      weights_.emplace(weight.first, own);
      filled[k] += given.numel();
    }
    spread();
  }

  /// A model that uses these weights, as they will be.
  Llama model() const { return {shape_, weights_}; }

  const std::vector<torch::Tensor>& masters() const { return masters_; }

  /// One part of the masters, with its gradients, for the optimiser: a piece on a GPU, many on a processor.
  const std::vector<torch::Tensor>& pieces(std::size_t part) const { return pieces_[part]; }
  std::vector<torch::Tensor> pieces() const {
    std::vector<torch::Tensor> all;
    for (const auto& part : pieces_) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

  void zero_gradients() {
    for (torch::Tensor& part : used_) part.mutable_grad().zero_();
  }
  /// After a backward pass: gives the masters their gradients.
  void gather_gradients() {
    for (std::size_t k = 0; k < parts; ++k)
      if (!used_[k].is_same(masters_[k])) masters_[k].mutable_grad().copy_(used_[k].grad());
  }
  /// After a change of the masters: gives it to the model.
  void spread() {
    const torch::NoGradGuard no_gradients;
    for (std::size_t k = 0; k < parts; ++k)
      if (!used_[k].is_same(masters_[k])) used_[k].copy_(masters_[k]);
  }

 private:
  static torch::Tensor zeros(std::int64_t size, torch::Device device, torch::ScalarType type) {
    torch::Tensor all = torch::zeros({size}, torch::TensorOptions(type).device(device));
    all.mutable_grad() = torch::zeros_like(all);
    return all;
  }

  Shape shape_;
  std::vector<torch::Tensor> masters_, used_;
  std::array<std::vector<torch::Tensor>, parts> pieces_;
  std::map<std::string, torch::Tensor> weights_;
};
