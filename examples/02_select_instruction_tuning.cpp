// SPDX-License-Identifier: MIT
// Selecting a subset that represents a pool of embeddings, and what the result says about itself.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdio>

int main() {
  // Six topics of very different sizes; a row is a topic's direction with some noise.
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  constexpr pickmix::Index sizes[] = {300, 150, 80, 40, 20, 10};
  Rows pool(600, 16);
  Rows topics(6, 16);
  pickmix::RandomStream random(7, 0);
  for (auto& x : topics.reshaped()) x = static_cast<float>(random.normal());
  Eigen::Index row = 0;
  for (int topic = 0; topic < 6; ++topic)
    for (pickmix::Index i = 0; i < sizes[topic]; ++i, ++row)
      for (Eigen::Index c = 0; c < 16; ++c)
        pool(row, c) = topics(topic, c) + 0.2f * static_cast<float>(random.normal());

  const pickmix::Selection selection =
      pickmix::delift::select(pool, pickmix::delift::InstructionTuning{}, pickmix::Fraction{0.01});

  for (std::size_t k = 0; k < selection.indices.size(); ++k)
    std::printf("pick %zu: row %3lld, gain %5.1f\n", k + 1, static_cast<long long>(selection.indices[k]),
                selection.gains[k]);
  std::printf("at least %.0f %% of what any six rows could reach\n", 100.0 * selection.value / selection.upper_bound);
}
