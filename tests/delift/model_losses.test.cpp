// SPDX-License-Identifier: MIT
// Asking the model: batches in order, each loss once, and what may go wrong on the way.
#include <pickmix/delift/model_losses.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <limits>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace delift_model_losses_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::ModelLosses;

namespace {

constexpr auto row = [](Index k) { return Example{.row = k}; };
constexpr auto proceed = [](Index) { return true; };

}  // namespace

TEST_CASE("Losses are asked for in batches, in order, and handed over by number") {
  std::vector<std::size_t> batches;
  std::vector<Index> rows;
  const Callbacks callbacks{.loss = [&](std::span<const Example> examples, std::span<float> out) {
    batches.push_back(examples.size());
    for (std::size_t k = 0; k < examples.size(); ++k) {
      CHECK(examples[k].dataset == 5);
      rows.push_back(examples[k].row);
      out[k] = 2.0f * static_cast<float>(examples[k].row);
    }
  }};
  ModelLosses model(cpu, callbacks, {.batch = 4, .dataset = 5});
  std::vector<float> losses(10);
  std::vector<Index> done;
  CHECK(model.ask(
      10, row, [&](Index k, float loss) { losses[static_cast<std::size_t>(k)] = loss; },
      [&](Index so_far) { return done.push_back(so_far), true; }));
  CHECK(batches == std::vector<std::size_t>{4, 4, 2});
  CHECK(done == std::vector<Index>{4, 8, 10});
  for (Index k = 0; k < 10; ++k) {
    CHECK(rows[static_cast<std::size_t>(k)] == k);
    CHECK(losses[static_cast<std::size_t>(k)] == 2.0f * static_cast<float>(k));
  }
  CHECK(model.asked() == 10);
  CHECK(model.ask(
      0, row, [](Index, float) { FAIL("nobody asked"); }, proceed));
}

TEST_CASE("Several threads ask where the callback allows it, and only there") {
  for (const bool concurrent : {false, true})
    for (const Index threads : {1, 2, 3, 7}) {
      std::mutex guard;
      std::vector<int> times(100, 0);
      bool elsewhere = false;
      const auto home = std::this_thread::get_id();
      Callbacks callbacks{.loss = [&](std::span<const Example> examples, std::span<float> out) {
        const std::lock_guard lock(guard);
        elsewhere = elsewhere || std::this_thread::get_id() != home;
        for (std::size_t k = 0; k < examples.size(); ++k) {
          ++times[static_cast<std::size_t>(examples[k].row)];
          out[k] = static_cast<float>(examples[k].row) / 3.0f;
        }
      }};
      callbacks.concurrent = concurrent;
      std::vector<float> losses(100);
      ModelLosses model(cpu.threads(threads), callbacks, {.batch = 3});
      model.ask(
          100, row, [&](Index k, float loss) { losses[static_cast<std::size_t>(k)] = loss; }, proceed);
      CHECK(times == std::vector<int>(100, 1));
      for (std::size_t k = 0; k < 100; ++k) CHECK(losses[k] == static_cast<float>(k) / 3.0f);
      if (!concurrent) CHECK_FALSE(elsewhere);
    }
}

TEST_CASE("Where the callback allows it, two threads are in it at the same time") {
  std::barrier both(2);
  std::atomic<int> calls = 0;
  Callbacks callbacks{.loss = [&](std::span<const Example>, std::span<float> out) {
    if (calls++ < 2) both.arrive_and_wait();  // with one thread this would wait for ever
    std::fill(out.begin(), out.end(), 1.0f);
  }};
  callbacks.concurrent = true;
  ModelLosses model(cpu.threads(2), callbacks, {.batch = 1});
  CHECK(model.ask(
      10, row, [](Index, float) {}, proceed));
  CHECK(calls == 10);
}

TEST_CASE("It ends where an observer says so, and where the callback throws") {
  FailingTrainer trainer{.fail_at = 3};
  const Callbacks callbacks = trainer.callbacks();
  ModelLosses model(cpu, callbacks, {.batch = 2});
  CHECK_FALSE(model.ask(
      100, row, [](Index, float) {}, [](Index done) { return done < 4; }));
  CHECK(trainer.calls == 2);
  int taken = 0;
  CHECK_THROWS_AS(model.ask(
                      100, row, [&](Index, float) { ++taken; }, proceed),
                  std::runtime_error);
  CHECK(trainer.calls == 3);
  CHECK(taken == 0);
}

TEST_CASE("Bad losses and bad options are named") {
  const Callbacks callbacks =
      loss_callback([](const Example& e) { return e.row == 7 ? std::numeric_limits<double>::quiet_NaN() : 1.0; });
  ModelLosses model(cpu, callbacks, {});
  CHECK_THAT(thrown<CallbackError>([&] {
               model.ask(
                   9, row, [](Index, float) {}, proceed);
             }),
             ContainsSubstring("row 7") && ContainsSubstring("nan"));
  CHECK_THAT(thrown<ValueError>([&] { ModelLosses(cpu, {}, {}); }), ContainsSubstring("Callbacks::loss is empty"));
  CHECK_THAT(thrown<ValueError>([&] { ModelLosses(cpu, callbacks, {.batch = 0}); }),
             ContainsSubstring("batch is 0; needs at least 1"));
}

TEST_CASE("After a stop only what the callback saw counts as asked") {
  Index seen = 0;
  const Callbacks callbacks = loss_callback([&](const Example&) { return ++seen, 1.0; });
  ModelLosses model(cpu, callbacks, {.batch = 2});
  CHECK_FALSE(model.ask(
      10, row, [](Index, float) {}, [](Index) { return false; }));
  CHECK(seen == 2);
  CHECK(model.asked() == seen);
}

}
