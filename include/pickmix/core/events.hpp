// SPDX-License-Identifier: MIT
// How long work is watched, and stopped: observers are callables that take the events they care about.
#pragma once

#include <pickmix/core/types.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

namespace pickmix::inline v0 {

/// What an observer answers. Returning nothing means `proceed`.
enum class Flow { proceed, stop };

/// Work with a known end has come further: `done` of `total` units of `task` are finished.
struct Progress {
  std::string_view task;
  Index done = 0;
  Index total = 0;
};

namespace detail {

/// Calls an observer, and knows whether what is thrown is the observer's: memory that runs out there is not the library's.
template <class Observer>
class Watched {
 public:
  explicit Watched(Observer& observer) : observer_(&observer) {}

  template <class... Told>
  auto operator()(const Told&... told) {
    threw_ = true;
    const auto answer = (*observer_)(told...);
    threw_ = false;
    return answer;
  }
  bool threw() const { return threw_; }

 private:
  Observer* observer_;
  bool threw_ = false;
};

}  // namespace detail

/// A callable that takes events of type `Event` and returns nothing or a `Flow`.
template <class Observer, class Event>
concept ObserverOf = std::invocable<Observer&, const Event&> &&
    (std::is_void_v<std::invoke_result_t<Observer&, const Event&>> ||
     std::same_as<std::invoke_result_t<Observer&, const Event&>, Flow>);

/// Hands `event` to every observer that takes its type, in order. One that takes none of a call's events does not compile with
/// `maximize` and `delift::select`; other calls have one kind of event, and never call it.
///
/// Observers run on the caller's thread and see the event as a constant. What they throw passes through.
/// \return Flow::stop if any of them said so; the others are told all the same
template <class Event, class... Observers>
Flow notify(const Event& event, Observers&... observers) {
  Flow flow = Flow::proceed;
  [[maybe_unused]] const auto tell = [&]<class Observer>(Observer& observer) {
    if constexpr (std::invocable<Observer&, const Event&>) {
      static_assert(ObserverOf<Observer, Event>, "an observer returns nothing or a pickmix::Flow");
      if constexpr (std::is_void_v<std::invoke_result_t<Observer&, const Event&>>)
        observer(event);
      else if (observer(event) == Flow::stop)
        flow = Flow::stop;
    }
  };
  (tell(observers), ...);
  return flow;
}

}  // namespace pickmix::inline v0
