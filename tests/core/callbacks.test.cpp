// SPDX-License-Identifier: MIT
// Tests of core/callbacks.hpp.
#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <pickmix/core/callbacks.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace core_callbacks_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::vector<Example> examples{{0, 10, no_context}, {1, 20, 7}, {2, 30, no_context}};

/// A loss callback that writes the row number of every example, but `wrong` for one.
Callbacks loss_is(std::size_t which, float wrong) {
  return {.loss = [which, wrong](std::span<const Example> asked, std::span<float> losses) {
    for (std::size_t i = 0; i < asked.size(); ++i) losses[i] = static_cast<float>(asked[i].row);
    losses[which] = wrong;
  }};
}

}  // namespace

TEST_CASE("ask_losses hands over all examples in one call and returns what was written") {
  int calls = 0;
  const Callbacks callbacks{.loss = [&](std::span<const Example> asked, std::span<float> losses) {
    ++calls;
    REQUIRE(std::vector(asked.begin(), asked.end()) == examples);
    REQUIRE(losses.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) losses[i] = static_cast<float>(i) - 1.0f;
  }};
  CHECK(ask_losses(callbacks, examples, "test") == std::vector{-1.0f, 0.0f, 1.0f});
  CHECK(calls == 1);
}

TEST_CASE("ask_losses without a loss callback is a ValueError that names caller and callback") {
  const auto message = thrown<ValueError>([] { ask_losses({}, examples, "mos::Sampler"); });
  CHECK_THAT(message, ContainsSubstring("mos::Sampler: Callbacks::loss is empty"));
}

TEST_CASE("ask_losses needs the callback even if there is nothing to ask") {
  CHECK_THROWS_AS(ask_losses({}, {}, "test"), ValueError);
}

TEST_CASE("ask_losses of no examples does not bother the trainer") {
  const Callbacks callbacks{.loss = [](auto, auto) { FAIL("called"); }};
  CHECK(ask_losses(callbacks, {}, "test").empty());
}

TEST_CASE("a loss that is not finite is a CallbackError that names caller, value and example") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto message_for = [](float wrong) {
    return thrown<CallbackError>([&] { ask_losses(loss_is(1, wrong), examples, "mos::Sampler"); });
  };
  const std::string example = " for example {dataset 1, row 20, context 7}";
  CHECK_THAT(message_for(std::numeric_limits<float>::quiet_NaN()),
             ContainsSubstring("mos::Sampler: Callbacks::loss gave nan" + example));
  CHECK_THAT(message_for(infinity), ContainsSubstring("gave inf" + example));
  CHECK_THAT(message_for(-infinity), ContainsSubstring("gave -inf" + example));
  for (std::size_t which : {0u, 2u})
    CHECK_THROWS_AS(ask_losses(loss_is(which, infinity), examples, "test"), CallbackError);
}

TEST_CASE("a loss that was not written is a CallbackError") {
  const Callbacks callbacks{.loss = [](std::span<const Example>, std::span<float> losses) { losses[0] = 1.0f; }};
  const auto message = thrown<CallbackError>([&] { ask_losses(callbacks, examples, "test"); });
  CHECK_THAT(message, ContainsSubstring("dataset 1, row 20") && ContainsSubstring("must be written"));
}

TEST_CASE("the largest finite loss is a loss") {
  constexpr float largest = std::numeric_limits<float>::max();
  CHECK(ask_losses(loss_is(1, largest), examples, "test")[1] == largest);
}

TEST_CASE("what the loss callback throws passes through unchanged") {
  const Callbacks callbacks{.loss = [](auto, auto) { throw std::out_of_range("the trainer's own"); }};
  CHECK(thrown<std::out_of_range>([&] { ask_losses(callbacks, examples, "test"); }) == "the trainer's own");
}

TEST_CASE("A function by itself is asked under its own name, and is not copied") {
  int copies = 0;
  struct Ten {
    int* copies;
    explicit Ten(int* count) : copies(count) {}
    Ten(const Ten& other) : copies(other.copies) { ++*copies; }
    void operator()(std::span<const Example>, std::span<float> losses) const { losses[0] = losses[1] = 10.0f; }
  };
  const std::function<void(std::span<const Example>, std::span<float>)> ten = Ten(&copies), none;
  const int before = copies;
  CHECK(ask_losses(ten, "Difficulty: reference", std::span(examples).first(2)) == std::vector{10.0f, 10.0f});
  CHECK(copies == before);
  CHECK_THAT(thrown<CallbackError>([&] { ask_losses(ten, "Difficulty: reference", examples); }),
             ContainsSubstring("Difficulty: reference gave nan for example {dataset 2, row 30"));
  CHECK_THAT(thrown<ValueError>([&] { ask_losses(none, "Difficulty: reference", examples); }),
             ContainsSubstring("Difficulty: reference is empty"));
}

TEST_CASE("Embeddings are asked for in one call, and every entry must be written and finite") {
  const std::span<const Example> two(examples.data(), 2);  // rows 10 and 20
  Callbacks callbacks;
  CHECK_THROWS_AS(ask_embeddings(callbacks, two, "test"), ValueError);
  callbacks.embedding = [](std::span<const Example> some, MatrixView<float> out) {
    for (Index i = 0; i < out.rows(); ++i)
      for (Index c = 0; c < out.columns(); ++c)
        out(i, c) = static_cast<float>(10 * some[static_cast<std::size_t>(i)].row + c);
  };
  CHECK_THROWS_AS(ask_embeddings(callbacks, two, "test"), ValueError);
  callbacks.embedding_size = 2;
  CHECK(ask_embeddings(callbacks, two, "test") == std::vector<float>{100.0f, 101.0f, 200.0f, 201.0f});
  CHECK(ask_embeddings(callbacks, {}, "test").empty());
  callbacks.embedding = [](std::span<const Example>, MatrixView<float> out) {
    out(0, 0) = out(0, 1) = out(1, 0) = 1.0f;
  };
  CHECK_THROWS_AS(ask_embeddings(callbacks, two, "test"), CallbackError);
}

TEST_CASE("More embeddings than any memory holds are refused before the trainer is asked") {
  const std::vector<Example> eight(8);
  Callbacks callbacks;
  int calls = 0;
  callbacks.embedding = [&](auto, auto) { ++calls; };
  for (Index size : {Index{1} << 61, Index{1} << 62, Index{INT64_MAX}})
    for (std::size_t count : {1u, 4u, 8u}) {
      callbacks.embedding_size = size;
      CHECK_THAT(thrown<CapacityError>([&] { ask_embeddings(callbacks, std::span(eight).first(count), "test"); }),
                 ContainsSubstring("test: Callbacks::embedding_size is " + std::to_string(size)));
      CHECK(ask_embeddings(callbacks, {}, "test").empty());
    }
  CHECK(calls == 0);
}

}
