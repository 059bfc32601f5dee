// SPDX-License-Identifier: MIT
// An objective has four members; the diagnostic names the one that is missing.
// expected: f.reset()
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/naive_greedy.hpp>

struct Objective {
  static constexpr bool diminishing_returns = true;
  pickmix::Index size() const { return 3; }
  double gain(pickmix::Index) const { return 1; }
  void add(pickmix::Index) {}
};

int main() {
  Objective f;
  (void)pickmix::maximize(f, pickmix::Count{2}, pickmix::NaiveGreedy{});
}
