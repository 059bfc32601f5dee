// SPDX-License-Identifier: MIT
// The three stages of fine-tuning ask different things of the same pool.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>

#include <cstdio>

namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows of the given topics, one after another.
Rows rows_about(std::initializer_list<int> topics, const Rows& directions, pickmix::RandomStream& random) {
  Rows rows(static_cast<Eigen::Index>(topics.size()), directions.cols());
  Eigen::Index r = 0;
  for (int topic : topics) {
    rows.row(r) = directions.row(topic);
    for (auto& x : rows.row(r)) x += 0.3f * static_cast<float>(random.normal());
    ++r;
  }
  return rows;
}

void print(const char* stage, const pickmix::Selection& selection) {
  std::printf("%-18s topics", stage);
  for (pickmix::Index row : selection.indices) std::printf(" %lld", static_cast<long long>(row / 50));
  std::printf("\n");
}

}  // namespace

int main() {
  namespace delift = pickmix::delift;
  pickmix::RandomStream random(3, 0);
  Rows directions(6, 24);
  for (auto& x : directions.reshaped()) x = static_cast<float>(random.normal());
  Rows pool(300, 24);  // rows 0 to 49 are about topic 0, the next fifty about topic 1, …
  for (int r = 0; r < 300; ++r) pool.row(r) = rows_about({r / 50}, directions, random);

  const Rows target = rows_about({4, 4, 2}, directions, random);
  const Rows known = rows_about({0, 0, 1, 1, 2, 3}, directions, random);

  print("instruction tuning", delift::select(pool, delift::InstructionTuning{}, pickmix::Count{6}));
  print("task-specific", delift::select(pool, delift::TaskSpecific{target}, pickmix::Count{6}));
  print("continual", delift::select(pool, delift::Continual{known}, pickmix::Count{2}));
}
