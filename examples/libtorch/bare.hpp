// SPDX-License-Identifier: MIT
// A Llama and its training step as one writes them with torch::nn: what the example's speed is compared with.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "llama.hpp"

namespace bare {

using torch::Tensor;

/// A linear layer, its product made in another type: as automatic mixed precision does it.
struct LinearImpl : torch::nn::Module {
  LinearImpl(std::int64_t in, std::int64_t out, torch::ScalarType type) : products(type) {
    weight = register_parameter("weight", torch::randn({out, in}) * 0.02);
  }
  Tensor forward(const Tensor& x) { return torch::linear(x.to(products), weight.to(products)); }
  torch::ScalarType products;
  Tensor weight;
};
TORCH_MODULE(Linear);

struct NormImpl : torch::nn::Module {
  NormImpl(std::int64_t width, double least) : epsilon(least) {
    weight = register_parameter("weight", torch::ones({width}));
  }
  Tensor forward(const Tensor& x) {
    const Tensor y = x.to(torch::kFloat32);
    return y * torch::rsqrt(y.pow(2).mean(-1, true) + epsilon) * weight;
  }
  double epsilon;
  Tensor weight;
};
TORCH_MODULE(Norm);

struct LayerImpl : torch::nn::Module {
  LayerImpl(const Shape& s, torch::ScalarType type)
      : shape(s),
        before_attention(register_module("before_attention", Norm(s.width, s.epsilon))),
        before_network(register_module("before_network", Norm(s.width, s.epsilon))),
        query(register_module("query", Linear(s.width, s.width, type))),
        key(register_module("key", Linear(s.width, s.shared_heads * s.head(), type))),
        value(register_module("value", Linear(s.width, s.shared_heads * s.head(), type))),
        out(register_module("out", Linear(s.width, s.width, type))),
        gate(register_module("gate", Linear(s.width, s.inner, type))),
        up(register_module("up", Linear(s.width, s.inner, type))),
        down(register_module("down", Linear(s.inner, s.width, type))) {}

  Tensor forward(const Tensor& x, const Tensor& cosine, const Tensor& sine, const Tensor& mask) {
    const std::int64_t texts = x.size(0), length = x.size(1), head = shape.head();
    const auto split = [&](const Tensor& y) { return y.view({texts, length, -1, head}).transpose(1, 2); };
    const auto rotated = [&](const Tensor& y) {
      const auto halves = y.chunk(2, -1);
      return (y * cosine + torch::cat({-halves[1], halves[0]}, -1) * sine).to(y.scalar_type());
    };
    const auto repeated = [&](const Tensor& y) { return y.repeat_interleave(shape.heads / shape.shared_heads, 1); };
    const Tensor a = before_attention(x);
    const Tensor q = rotated(split(query(a))), k = repeated(rotated(split(key(a)))), v = repeated(split(value(a)));
    const Tensor scores = torch::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(head));
    const Tensor weights = torch::softmax(scores.to(torch::kFloat32) + mask, -1).to(v.scalar_type());
    const Tensor h = x + out(torch::matmul(weights, v).transpose(1, 2).reshape({texts, length, shape.width}));
    const Tensor m = before_network(h);
    return h + down(torch::silu(gate(m)) * up(m));
  }

  Shape shape;
  Norm before_attention, before_network;
  Linear query, key, value, out, gate, up, down;
};
TORCH_MODULE(Layer);

struct ModelImpl : torch::nn::Module {
  ModelImpl(const Shape& s, torch::ScalarType type)
      : shape(s), products(type), last(register_module("last", Norm(s.width, s.epsilon))) {
    embedding = register_parameter("embedding", torch::randn({s.vocabulary, s.width}) * 0.02);
    for (std::int64_t i = 0; i < s.layers; ++i)
      layers.push_back(register_module("layer" + std::to_string(i), Layer(s, type)));
  }

  /// The mean loss of the labels, one at each of `positions` among the tokens of all texts.
  Tensor forward(const Tensor& tokens, const Tensor& positions, const Tensor& labels) {
    const std::int64_t length = tokens.size(1);
    const auto numbers = tokens.options().dtype(torch::kFloat32);
    const Tensor rate = torch::pow(shape.rope_base, torch::arange(0, shape.head(), 2, numbers) / -shape.head());
    const Tensor angle = torch::outer(torch::arange(length, numbers), rate).repeat({1, 2});
    const Tensor cosine = angle.cos(), sine = angle.sin();
    const Tensor mask = torch::full({length, length}, -std::numeric_limits<float>::infinity(), numbers).triu(1);
    Tensor x = torch::embedding(embedding, tokens);
    for (Layer& layer : layers) x = layer(x, cosine, sine, mask);
    const Tensor scored = last(x).flatten(0, 1).index_select(0, positions);
    const Tensor logits = torch::linear(scored.to(products), embedding.to(products)).to(torch::kFloat32);
    return torch::nn::functional::cross_entropy(logits, labels);
  }

  Shape shape;
  torch::ScalarType products;
  Norm last;
  Tensor embedding;
  std::vector<Layer> layers;
};
TORCH_MODULE(Model);

}  // namespace bare
