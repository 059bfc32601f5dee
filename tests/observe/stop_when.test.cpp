// SPDX-License-Identifier: MIT
// Tests of observe/stop_when.hpp.
#include <pickmix/observe/stop_when.hpp>

#include <pickmix/delift/select.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

namespace observe_stop_when_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

Selection select(const instances::Matrix& pool, auto&&... observers) {
  return delift::select(pool.view(), delift::InstructionTuning{}, Count{60}, FacilityLocation{}, {}, observers...);
}

}  // namespace

TEST_CASE("the first pick that adds less than was asked for is the last") {
  const auto pool = instances::normal(1, 200, 6);
  const Selection whole = select(pool);
  const double gain = whole.gains[20];
  const Selection part = select(pool, StopBelowGain(gain));
  REQUIRE(part.reason == StopReason::stopped_by_observer);
  REQUIRE(part.indices.size() < whole.indices.size());
  CHECK(part.gains.back() < gain);
  for (std::size_t k = 0; k + 1 < part.gains.size(); ++k) CHECK(part.gains[k] >= gain);
  CHECK(std::equal(part.indices.begin(), part.indices.end(), whole.indices.begin()));
}

TEST_CASE("a gain that nothing falls below stops nothing, and NaN is refused") {
  const auto pool = instances::normal(2, 100, 6);
  CHECK(select(pool, StopBelowGain(-1.0)).indices.size() == 60);
  CHECK_THAT(thrown<ValueError>([] { StopBelowGain{std::numeric_limits<double>::quiet_NaN()}; }),
             ContainsSubstring("StopBelowGain: gain is nan"));
}

TEST_CASE("the longest time stops nothing, and a time below zero everything") {
  CHECK(StopAfter(std::chrono::nanoseconds::max())(Progress{}) == Flow::proceed);
  CHECK(StopAfter(std::chrono::nanoseconds::max())(SelectionStep{}) == Flow::proceed);
  CHECK(StopAfter(std::chrono::nanoseconds::min())(Progress{}) == Flow::stop);
}

TEST_CASE("when the time is over the work ends, in the similarities or between two picks") {
  const auto pool = instances::normal(3, 200, 6);
  CHECK(select(pool, StopAfter(std::chrono::hours(1))).indices.size() == 60);
  const Selection nothing = select(pool, StopAfter(std::chrono::nanoseconds(0)));
  CHECK(nothing.indices.empty());
  CHECK(nothing.reason == StopReason::stopped_by_observer);

  const StopAfter soon(std::chrono::milliseconds(300));
  const auto slow = [](const SelectionStep& step) {
    if (step.picked == 5) std::this_thread::sleep_for(std::chrono::milliseconds(400));
  };
  const Selection some = select(pool, slow, soon);
  CHECK((some.indices.size() == 5 || some.indices.empty()));  // empty on a machine that took so long to begin
}

}
