// SPDX-License-Identifier: MIT
// Where the work runs, and the one parallel loop.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

namespace pickmix::inline v0 {

/// The processor, with a number of threads. Left out of a call, it means one: trainers fill the machine themselves.
///
/// Threads live only while the call runs, and their number changes no bit of any result. Loops use the largest instruction set
/// there is, or the one asked for with `only`: to try or to time it, or to get on one machine the bits of another.
class Cpu {
 public:
  constexpr Cpu() = default;

  /// \throws ValueError if n < 1
  constexpr Cpu threads(Index n) const {
    if (n < 1) raise<ValueError>("cpu.threads: n is {}; needs at least 1", n);
    Cpu other(*this);
    other.threads_ = n;
    return other;
  }
  constexpr Index threads() const { return threads_; }

  /// \throws BackendError if the processor does not have these instructions
  Cpu only(InstructionSet set) const {
    if (!has(set))
      raise<BackendError>("cpu.only: {} is not there; this processor's largest instruction set is {}", name_of(set),
                          name_of(largest_instruction_set()));
    Cpu other(*this);
    other.instructions_ = set;
    return other;
  }
  InstructionSet instructions() const { return instructions_ ? *instructions_ : largest_instruction_set(); }

 private:
  Index threads_ = 1;
  std::optional<InstructionSet> instructions_;
};

/// The executor to start from: `cpu.threads(4)`.
inline constexpr Cpu cpu{};

/// Something that says where a call runs; always a call's first argument.
template <class T>
concept Executor = std::same_as<std::remove_cvref_t<T>, Cpu>;

namespace detail {

/// A function object that takes a tile's number, whatever its type.
template <class Result>
class TileFunction {
 public:
  template <class F>
    requires(!std::same_as<F, TileFunction>)
  explicit TileFunction(F& f)
      : object_(&f), call_([](void* object, Index tile) -> Result { return (*static_cast<F*>(object))(tile); }) {}

  Result operator()(Index tile) const { return call_(object_, tile); }

 private:
  void* object_;
  Result (*call_)(void*, Index);
};

/// As many threads that run work(context) as are wanted, or as the system gives.
inline std::vector<std::jthread> start_threads(Index wanted, void (*work)(void*), void* context) {
  std::vector<std::jthread> threads;
  try {
    for (Index t = 0; t < wanted; ++t) threads.emplace_back(work, context);
  } catch (const std::exception&) {  // no more threads, or no memory for them: those there are do the work
  }
  return threads;
}

/// The loop of `for_each_tile`. Not a template: it would take a compiler longer than most of what is done in it.
inline bool run_tiles(Cpu executor, Index tiles, TileFunction<void> work, TileFunction<bool> progress) {
  std::atomic<Index> next{0}, done{0};
  std::atomic<bool> halt{false};
  std::mutex failure_guard;
  std::exception_ptr failure;
  Index failed_tile = tiles;

  const auto take_tiles = [&](auto&& after_tile) {
    while (!halt.load(std::memory_order_relaxed)) {
      const Index tile = next.fetch_add(1, std::memory_order_relaxed);
      if (tile >= tiles) return;
      try {
        work(tile);
        done.fetch_add(1, std::memory_order_relaxed);
        after_tile();
      } catch (...) {
        const std::lock_guard lock(failure_guard);
        if (tile < failed_tile) {
          failed_tile = tile;
          failure = std::current_exception();
        }
        halt.store(true, std::memory_order_relaxed);
      }
    }
  };

  bool stopped = false;
  Index reported = 0;
  {
    auto help = [&] { take_tiles([] {}); };
    const auto helpers = detail::start_threads(
        std::min(executor.threads(), tiles) - 1, [](void* task) { (*static_cast<decltype(help)*>(task))(); }, &help);
    take_tiles([&] {
      reported = done.load(std::memory_order_relaxed);
      stopped = !progress(reported);
      if (stopped) halt.store(true, std::memory_order_relaxed);
    });
  }
  if (failure) std::rethrow_exception(failure);
  if (!stopped && reported < tiles) stopped = !progress(tiles);
  return !stopped;
}

}  // namespace detail

/// Calls `work(tile)` for every tile in [0, tiles), each once, on the executor's threads (the caller's is one of them).
///
/// What a tile computes must depend on its number alone and go where no other tile writes; then the result cannot
/// depend on the number of threads. Tiles are taken in order.
///
/// \param progress called on the caller's thread with the number of tiles done so far: after each of that thread's tiles,
///                 and when all are done; returns false to stop
/// \return false if `progress` said stop; some tiles may then not be done
/// \throws of the exceptions thrown by `work`, the one of the smallest tile; each thread ends at most one more tile
template <class Work, class OnProgress>
bool for_each_tile(Cpu executor, Index tiles, Work&& work, OnProgress&& progress) {
  auto do_tile = [&](Index tile) { work(tile); };
  auto report = [&](Index done) { return static_cast<bool>(progress(done)); };
  return detail::run_tiles(executor, tiles, detail::TileFunction<void>(do_tile), detail::TileFunction<bool>(report));
}

template <class Work>
void for_each_tile(Cpu executor, Index tiles, Work&& work) {
  for_each_tile(executor, tiles, work, [](Index) { return true; });
}

}  // namespace pickmix::inline v0
