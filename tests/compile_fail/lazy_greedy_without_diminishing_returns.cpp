// SPDX-License-Identifier: MIT
// Lazy greedy trusts old gains as upper bounds; an objective that does not promise that they are is refused.
// expected: LazyGreedy is right only for objectives with diminishing returns
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/maximize.hpp>

struct Objective {
  static constexpr bool diminishing_returns = false;
  pickmix::Index size() const { return 3; }
  double gain(pickmix::Index) const { return 1; }
  void add(pickmix::Index) {}
  void reset() {}
};

int main() {
  Objective f;
  (void)pickmix::maximize(f, pickmix::Count{2}, pickmix::LazyGreedy{});
}
