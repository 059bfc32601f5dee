// SPDX-License-Identifier: MIT
// Tests of core/parallel.hpp.
#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/thrown.hpp"

#include <pickmix/core/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace core_parallel_test {

using namespace pickmix;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the processor means one thread unless more are asked for") {
  STATIC_REQUIRE(cpu.threads() == 1);
  STATIC_REQUIRE(cpu.threads(4).threads() == 4);
  STATIC_REQUIRE(cpu.threads(4).threads(2).threads() == 2);
  STATIC_REQUIRE(cpu.threads() == 1);
}

TEST_CASE("fewer than one thread is a ValueError that names the number") {
  CHECK_THAT(thrown<ValueError>([] { (void)cpu.threads(0); }), ContainsSubstring("cpu.threads: n is 0"));
  CHECK_THAT(thrown<ValueError>([] { (void)cpu.threads(-3); }), ContainsSubstring("n is -3"));
}

TEST_CASE("the processor uses the largest instruction set unless another is asked for") {
  CHECK(cpu.instructions() == largest_instruction_set());
  for (InstructionSet set : support::instruction_sets()) {
    CHECK(cpu.only(set).instructions() == set);
    CHECK(cpu.threads(3).only(set).threads() == 3);
    CHECK(cpu.only(set).threads(3).instructions() == set);
  }
}

TEST_CASE("instructions that the processor lacks are a BackendError that names them") {
  for (InstructionSet set : support::all_instruction_sets()) {
    if (has(set)) continue;
    CHECK_THAT(thrown<BackendError>([&] { (void)cpu.only(set); }),
               ContainsSubstring(std::string("cpu.only: ") + name_of(set)));
  }
}

TEST_CASE("a processor is an executor, a number is not") {
  STATIC_REQUIRE(Executor<Cpu>);
  STATIC_REQUIRE(Executor<const Cpu&>);
  STATIC_REQUIRE(!Executor<int>);
}

TEST_CASE("every tile is done exactly once") {
  const Index threads = GENERATE(1, 2, 3, 7), tiles = GENERATE(0, 1, 5, 5000);
  CAPTURE(threads, tiles);
  std::vector<std::atomic<int>> times(static_cast<std::size_t>(tiles));
  for_each_tile(cpu.threads(threads), tiles, [&](Index tile) { ++times.at(static_cast<std::size_t>(tile)); });
  CHECK(std::all_of(times.begin(), times.end(), [](const auto& t) { return t == 1; }));
}

TEST_CASE("work and progress may be plain functions, constant, or temporaries that change") {
  static std::atomic<Index> sum;
  static Index reported;
  const auto add = [](Index tile) { sum += tile; };
  sum = 0;
  CHECK(for_each_tile(
      cpu.threads(2), 10, +add, +[](Index done) { return (reported = done) > 0; }));
  CHECK(sum == 45);
  CHECK(reported == 10);
  struct Plain {
    static void work(Index tile) { sum += tile; }
    static bool progress(Index done) { return done < 3; }
  };
  CHECK_FALSE(for_each_tile(cpu, 10, Plain::work, Plain::progress));
  CHECK(sum == 45 + 0 + 1 + 2);
  for_each_tile(cpu, 10, add);
  CHECK(sum == 45 + 3 + 45);
  for_each_tile(cpu, 3, [calls = 0](Index) mutable { sum = ++calls; });
  CHECK(sum == 3);
}

TEST_CASE("every tile is done exactly once though all threads reach for them at the same time") {
  constexpr Index threads = 4, tiles = 200'000;
  std::barrier all_here(threads);
  std::vector<std::atomic<int>> times(tiles);
  for_each_tile(cpu.threads(threads), tiles, [&](Index tile) {
    if (tile < threads) all_here.arrive_and_wait();
    ++times[static_cast<std::size_t>(tile)];
  });
  CHECK(std::all_of(times.begin(), times.end(), [](const auto& t) { return t == 1; }));
}

TEST_CASE("as many threads work as were asked for, the caller's among them") {
  constexpr Index threads = 3;
  std::barrier all_here(threads);  // would wait for ever if one were missing
  std::vector<std::thread::id> ids(threads);
  for_each_tile(cpu.threads(threads), threads, [&](Index tile) {
    ids[static_cast<std::size_t>(tile)] = std::this_thread::get_id();
    all_here.arrive_and_wait();
  });
  const std::set<std::thread::id> distinct(ids.begin(), ids.end());
  CHECK(distinct.size() == threads);
  CHECK(distinct.contains(std::this_thread::get_id()));
}

TEST_CASE("one thread does the tiles in order, on the caller's thread") {
  std::vector<Index> order;
  const auto caller = std::this_thread::get_id();
  for_each_tile(cpu, 4, [&](Index tile) {
    REQUIRE(std::this_thread::get_id() == caller);
    order.push_back(tile);
  });
  CHECK(order == std::vector<Index>{0, 1, 2, 3});
}

