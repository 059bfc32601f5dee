// SPDX-License-Identifier: MIT
// A reward policy is a type with a member rewards(); the diagnostic names the concept.
// expected: RewardPolicy
#include <pickmix/mos/sampler.hpp>
#include <pickmix/mos/state.hpp>

struct Policy {};

int main() {
  pickmix::MosState state({.sizes = {10, 20}});
  const pickmix::MosSampler<Policy> sampler(state, {});
}
