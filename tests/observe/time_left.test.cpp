// SPDX-License-Identifier: MIT
// TimeLeft: by what has been done so far.
#include <pickmix/observe/time_left.hpp>

#include <support/catch.hpp>

#include <chrono>
#include <optional>

namespace observe_time_left_test {

using namespace pickmix;
using namespace std::chrono_literals;

namespace {

const TimeLeft::Clock::time_point start{};

double seconds(std::optional<TimeLeft::Seconds> left) { return left ? left->count() : -1.0; }

}  // namespace

TEST_CASE("The rest takes as long as what was done, in proportion") {
  TimeLeft left;
  CHECK(seconds(left(Progress{"losses", 0, 100}, start)) == -1.0);
  CHECK(seconds(left(Progress{"losses", 0, 100}, start + 5s)) == -1.0);
  CHECK(seconds(left(Progress{"losses", 10, 100}, start + 20s)) == Approx(180.0));
  CHECK(seconds(left(Progress{"losses", 60, 100}, start + 60s)) == Approx(40.0));
  CHECK(seconds(left(Progress{"losses", 100, 100}, start + 90s)) == 0.0);
}

TEST_CASE("What was done before it was heard of does not count") {
  TimeLeft left;
  left(Progress{"losses", 50, 100}, start);  // a run that goes on from a file
  CHECK(seconds(left(Progress{"losses", 60, 100}, start + 10s)) == Approx(40.0));
}

TEST_CASE("Another task, another total or a step back begin anew") {
  const auto after = [](const Progress& other) {
    TimeLeft left;
    left(Progress{"losses", 0, 100}, start);
    left(Progress{"losses", 50, 100}, start + 50s);
    const bool anew = !left(other, start + 60s);
    return anew && seconds(left(Progress{other.task, other.done + 1, other.total}, start + 61s)) ==
                       Approx(static_cast<double>(other.total - other.done - 1));
  };
  CHECK(after(Progress{"selection", 60, 100}));
  CHECK(after(Progress{"losses", 60, 200}));
  CHECK(after(Progress{"losses", 10, 100}));
}

TEST_CASE("Times are told in the unit that reads best") {
  CHECK(detail::to_text(0s) == "0 s");
  CHECK(detail::to_text(99s) == "99 s");
  CHECK(detail::to_text(100s) == "2 min");
  CHECK(detail::to_text(99min) == "99 min");
  CHECK(detail::to_text(100min) == "1.7 h");
  CHECK(detail::to_text(65h) == "65.0 h");
}

}
