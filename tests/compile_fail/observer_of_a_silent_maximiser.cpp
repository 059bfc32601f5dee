// SPDX-License-Identifier: MIT
// expected: this maximiser takes no observers
#include <pickmix/submodular/maximize.hpp>

struct Nothing {
  template <class F>
  pickmix::Selection operator()(pickmix::Cpu, F&, pickmix::CountLedger&) const {
    return {};
  }
};
struct Zero {
  pickmix::Index size() const { return 1; }
  double gain(pickmix::Index) const { return 0.0; }
  void add(pickmix::Index) {}
  void reset() {}
};

void select(Zero& f) {
  (void)pickmix::maximize(f, pickmix::Count{1}, Nothing{}, [](const pickmix::SelectionStep&) {});
}
