// SPDX-License-Identifier: MIT
// A state as bytes, and back; and one worth saving.
#pragma once

#include <pickmix/mos/state.hpp>

#include <sstream>
#include <string>
#include <vector>

template <class State>
std::string saved(const State& state) {
  std::ostringstream out;
  state.save(out);
  return out.str();
}

template <class State = pickmix::MosState<>>
State loaded(const std::string& bytes) {
  std::istringstream in(bytes);
  return State::load(in);
}

/// A state some way into its run.
inline pickmix::MosState<> well_under_way() {
  pickmix::MosState state({.sizes = {40, 30, 70}, .batch_size = 4, .prior_temperature = 2.0, .seed = 21});
  for (int b = 0; b < 50; ++b) (void)state.draw();
  state.learn(std::vector<double>{0.3, 0.9, 0.1});
  for (int b = 0; b < 7; ++b) (void)state.draw();
  state.memory({{"level", {0.5, 0.25}}, {"nothing", {}}});
  return state;
}
