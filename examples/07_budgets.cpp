// SPDX-License-Identifier: MIT
// A budget in tokens, a quota for each dataset, and who stands for whom.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdio>
#include <vector>

int main() {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  pickmix::RandomStream random(5, 0);
  Rows pool(120, 16);
  for (auto& x : pool.reshaped()) x = static_cast<float>(random.normal());
  std::vector<double> tokens;
  std::vector<pickmix::Index> dataset;
  for (int row = 0; row < 120; ++row) {
    tokens.push_back(static_cast<double>(50 + random.below(400)));
    dataset.push_back(row < 90 ? 0 : 1);  // the second dataset is small
  }
  const pickmix::delift::InstructionTuning stage{};

  const auto by_tokens = pickmix::delift::select(pool, stage, pickmix::Cost{.total = 2000, .of = tokens});
  double spent = 0;
  for (pickmix::Index row : by_tokens.indices) spent += tokens[static_cast<std::size_t>(row)];
  std::printf("%zu examples with %.0f of 2000 tokens\n", by_tokens.indices.size(), spent);

  const auto by_dataset = pickmix::delift::select(pool, stage, pickmix::Quotas{.group = dataset, .limit = {2, 2}});
  const pickmix::Kernel kernel = pickmix::similarity(pool);
  const auto who = pickmix::represent(kernel, by_dataset);
  for (std::size_t k = 0; k < by_dataset.indices.size(); ++k)
    std::printf("row %lld stands for %lld rows\n", static_cast<long long>(by_dataset.indices[k]),
                static_cast<long long>(who.weight[k]));
}
