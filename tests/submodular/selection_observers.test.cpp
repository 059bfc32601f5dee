// SPDX-License-Identifier: MIT
// Many observers as one.
#include <pickmix/submodular/selection_observers.hpp>

#include <support/catch.hpp>

#include <stdexcept>
#include <vector>

namespace submodular_selection_observers_test {

using namespace pickmix;

namespace {

constexpr SelectionStep step{1, 2, 7, 0.5, 0.5};
constexpr Progress progress{"work", 1, 2};

}  // namespace

TEST_CASE("Without observers everything proceeds") {
  const SelectionObservers nobody;
  CHECK(nobody(step) == Flow::proceed);
  CHECK(nobody(progress) == Flow::proceed);
  CHECK(nobody.on_progress()(progress));
  CHECK(SelectionObservers::of()(step) == Flow::proceed);
}

TEST_CASE("Each observer is told of what it takes, in order, and all of them where one says stop") {
  std::vector<int> told;
  auto steps = [&](const SelectionStep& event) {
    told.push_back(static_cast<int>(event.index));
    return Flow::stop;
  };
  const auto both = [&](const auto&) { told.push_back(1); };
  auto works = [&](const Progress&) {
    told.push_back(2);
    return Flow::stop;
  };
  const auto all = SelectionObservers::of(steps, both, works);
  CHECK(all(step) == Flow::stop);
  CHECK(told == std::vector<int>{7, 1});
  told.clear();
  CHECK(all(progress) == Flow::stop);
  CHECK(told == std::vector<int>{1, 2});
  CHECK_FALSE(all.on_progress()(progress));
}

TEST_CASE("It refers to the observers, and observers it is made of may be of its own type") {
  int steps = 0;
  auto count = [&steps, own = 0](const SelectionStep&) mutable { steps = ++own; };
  const auto inner = SelectionObservers::of(count);
  const auto outer = SelectionObservers::of(inner);
  outer(step);
  inner(step);
  CHECK(steps == 2);  // of one and the same count
}

TEST_CASE("What an observer throws passes through") {
  auto throws = [](const Progress&) { throw std::out_of_range("full"); };
  const auto all = SelectionObservers::of(throws);
  CHECK_THROWS_AS(all(progress), std::out_of_range);
  CHECK(all(step) == Flow::proceed);
}

}
