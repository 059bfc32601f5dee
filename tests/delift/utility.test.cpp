// SPDX-License-Identifier: MIT
// The utility: every loss once, context after context, and its value by definition.
#include <pickmix/delift/utility.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

namespace delift_utility_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::Rows;
using delift::utility;

namespace {

/// A loss that differs for every pair.
double pair_loss(const Example& e) {
  const auto row = static_cast<double>(e.row), context = static_cast<double>(e.context);
  return 2.0 + 0.01 * row + (e.context == no_context ? 0.0 : 0.3 * context - 0.002 * row * context);
}

}  // namespace

TEST_CASE("The utility is the loss alone less the loss in context, rows are targets") {
  const Kernel u = utility(Rows{3, 4}, Rows{1, 6}, loss_callback(pair_loss), {.batch = 5});
  REQUIRE(u.rows() == 4);
  REQUIRE(u.columns() == 6);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 6; ++j)
      CHECK(u(i, j) == static_cast<float>(pair_loss({.row = 3 + i})) -
                           static_cast<float>(pair_loss({.row = 3 + i, .context = 1 + j})));
}

TEST_CASE("Each loss is asked for once: the targets alone, then context after context") {
  for (const Index batch : {1, 3, 64}) {
    std::vector<Example> asked;
    const Callbacks callbacks = loss_callback([&](const Example& e) { return asked.push_back(e), 1.0; });
    (void)utility(3, 2, callbacks, {.batch = batch, .dataset = 4});
    CHECK(asked == std::vector<Example>{{4, 0, no_context},
                                        {4, 1, no_context},
                                        {4, 2, no_context},
                                        {4, 0, 0},
                                        {4, 1, 0},
                                        {4, 2, 0},
                                        {4, 0, 1},
                                        {4, 1, 1},
                                        {4, 2, 1}});
  }
}

TEST_CASE("Threads change nothing") {
  Callbacks callbacks = loss_callback(pair_loss);
  callbacks.concurrent = true;
  const Kernel one = utility(20, 30, callbacks);
  for (const Index threads : {2, 3, 7}) {
    const auto many = utility(cpu.threads(threads), Rows{0, 20}, Rows{0, 30}, callbacks, {.batch = 7});
    for (Index i = 0; i < 20; ++i)
      for (Index j = 0; j < 30; ++j) REQUIRE((*many)(i, j) == one(i, j));
  }
}

TEST_CASE("Observers are told how many losses there are of how many, and may end it") {
  std::vector<Progress> seen;
  auto watch = [&](const Progress& event) { seen.push_back(event); };
  REQUIRE(utility(cpu, Rows{0, 4}, Rows{0, 3}, loss_callback(pair_loss), {.batch = 6}, watch));
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].task == "losses alone");
  CHECK(seen[0].done == 4);
  CHECK(seen[1].task == "losses in context");
  CHECK(seen[1].done == 6);
  CHECK(seen[2].done == 12);
  CHECK(seen[2].total == 12);

  for (const Index last : {4, 6}) {
    auto stop = [&](const Progress& event) { return event.done == last ? Flow::stop : Flow::proceed; };
    CHECK_FALSE(utility(cpu, Rows{0, 4}, Rows{0, 3}, loss_callback(pair_loss), {.batch = 6}, stop));
  }
}

TEST_CASE("Losses whose difference is no number are the callback's error") {
  const Callbacks far_apart = loss_callback([](const Example& e) { return e.context == no_context ? 3e38 : -3e38; });
  CHECK_THAT(thrown<CallbackError>([&] {
               (void)utility(Rows{3, 1}, Rows{7, 1}, far_apart);
             }),
             ContainsSubstring("row 3") && ContainsSubstring("row 7 in context"));
}

TEST_CASE("What the callback throws passes through, and bad arguments are named") {
  FailingTrainer trainer{.fail_at = 2, .loss = pair_loss};
  CHECK_THROWS_AS(utility(4, 3, trainer.callbacks()), std::runtime_error);
  const Callbacks callbacks = loss_callback(pair_loss);
  CHECK_THAT(thrown<ValueError>([&] { (void)utility(0, 3, callbacks); }), ContainsSubstring("targets has 0 rows"));
  CHECK_THAT(thrown<ValueError>([&] { (void)utility(3, 0, callbacks); }), ContainsSubstring("contexts has 0 rows"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)utility(Rows{-2, 3}, Rows{0, 3}, callbacks);
             }),
             ContainsSubstring("row -2"));
  CHECK_THAT(thrown<ValueError>([&] { (void)utility(3, 3, {}); }), ContainsSubstring("Callbacks::loss is empty"));
  const Callbacks nan = loss_callback(
      [](const Example& e) { return e.row == 1 && e.context == 2 ? std::numeric_limits<double>::quiet_NaN() : 1.0; });
  CHECK_THAT(thrown<CallbackError>([&] { (void)utility(3, 3, nan); }), ContainsSubstring("row 1, context 2"));
}

}
