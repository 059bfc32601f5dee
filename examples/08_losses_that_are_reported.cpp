// SPDX-License-Identifier: MIT
// A trainer that cannot be asked for losses reports those of its batches; a bandit (ODM) learns from them.
#include <pickmix/pickmix.hpp>

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <vector>

int main() {
  const std::vector<std::string> names{"easy", "hard"};
  std::vector<double> loss{2.0, 2.0};  // nats a token; the easy dataset is learnt five times as fast
  const std::vector<double> speed{0.05, 0.01};

  pickmix::MosState state({.sizes = {400, 400}, .batch_size = 8, .update_interval = 1, .seed = 1});
  std::ostringstream history;
  pickmix::MixtureHistory write(history);
  for (const pickmix::Batch& batch : pickmix::MosSampler<pickmix::Odm>(state)) {
    const auto d = static_cast<std::size_t>(batch.examples.front().dataset);
    state.report(batch.examples.front().dataset, loss[d]);
    loss[d] *= 1.0 - speed[d];
    write(state);
  }
  std::string line, last;
  for (std::istringstream lines(history.str()); std::getline(lines, line);) last = line;
  fmt::print("more of the hard one: {}\n", state.probabilities()[1] > 0.6 && state.drawn(1) > state.drawn(0));
  fmt::print("{} updates, the last line of the history begins {}\n", state.updates(), last.substr(0, 23));
  return pickmix::mixture_table(state, names).empty();
}
