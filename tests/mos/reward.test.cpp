// SPDX-License-Identifier: MIT
// What a reward policy sees: examples, losses, a memory.
#include <pickmix/mos/reward.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

namespace mos_reward_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

Doubles copy(std::span<const double> values) { return {values.begin(), values.end()}; }

/// A context of three datasets and what it refers to.
struct Setting {
  MosOptions options{.sizes = {1000, 200, 5}, .reward_batch = 50, .seed = 3};
  Callbacks callbacks = {};
  RewardMemory memory = {};
  RewardContext context{RunView{options, callbacks, 4}, memory};
};

struct NoRewards {};
struct Plain {
  void rewards(RewardContext&, std::span<double>) const {}
};
struct NotConst {
  void rewards(RewardContext&, std::span<double>) {}
};

}  // namespace

static_assert(RewardPolicy<Plain> && !RewardPolicy<NoRewards> && !RewardPolicy<NotConst>);

TEST_CASE("A context knows the datasets and how many updates there were") {
  const Setting s;
  CHECK(s.context.datasets() == 3);
  CHECK(s.context.size(1) == 200);
  CHECK(s.context.updates() == 4);
}

TEST_CASE("A sample of a restricted dataset is of the rows that are drawn, by their own numbers; of all if none are") {
  Setting s;
  const std::vector<Index> some{7, 100, 150}, none;
  const std::vector<RowSubset> rows{RowSubset(), RowSubset(some, 1, 200), RowSubset(none, 2, 5)};
  const RewardContext context{RunView{.options = s.options, .callbacks = s.callbacks, .updates = 4, .rows = rows},
                              s.memory};
  const auto numbers = [](const std::vector<Example>& examples) {
    std::set<Index> out;
    for (const Example& e : examples) out.insert(e.row);
    return out;
  };
  CHECK(context.sample(0, 1) == s.context.sample(0, 1));
  CHECK(context.sample(1, 1).size() == 3);
  CHECK(numbers(context.sample(1, 1)) == std::set<Index>{7, 100, 150});
  CHECK(context.sample(2, 1) == s.context.sample(2, 1));
  CHECK(context.sample(1, 1, {}) == s.context.sample(1, 1));
}

TEST_CASE("A sample is of different examples of its dataset") {
  const Setting s;
  std::set<Index> rows;
  for (const Example& e : s.context.sample(1, 0)) {
    CHECK(e.dataset == 1);
    CHECK(e.context == no_context);
    REQUIRE((e.row >= 0 && e.row < 200));
    rows.insert(e.row);
  }
  CHECK(rows.size() == 50);
}

TEST_CASE("A dataset with fewer examples than a sample gives all of them") {
  const Setting s;
  std::set<Index> rows;
  for (const Example& e : s.context.sample(2, 7)) rows.insert(e.row);
  CHECK(rows == std::set<Index>{0, 1, 2, 3, 4});
}

TEST_CASE("A sample is the same whenever and by whomever it is asked for") {
  const Setting one, two;
  const auto sample = one.context.sample(0, 2);
  (void)two.context.sample(1, 5);
  CHECK(two.context.sample(0, 2) == sample);
  CHECK(two.context.within("inner").sample(0, 2) == sample);
}

TEST_CASE("Rounds, datasets and seeds have samples of their own") {
  Setting one, two;
  two.options.seed = 4;
  one.options.sizes = two.options.sizes = {1000, 1000};
  const auto rows = [](const RewardContext& context, Index dataset, Index round) {
    std::vector<Index> out;
    for (const Example& e : context.sample(dataset, round)) out.push_back(e.row);
    return out;
  };
  const auto first = rows(one.context, 0, 0);
  CHECK(rows(one.context, 0, 1) != first);
  CHECK(rows(one.context, 1, 0) != first);
  CHECK(rows(two.context, 0, 0) != first);
}

TEST_CASE("Every row of a dataset is sampled at some time") {
  const Setting s;
  std::set<Index> rows;
  for (Index round = 0; round < 60; ++round)
    for (const Example& e : s.context.sample(1, round)) rows.insert(e.row);
  CHECK(rows.size() == 200);
}

TEST_CASE("Losses are the callback's, in the order of the examples") {
  Setting s;
  s.callbacks = loss_callback([](const Example& e) { return static_cast<double>(10 * e.dataset + e.row); });
  const std::vector<Example> examples{{.dataset = 1, .row = 3}, {.dataset = 0, .row = 7}};
  CHECK(s.context.losses(examples) == std::vector<float>{13.0f, 7.0f});
}

TEST_CASE("A loss that is missing, or not a number, is an error that says so") {
  Setting s;
  const std::vector<Example> examples{{.dataset = 1, .row = 3}};
  const auto ask = [&] { (void)s.context.losses(examples); };
  CHECK_THAT(thrown<ValueError>(ask), ContainsSubstring("MosSampler") && ContainsSubstring("loss callback"));
  s.callbacks.loss = [](std::span<const Example>, std::span<float>) {};
  CHECK_THAT(thrown<CallbackError>(ask), ContainsSubstring("dataset 1, row 3"));
  s.callbacks = loss_callback([](const Example&) { return std::numeric_limits<double>::infinity(); });
  CHECK_THAT(thrown<CallbackError>(ask), ContainsSubstring("inf"));
}

TEST_CASE("What is remembered is recalled, and remembered anew") {
  Setting s;
  CHECK(s.context.recall("level").empty());
  s.context.remember("level", {1.0, 2.0});
  CHECK(copy(s.context.recall("level")) == Doubles{1.0, 2.0});
  s.context.remember("level", {3.0});
  CHECK(copy(s.context.recall("level")) == Doubles{3.0});
  CHECK(s.memory == RewardMemory{{"level", {3.0}}});
}

TEST_CASE("A policy inside a policy has names of its own, at every depth") {
  Setting s;
  auto inner = s.context.within("outer"), innermost = inner.within("inner");
  s.context.remember("x", {1.0});
  inner.remember("x", {2.0});
  innermost.remember("x", {3.0});
  CHECK(copy(s.context.recall("x")) == Doubles{1.0});
  CHECK(copy(inner.recall("x")) == Doubles{2.0});
  CHECK(copy(innermost.recall("x")) == Doubles{3.0});
  CHECK(s.context.within("another").recall("x").empty());
  CHECK(s.memory == RewardMemory{{"outer/inner/x", {3.0}}, {"outer/x", {2.0}}, {"x", {1.0}}});
}

TEST_CASE("What a checkpoint could not hold is not remembered") {
  Setting s;
  CHECK_THROWS_WITH(s.context.remember("level", {1.0, std::numeric_limits<double>::infinity()}),
                    ContainsSubstring("'level'[1] is inf"));
  CHECK_THROWS_WITH(s.context.remember("mos.epoch", {1.0}), ContainsSubstring("'mos.epoch' is taken"));
  CHECK(s.context.recall("level").empty());
}

}
