// SPDX-License-Identifier: MIT
// Tests of core/events.hpp.
#include "support/catch.hpp"

#include <pickmix/core/events.hpp>

#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace core_events_test {

using namespace pickmix;

namespace {

struct Other {};

const Progress event{"similarity", 3, 10};
const auto stops = [](const Progress&) { return Flow::stop; };
const auto proceeds = [](const Progress&) { return Flow::proceed; };

}  // namespace

TEST_CASE("an observer takes the event and answers nothing or a Flow") {
  const auto answers_nothing = [](const Progress&) {};
  const auto answers_bool = [](const Progress&) { return true; };
  const auto wants_to_change_it = [](Progress&) {};
  STATIC_REQUIRE(ObserverOf<decltype(answers_nothing), Progress>);
  STATIC_REQUIRE(ObserverOf<decltype(stops), Progress>);
  STATIC_REQUIRE(!ObserverOf<decltype(answers_bool), Progress>);
  STATIC_REQUIRE(!ObserverOf<decltype(wants_to_change_it), Progress>);
  STATIC_REQUIRE(!ObserverOf<decltype(stops), Other>);
}

TEST_CASE("notify hands over the event itself") {
  const Progress* seen = nullptr;
  auto observer = [&](const Progress& progress) { seen = &progress; };
  notify(event, observer);
  CHECK(seen == &event);
}

TEST_CASE("notify without observers proceeds") { CHECK(notify(event) == Flow::proceed); }

TEST_CASE("an observer that answers nothing means proceed") {
  auto observer = [](const Progress&) {};
  CHECK(notify(event, observer) == Flow::proceed);
}

TEST_CASE("one observer's stop is enough, wherever it stands") {
  CHECK(notify(event, stops) == Flow::stop);
  CHECK(notify(event, stops, proceeds, proceeds) == Flow::stop);
  CHECK(notify(event, proceeds, proceeds, stops) == Flow::stop);
  CHECK(notify(event, proceeds, proceeds) == Flow::proceed);
}

TEST_CASE("observers are told in order, also after one said stop") {
  std::string told;
  auto a = [&](const Progress&) {
    told += 'a';
    return Flow::stop;
  };
  auto b = [&](const Progress&) { told += 'b'; };
  auto c = [&](const Progress&) {
    told += 'c';
    return Flow::proceed;
  };
  CHECK(notify(event, a, b, c) == Flow::stop);
  CHECK(told == "abc");
}

TEST_CASE("an observer of another event is passed over") {
  auto other = [](const Other&) -> Flow { throw std::logic_error("told of the wrong event"); };
  CHECK(notify(event, other) == Flow::proceed);
}

TEST_CASE("one observer may take several types of event") {
  struct {
    int progress = 0, other = 0;
    void operator()(const Progress&) { ++progress; }
    Flow operator()(const Other&) { return ++other, Flow::stop; }
  } observer;
  CHECK(notify(event, observer) == Flow::proceed);
  CHECK(notify(Other{}, observer) == Flow::stop);
  CHECK(observer.progress == 1);
  CHECK(observer.other == 1);
}

TEST_CASE("an observer keeps its state from event to event") {
  auto countdown = [left = 2](const Progress&) mutable { return --left == 0 ? Flow::stop : Flow::proceed; };
  CHECK(notify(event, countdown) == Flow::proceed);
  CHECK(notify(event, countdown) == Flow::stop);
}

TEST_CASE("what an observer throws is told from what is thrown beside it") {
  int calls = 0;
  auto second_throws = [&](Index done, Index) {
    if (++calls == 2) throw std::bad_alloc();
    return done < 10;
  };
  detail::Watched watched(second_throws);
  CHECK_FALSE(watched.threw());
  CHECK(watched(3, 10));
  CHECK_FALSE(watched.threw());
  CHECK_THROWS_AS(watched(4, 10), std::bad_alloc);
  CHECK(watched.threw());
}

TEST_CASE("what an observer throws passes through, and later observers are not told") {
  bool told = false;
  auto throws = [](const Progress&) { throw std::out_of_range("observer"); };
  auto later = [&](const Progress&) { told = true; };
  CHECK_THROWS_AS(notify(event, throws, later), std::out_of_range);
  CHECK(!told);
}

}
