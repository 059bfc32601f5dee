// SPDX-License-Identifier: MIT
// The mutual information of the log-determinant has no diminishing returns, though the log-determinant has.
// expected: LazyGreedy is right only for objectives with diminishing returns
#include <pickmix/submodular/lazy_greedy.hpp>
#include <pickmix/submodular/log_determinant.hpp>
#include <pickmix/submodular/maximize.hpp>

void select(const pickmix::Kernel& kernel, const pickmix::Reference& target) {
  auto f = pickmix::LogDeterminant{}.mutual_information(kernel, target, 1.0);
  (void)pickmix::maximize(f, pickmix::Count{2}, pickmix::LazyGreedy{});
}
