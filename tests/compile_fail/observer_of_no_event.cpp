// SPDX-License-Identifier: MIT
// An observer that accepts none of a call's events would never be called.
// expected: an observer of maximize() must be callable with a const pickmix::SelectionStep&
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>

struct Objective {
  static constexpr bool diminishing_returns = true;
  pickmix::Index size() const { return 3; }
  double gain(pickmix::Index) const { return 1; }
  void add(pickmix::Index) {}
  void reset() {}
};

int main() {
  Objective f;
  (void)pickmix::maximize(f, pickmix::Count{2}, pickmix::LazyGreedy{}, [](const pickmix::Example&) {});
}
