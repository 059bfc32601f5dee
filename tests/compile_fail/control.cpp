// SPDX-License-Identifier: MIT
// The control: what the other files do wrong, done right.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>

struct Objective {
  static constexpr bool diminishing_returns = true;
  pickmix::Index size() const { return 3; }
  double gain(pickmix::Index) const { return 1; }
  void add(pickmix::Index) {}
  void reset() {}
};

struct Policy {
  void rewards(pickmix::RewardContext&, std::span<double>) const {}
};

int main() {
  Objective f;
  (void)pickmix::maximize(f, pickmix::Count{2}, pickmix::LazyGreedy{}, [](const pickmix::SelectionStep&) {});

  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> pool(3, 2);
  (void)pickmix::delift::select(pool, pickmix::delift::InstructionTuning{}, pickmix::Count{2});

  pickmix::MosState state({.sizes = {10, 20}});
  const pickmix::MosSampler<Policy> sampler(state, {});
}
