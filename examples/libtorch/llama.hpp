// SPDX-License-Identifier: MIT
// The forward pass of a Llama: embeddings, layers of attention and a gated network, a norm; embeddings tied. Matrix products
// are made in the type that the layers' matrices have, bfloat16 say, everything else in fp32. Nothing here knows of pickmix.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "safetensors.hpp"

struct Shape {
  std::int64_t width, layers, heads, shared_heads, inner, vocabulary;
  double rope_base, epsilon;
  static constexpr const char* embedding = "model.embed_tokens.weight";

  explicit Shape(const Safetensors& model)
      : width(count(model, "hidden_size")),
        layers(count(model, "num_hidden_layers")),
        heads(count(model, "num_attention_heads")),
        shared_heads(count(model, "num_key_value_heads")),
        inner(count(model, "intermediate_size")),
        vocabulary(count(model, "vocab_size")),
        rope_base(model.number("rope_theta")),
        epsilon(model.number("rms_norm_eps")) {
    if (heads % shared_heads != 0 || width % (2 * heads) != 0) model.refuse("its heads do not fit its width");
  }
  std::int64_t head() const { return width / heads; }

  /// Names and shapes of all weights.
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> weights() const {
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> all{{embedding, {vocabulary, width}}};
    const std::int64_t shared = shared_heads * head();
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".";
      all.push_back({layer + "self_attn.q_proj.weight", {width, width}});
      all.push_back({layer + "self_attn.k_proj.weight", {shared, width}});
      all.push_back({layer + "self_attn.v_proj.weight", {shared, width}});
      all.push_back({layer + "self_attn.o_proj.weight", {width, width}});
      all.push_back({layer + "mlp.gate_proj.weight", {inner, width}});
      all.push_back({layer + "mlp.up_proj.weight", {inner, width}});
      all.push_back({layer + "mlp.down_proj.weight", {width, inner}});
      all.push_back({layer + "input_layernorm.weight", {width}});
      all.push_back({layer + "post_attention_layernorm.weight", {width}});
    }
    all.push_back({"model.norm.weight", {width}});
    return all;
  }

 private:
  static std::int64_t count(const Safetensors& model, const char* name) {
    const double value = model.number(name);
    if (value > 1e6 || value != std::floor(value)) model.refuse(std::string("its '") + name + "' is no size");
    return static_cast<std::int64_t>(value);
  }
};

/// Keys and values of tokens that were read, layer by layer: [texts, shared heads, tokens, head].
struct Cache {
  std::vector<torch::Tensor> keys, values;
  std::int64_t length() const { return keys.empty() ? 0 : keys.front().size(2); }
};

class Llama {
 public:
  using Tensor = torch::Tensor;

  /// \param weights  embedding and norms in fp32, all matrices of the layers in one type
  Llama(Shape shape, std::map<std::string, Tensor> weights)
      : shape_(shape),
        weights_(std::move(weights)),
        products_(weights_.at("model.layers.0.self_attn.q_proj.weight").scalar_type()) {}

  const Shape& shape() const { return shape_; }

  /// The last layer's output, normed: [texts, tokens, width].
  /// \param tokens  [texts, tokens], int64; what follows a text's end is anything
  /// \param before  what all texts come after: a cache of one text
  /// \param keep    gets the keys and values of `tokens`
  Tensor hidden(const Tensor& tokens, const Cache* before = nullptr, Cache* keep = nullptr) const {
    const std::int64_t texts = tokens.size(0), length = tokens.size(1), past = before ? before->length() : 0;
    const auto numbers = tokens.options().dtype(torch::kFloat32);
    const Tensor rate = torch::pow(shape_.rope_base, torch::arange(0, shape_.head(), 2, numbers) / -shape_.head());
    const Tensor angle = torch::outer(torch::arange(past, past + length, numbers), rate).repeat({1, 2});
    const Tensor cosine = angle.cos(), sine = angle.sin();
    const Tensor mask =
        torch::full({length, past + length}, -std::numeric_limits<float>::infinity(), numbers).triu(past + 1);

    Tensor x = torch::embedding(weights_.at(Shape::embedding), tokens);
    for (std::int64_t i = 0; i < shape_.layers; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".";
      const Tensor a = norm(x, layer + "input_layernorm").to(products_);
      const auto split = [&](const Tensor& y, std::int64_t heads) {
        return y.view({texts, length, heads, shape_.head()}).transpose(1, 2);
      };
      const Tensor query = rotate(split(linear(a, layer + "self_attn.q_proj"), shape_.heads), cosine, sine);
      Tensor key = rotate(split(linear(a, layer + "self_attn.k_proj"), shape_.shared_heads), cosine, sine);
      Tensor value = split(linear(a, layer + "self_attn.v_proj"), shape_.shared_heads);
      if (keep) keep->keys.push_back(key), keep->values.push_back(value);
      if (past > 0) {
        const auto after = [&](const std::vector<Tensor>& cached, const Tensor& own) {
          return torch::cat({cached[static_cast<std::size_t>(i)].expand({texts, -1, -1, -1}), own}, 2);
        };
        key = after(before->keys, key);
        value = after(before->values, value);
      }
      x = x + linear(attend(query, key, value, mask), layer + "self_attn.o_proj");
      const Tensor m = norm(x, layer + "post_attention_layernorm").to(products_);
      x = x + linear(torch::silu(linear(m, layer + "mlp.gate_proj")) * linear(m, layer + "mlp.up_proj"),
                     layer + "mlp.down_proj");
    }
    return norm(x, "model.norm");
  }

  /// Of hidden states [n, width]: [n, vocabulary], in the type of the products.
  Tensor logits(const Tensor& hidden) const {
    return torch::matmul(hidden.to(products_), weights_.at(Shape::embedding).to(products_).t());
  }

 private:
  Tensor linear(const Tensor& x, const std::string& name) const {
    return torch::matmul(x, weights_.at(name + ".weight").t());
  }
  Tensor norm(const Tensor& x, const std::string& name) const {
    return x * torch::rsqrt(x.square().mean(-1, true) + shape_.epsilon) * weights_.at(name + ".weight");
  }
  /// Rotary position embedding, halves paired.
  Tensor rotate(const Tensor& x, const Tensor& cosine, const Tensor& sine) const {
    const auto halves = x.chunk(2, -1);
    return (x * cosine + torch::cat({-halves[1], halves[0]}, -1) * sine).to(products_);
  }
  /// Grouped-query attention: the queries that share a key are one matrix.
  Tensor attend(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask) const {
    const std::int64_t texts = query.size(0), length = query.size(2), all = key.size(2);
    const std::int64_t group = shape_.heads / shape_.shared_heads, head = shape_.head();
    const Tensor q = query.reshape({texts * shape_.shared_heads, group * length, head});
    const Tensor scores = torch::bmm(q, key.reshape({-1, all, head}).transpose(1, 2)).to(torch::kFloat32);
    const Tensor weights =
        torch::softmax(scores.view({-1, group, length, all}) / std::sqrt(static_cast<double>(head)) + mask, -1);
    const Tensor mixed =
        torch::bmm(weights.to(products_).view({-1, group * length, all}), value.reshape({-1, all, head}));
    return mixed.view({texts, shape_.heads, length, head}).transpose(1, 2).reshape({texts, length, shape_.width});
  }

  Shape shape_;
  std::map<std::string, Tensor> weights_;
  torch::ScalarType products_;
};