TEST_CASE("results of the tiles are visible after the loop") {
  std::vector<Index> squares(1000);
  for_each_tile(cpu.threads(7), 1000, [&](Index tile) { squares[static_cast<std::size_t>(tile)] = tile * tile; });
  for (Index i = 0; i < 1000; ++i) REQUIRE(squares[static_cast<std::size_t>(i)] == i * i);
}

TEST_CASE("progress counts the tiles done, one by one with one thread") {
  std::vector<Index> told;
  CHECK(for_each_tile(
      cpu, 4, [](Index) {}, [&](Index done) { return told.push_back(done), true; }));
  CHECK(told == std::vector<Index>{1, 2, 3, 4});
}

TEST_CASE("a tile that a helper has begun and not ended does not count, and the last report waits for it") {
  const auto caller = std::this_thread::get_id();
  std::barrier both_begun(2);
  std::atomic<bool> reported = false;
  const auto work = [&](Index) {
    both_begun.arrive_and_wait();
    if (std::this_thread::get_id() != caller) reported.wait(false);
  };
  std::vector<Index> told;
  CHECK(for_each_tile(cpu.threads(2), 2, work, [&](Index done) {
    told.push_back(done);
    reported = true;
    reported.notify_all();
    return true;
  }));
  CHECK(told == std::vector<Index>{1, 2});
}

TEST_CASE("progress runs on the caller's thread only, rises, and ends with the number of tiles") {
  const auto caller = std::this_thread::get_id();
  std::vector<Index> told;
  bool on_caller = true;
  const auto progress = [&](Index done) {
    on_caller &= std::this_thread::get_id() == caller;
    return told.push_back(done), true;
  };
  for_each_tile(
      cpu.threads(7), 500, [](Index) { std::this_thread::sleep_for(10us); }, progress);
  CHECK(on_caller);
  CHECK(std::adjacent_find(told.begin(), told.end(), std::greater_equal{}) == told.end());
  CHECK(told.back() == 500);
}

TEST_CASE("no tile means no progress") {
  int calls = 0;
  CHECK(for_each_tile(
      cpu.threads(2), 0, [](Index) {}, [&](Index) { return ++calls < 0; }));
  CHECK(calls == 0);
}

TEST_CASE("progress that says no ends the loop") {
  Index done = 0;
  CHECK_FALSE(for_each_tile(
      cpu, 10, [&](Index) { ++done; }, [](Index told) { return told < 3; }));
  CHECK(done == 3);
}

TEST_CASE("progress that says no ends the helpers' work as well") {
  std::atomic<Index> done = 0;
  const auto slow = [&](Index) { std::this_thread::sleep_for(1ms), ++done; };
  CHECK_FALSE(for_each_tile(cpu.threads(3), 1000, slow, [](Index) { return false; }));
  CHECK(done < 500);
}

TEST_CASE("an exception ends the loop and passes through unchanged") {
  std::vector<Index> begun;
  const auto fails_at_3 = [&](Index tile) {
    begun.push_back(tile);
    if (tile == 3) throw std::out_of_range("tile 3");
  };
  CHECK(thrown<std::out_of_range>([&] { for_each_tile(cpu, 10, fails_at_3); }) == "tile 3");
  CHECK(begun == std::vector<Index>{0, 1, 2, 3});
}

TEST_CASE("if several tiles throw, the smallest tile's exception passes, whichever came first") {
  const Index early = GENERATE(0, 1, 2);
  CAPTURE(early);
  std::barrier all_begun(3);
  const auto fail = [&](Index tile) {
    all_begun.arrive_and_wait();
    if (tile != early) std::this_thread::sleep_for(20ms * (tile + 1));
    throw std::runtime_error("tile " + std::to_string(tile));
  };
  CHECK(thrown<std::runtime_error>([&] { for_each_tile(cpu.threads(3), 3, fail); }) == "tile 0");
}

TEST_CASE("an exception is passed on only after every tile that was begun has ended") {
  std::barrier both_begun(2);
  std::atomic<bool> slow_one_ended = false;
  const auto work = [&](Index tile) {
    both_begun.arrive_and_wait();
    if (tile == 0) throw std::runtime_error("tile 0");
    std::this_thread::sleep_for(30ms);
    slow_one_ended = true;
  };
  CHECK_THROWS_AS(for_each_tile(cpu.threads(2), 2, work), std::runtime_error);
  CHECK(slow_one_ended);
}

TEST_CASE("an exception on one thread ends the work of the others") {
  std::atomic<Index> done = 0;
  const auto work = [&](Index tile) {
    if (tile == 0) throw std::runtime_error("tile 0");
    std::this_thread::sleep_for(1ms), ++done;
  };
  CHECK_THROWS_AS(for_each_tile(cpu.threads(3), 1000, work), std::runtime_error);
  CHECK(done < 500);
}

TEST_CASE("what progress throws passes through and ends the loop") {
  Index done = 0;
  const auto throws = [](Index told) -> bool { return told < 2 ? true : throw std::out_of_range("progress"); };
  CHECK(thrown<std::out_of_range>([&] {
          for_each_tile(
              cpu, 10, [&](Index) { ++done; }, throws);
        }) == "progress");
  CHECK(done == 2);
}

}
