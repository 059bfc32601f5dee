// SPDX-License-Identifier: MIT
// The observers of a selection, handed from one part of the work to the next.
#pragma once

#include <pickmix/core/events.hpp>
#include <pickmix/submodular/selection.hpp>

#include <functional>

namespace pickmix::inline v0 {

/// All observers of a selection as one, of one type whatever they are, so that maximisers are compiled once for all of them. It
/// refers to the observers and is used within the call they were given to.
class SelectionObservers {
 public:
  SelectionObservers() = default;

  template <class... Observers>
  static SelectionObservers of(Observers&... observers) {
    SelectionObservers all;
    if constexpr (sizeof...(Observers) > 0) {
      all.step_ = [&observers...](const SelectionStep& event) { return notify(event, observers...); };
      all.progress_ = [&observers...](const Progress& event) { return notify(event, observers...); };
    }
    return all;
  }

  /// \return what `notify` returns
  Flow operator()(const SelectionStep& event) const { return step_ ? step_(event) : Flow::proceed; }
  Flow operator()(const Progress& event) const { return progress_ ? progress_(event) : Flow::proceed; }

  /// For work that asks whether to go on: true unless an observer of `Progress` says stop.
  auto on_progress() const {
    return [this](const Progress& event) { return (*this)(event) == Flow::proceed; };
  }

 private:
  std::function<Flow(const SelectionStep&)> step_;
  std::function<Flow(const Progress&)> progress_;
};

}  // namespace pickmix::inline v0
