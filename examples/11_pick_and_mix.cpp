// SPDX-License-Identifier: MIT
// Picking and mixing together: what the mixture has learnt says how many rows of each dataset an epoch gets, the model as it
// is now says which, and the sampler draws only those.
#include <pickmix/pickmix.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace {

using pickmix::Example;
using pickmix::Index;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// In the place of a model: it masters the skills that its examples need, those of the later datasets more slowly. Its
/// embeddings show what is not mastered yet, so they change as it trains.
struct Model {
  std::vector<Rows> needs;  // of each dataset: examples × skills
  Eigen::ArrayXf open = Eigen::ArrayXf::Ones(6);

  Model() {
    pickmix::RandomStream random(7, 0);
    for (Index d = 0; d < 3; ++d) {
      Rows& rows = needs.emplace_back(200 - 50 * d, 6);
      for (auto& x : rows.reshaped()) x = static_cast<float>(random.uniform());
      rows.middleCols(2 * d, 2) *= 4.0f;  // two skills each, and a little of the others
      rows.rowwise().normalize();
    }
  }
  auto squares(const Example& e) const {
    return needs[static_cast<std::size_t>(e.dataset)].row(e.row).transpose().array().square();
  }
  Rows embeddings(std::size_t d) const { return needs[d] * open.matrix().asDiagonal(); }
  void train(const pickmix::Batch& batch) {
    for (const Example& e : batch.examples)
      open *= 1.0f - squares(e) * Eigen::ArrayXf{{0.03f, 0.03f, 0.01f, 0.01f, 0.003f, 0.003f}};
  }
  pickmix::Callbacks callbacks() const {
    return {.loss = [this](std::span<const Example> examples, std::span<float> out) {
      for (std::size_t k = 0; k < out.size(); ++k) out[k] = (squares(examples[k]) * open).sum();
    }};
  }
};

/// Selects `count` rows that represent all rows as the model sees them now: `keep` first, then what they leave out.
std::vector<Index> select(const Rows& embeddings, Index count, std::span<const Index> keep) {
  const pickmix::Kernel kernel = *similarity(pickmix::cpu, pickmix::MatrixView<const float>(embeddings), {});
  auto objective = pickmix::FacilityLocation{}.plain(kernel);
  for (Index row : keep) objective.add(row);
  const auto more =
      maximize(objective, pickmix::Without{pickmix::Count{count - std::ssize(keep)}, keep}, pickmix::LazyGreedy{});
  std::vector<Index> rows(keep.begin(), keep.end());
  rows.insert(rows.end(), more.indices.begin(), more.indices.end());
  return rows;
}

}  // namespace

int main() {
  Model model;
  pickmix::MosState state({.sizes = {200, 150, 100},
                           .batch_size = 4,
                           .update_interval = 10,
                           .learning_rate = 2e-3,
                           .draw = pickmix::Draw::example});
  std::vector<std::vector<Index>> picks(3);
  for (int epoch = 0; epoch < 4; ++epoch) {
    const std::vector<Index> quotas = pickmix::quotas(state.probabilities(), state.options().sizes, 120);
    for (std::size_t d = 0; d < picks.size(); ++d) {
      // A warm start: the first picks of the epoch before are the strongest.
      const auto keep = std::min(std::ssize(picks[d]) / 2, static_cast<std::ptrdiff_t>(quotas[d]));
      picks[d] = select(model.embeddings(d), quotas[d], std::span(picks[d]).first(static_cast<std::size_t>(keep)));
    }
    state.restrict_rows(picks);

    std::vector<Index> drawn(3, 0);
    for (const pickmix::Batch& batch : pickmix::MosSampler<pickmix::Difficulty>(state, model.callbacks())) {
      model.train(batch);
      for (const Example& e : batch.examples) ++drawn[static_cast<std::size_t>(e.dataset)];
    }
    fmt::print("epoch {}: selected {:3}, drawn {:3}, to be learnt {:.2f}\n", epoch, fmt::join(quotas, " "),
               fmt::join(drawn, " "), model.open.mean());
  }
}
