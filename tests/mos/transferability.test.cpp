// SPDX-License-Identifier: MIT
// Tests of mos/transferability.hpp.
#include <pickmix/mos/transferability.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace mos_transferability_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

/// Dataset 0 points along (1, 0), 1 along (0, 2), 2 along (3, 3), give or take what cancels in the mean.
RewardRun three() {
  RewardRun run;
  run.options.sizes = {4, 4, 4};
  run.callbacks.embedding_size = 2;
  run.callbacks.embedding = [](std::span<const Example> examples, MatrixView<float> out) {
    for (Index i = 0; i < out.rows(); ++i) {
      const Index d = examples[static_cast<std::size_t>(i)].dataset;
      const float swing = examples[static_cast<std::size_t>(i)].row % 2 == 0 ? 0.25f : -0.25f;
      out(i, 0) = (d == 0 ? 1.0f : d == 1 ? 0.0f : 3.0f) + swing;
      out(i, 1) = d == 0 ? 0.0f : d == 1 ? 2.0f : 3.0f;
    }
  };
  return run;
}

}  // namespace

TEST_CASE("The reward is the mean cosine of mean embeddings, itself included as printed") {
  RewardRun run = three();
  const double half = std::sqrt(0.5);  // the cosine of 45 degrees
  const Doubles rewards = run(Transferability{});
  CHECK(rewards[0] == Approx((1.0 + 0.0 + half) / 3.0));
  CHECK(rewards[1] == Approx((0.0 + 1.0 + half) / 3.0));
  CHECK(rewards[2] == Approx((half + half + 1.0) / 3.0));
  const Doubles others = run(Transferability{.include_self = false});
  CHECK(others[0] == Approx(half / 2.0));
  CHECK(others[2] == Approx(half));
}

TEST_CASE("Towards a target it is the cosine with the target") {
  RewardRun run = three();
  Doubles out(3);
  auto context = run.context();
  Transferability{}.rewards_towards(context, 0, out);
  CHECK(out[0] == Approx(1.0));
  CHECK(out[1] == Approx(0.0).margin(1e-12));
  CHECK(out[2] == Approx(std::sqrt(0.5)));
}

TEST_CASE("Opposite and zero embeddings give no negative reward and no division by zero") {
  RewardRun run = three();
  run.callbacks.embedding = [](std::span<const Example> examples, MatrixView<float> out) {
    for (Index i = 0; i < out.rows(); ++i) {
      const Index d = examples[static_cast<std::size_t>(i)].dataset;
      out(i, 0) = d == 0 ? 1.0f : d == 1 ? -1.0f : 0.0f;
      out(i, 1) = 0.0f;
    }
  };
  CHECK(run(Transferability{}) == Doubles{0.0, 0.0, 0.0});  // 1 − 1 + 0
}

TEST_CASE("A zero embedding has nothing in common with any, itself included, and still counts") {
  RewardRun run = three();
  run.callbacks.embedding = [](std::span<const Example> examples, MatrixView<float> out) {
    for (Index i = 0; i < out.rows(); ++i) {
      out(i, 0) = examples[static_cast<std::size_t>(i)].dataset == 2 ? 0.0f : 2.0f;
      out(i, 1) = 0.0f;
    }
  };
  CHECK(run(Transferability{}) == Doubles{2.0 / 3.0, 2.0 / 3.0, 0.0});
  CHECK(run(Transferability{.include_self = false}) == Doubles{0.5, 0.5, 0.0});
}

TEST_CASE("Rewards of many datasets are the mean cosines by definition") {
  RewardRun run;
  run.options.sizes = std::vector<Index>(40, 1);
  run.prior = Doubles(40, 1.0 / 39.0);
  run.prior[7] = 0.0;
  run.callbacks.embedding_size = 5;
  const auto entry = [](Index dataset, Index column) {
    return static_cast<float>((dataset * 7 + column * 11) % 13) - 4.0f;
  };
  run.callbacks.embedding = [&](std::span<const Example> examples, MatrixView<float> out) {
    for (Index c = 0; c < out.columns(); ++c) out(0, c) = entry(examples[0].dataset, c);
  };
  const auto product = [&](Index i, Index n) {
    double sum = 0.0;
    for (Index c = 0; c < 5; ++c) sum += static_cast<double>(entry(i, c)) * static_cast<double>(entry(n, c));
    return sum;
  };
  const auto cosines = [&](Index i, bool with_self) {
    double sum = 0.0;
    for (Index n = 0; n < 40; ++n)
      if (n != 7 && (with_self || n != i)) sum += product(i, n) / std::sqrt(product(i, i) * product(n, n));
    return sum;
  };
  const Doubles all = run(Transferability{}), others = run(Transferability{.include_self = false});
  for (Index i = 0; i < 40; ++i) {
    const auto k = static_cast<std::size_t>(i);
    CHECK(all[k] == Approx(i == 7 ? 0.0 : std::max(cosines(i, true) / 39.0, 0.0)).margin(1e-12));
    CHECK(others[k] == Approx(i == 7 ? 0.0 : std::max(cosines(i, false) / 38.0, 0.0)).margin(1e-12));
  }
}

TEST_CASE("A retired dataset is not asked for and does not count") {
  RewardRun run = three();
  run.prior = {0.5, 0.0, 0.5};
  const auto inner = run.callbacks.embedding;
  run.callbacks.embedding = [inner](std::span<const Example> examples, MatrixView<float> out) {
    for (const Example& e : examples) CHECK(e.dataset != 1);
    inner(examples, out);
  };
  const Doubles rewards = run(Transferability{});
  CHECK(rewards[0] == Approx((1.0 + std::sqrt(0.5)) / 2.0));
  CHECK(rewards[1] == 0.0);
}

TEST_CASE("Each update draws other examples; an absent callback, no size and NaN are refused") {
  RewardRun run = three();
  run.options.sizes = {100, 100, 100};
  run.options.reward_batch = 5;
  std::vector<Index> first, second;
  std::vector<Index>* rows = &first;
  const auto inner = run.callbacks.embedding;
  run.callbacks.embedding = [&](std::span<const Example> examples, MatrixView<float> out) {
    for (const Example& e : examples) rows->push_back(e.row);
    inner(examples, out);
  };
  (void)run(Transferability{});
  rows = &second;
  (void)run(Transferability{});
  CHECK(first.size() == 15);
  CHECK(first != second);
  run.callbacks.embedding = [](std::span<const Example>, MatrixView<float> out) { out(0, 0) = 1.0f; };
  CHECK_THROWS_AS(run(Transferability{}), CallbackError);
  run.callbacks.embedding_size = 0;
  CHECK_THROWS_AS(run(Transferability{}), ValueError);
  run.callbacks.embedding = {};
  CHECK_THROWS_WITH(run(Transferability{}), ContainsSubstring("Callbacks::embedding is empty"));
}

}
