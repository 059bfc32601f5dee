// SPDX-License-Identifier: MIT
// What pickmix is told and asked: the trainer's two callbacks, the mixtures, and the selections.
#pragma once

#include <pickmix/pickmix.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "trainer.hpp"

using pickmix::Index;

/// Where pickmix's examples are found.
using Lookup = std::function<const Turn*(Index dataset, Index row)>;

/// What pickmix is told of the trainer. Losses: mean negative log-likelihood of the scored tokens, or, for utilities by the
/// published distance, ‖1 − p‖₂/√n.
inline pickmix::Callbacks callbacks(Trainer& trainer, Lookup turn, bool likelihood = true) {
  using pickmix::Example;
  return {.loss =
              [&trainer, turn, likelihood](std::span<const Example> examples, std::span<float> out) {
                for (std::size_t begin = 0, end = 0; begin < examples.size(); begin = end) {  // runs of one context
                  const Example& first = examples[begin];
                  std::vector<const Turn*> targets;
                  for (; end < examples.size() && examples[end].context == first.context; ++end)
                    targets.push_back(turn(examples[end].dataset, examples[end].row));
                  const bool alone = first.context == pickmix::no_context;
                  trainer.score(targets, alone ? nullptr : turn(first.dataset, first.context),
                                [&](std::size_t i, Score score) {
                                  auto& p = score.log_probabilities;
                                  double sum = 0.0;
                                  for (float& x : p) sum -= static_cast<double>(x), x = std::exp(x);
                                  out[begin + i] = likelihood ? static_cast<float>(sum / static_cast<double>(p.size()))
                                                              : pickmix::delift::probability_distance(p);
                                });
                }
              },
          .embedding =
              [&trainer, turn](std::span<const Example> examples, pickmix::MatrixView<float> out) {
                std::vector<const Turn*> texts;
                for (const Example& example : examples) texts.push_back(turn(example.dataset, example.row));
                trainer.embed(texts, [&](std::size_t i, std::span<const float> numbers) {
                  std::copy(numbers.begin(), numbers.end(), out.row(static_cast<Index>(i)).begin());
                });
              },
          .embedding_size = trainer.shape().width};
}

// ---- mix ----

/// Trains on the batches of a mixture until `step(batch)`, which trains, says that it was the last. `state` may be one that
/// was saved: it goes on from there. `epoch()` is called before each epoch, and when one goes on.
template <class Policy>
void mix(pickmix::MosState<>& state, const pickmix::Callbacks& model, const Policy& policy,
         const std::function<bool(const pickmix::Batch&)>& step, const std::function<void()>& epoch = {}) {
  for (bool more = true; more;) {
    if (epoch) epoch();
    for (const pickmix::Batch& batch : pickmix::MosSampler<Policy>(state, model, policy)) {
      more = step(batch);
      if (!more) break;
    }
  }
}

/// The trainer's side of a mixture.
struct Draws {
  std::vector<Index> sizes;  ///< rows of each dataset
  Index batch = 16;          ///< examples
  Index interval = 100;      ///< steps between updates of a mixture that learns
  Index epoch = 0;           ///< steps; 0: as many as read all rows
  int seed = 1;
};

using Losses = std::function<void(std::span<const pickmix::Example>, std::span<float>)>;
using Mixture = std::function<void(pickmix::MosState<>&, const pickmix::Callbacks&, const Losses& reference,
                                   const std::function<bool(const pickmix::Batch&)>&, const std::function<void()>&)>;

/// A mixture by name: how it starts, and what it learns from.
struct Method {
  double temperature = std::numeric_limits<double>::infinity();
  Mixture run;
  bool every_step = false;  ///< updates at every step, which costs nothing with losses that are reported
  bool reference = false;   ///< needs the losses of a model trained with proportional shares
};

/// A mixture before its first step.
inline pickmix::MosState<> start(const Method& method, Draws draws) {
  return pickmix::MosState<>({.sizes = std::move(draws.sizes),
                              .batch_size = draws.batch,
                              .prior_temperature = method.temperature,
                              .update_interval = method.every_step ? 1 : draws.interval,
                              .learning_rate = 1e-3,
                              .reward_batch = 16,
                              .seed = static_cast<std::uint64_t>(draws.seed),
                              .draw = pickmix::Draw::example,
                              .epoch_steps = draws.epoch});
}

inline const std::map<std::string, Method>& mixtures() {
  static const auto by = [](auto policy) {
    return [policy](auto& state, const auto& model, const Losses&, const auto& step, const auto& epoch) {
      mix(state, model, policy, step, epoch);
    };
  };
  using namespace pickmix;
  static const std::map<std::string, Method> all{
      {"proportional", {.temperature = 1, .run = by(Static{})}},
      {"temperature 3", {.temperature = 3, .run = by(Static{})}},
      {"temperature 10", {.temperature = 10, .run = by(Static{})}},
      {"uniform", {.run = by(Static{})}},
      {"cossim", {.run = by(Transferability{})}},
      {"cossim ema", {.run = by(LearningTrajectory<Transferability>{})}},
      {"diff", {.run = by(Difficulty{})}},
      {"diff ema", {.run = by(LearningTrajectory<Difficulty>{})}},
      {"diff ema from proportional", {.temperature = 1, .run = by(LearningTrajectory<Difficulty>{})}},
      {"odm", {.run = by(Odm{}), .every_step = true}},
      {"doremi",
       {.run = [](auto& state, const auto& model, const Losses& reference, const auto& step,
                  const auto& epoch) { mix(state, model, DoReMi{.reference = reference}, step, epoch); },
        .reference = true}}};
  return all;
}

/// Where a mixture stands, as bytes of a checkpoint.
inline std::string saved(const pickmix::MosState<>& state) {
  std::ostringstream out;
  state.save(out);
  return std::move(out).str();
}
inline pickmix::MosState<> restored(const std::string& bytes) {
  std::istringstream in(bytes);
  return pickmix::MosState<>::load(in);
}

// ---- pick ----

/// Rows in one numbering: first those that are chosen from, then those of the target, or those that are known already.
struct Pool {
  std::vector<Turn> turns;  ///< in the form that utilities are measured in
  Index rows = 0;
  std::vector<Index> like_others;  ///< those that are chosen from and of the others' datasets; ascending

  pickmix::delift::Rows others() const { return {rows, std::ssize(turns) - rows}; }
  Lookup lookup() const {
    return [this](Index, Index row) { return &turns[static_cast<std::size_t>(row)]; };
  }
};

struct Pick {
  std::vector<Index> rows;
  Index calls = 0;
  double kept = 0.0;  ///< estimated share of the objective of all calls; 0 where none were asked for
};

/// Embeddings of rows [first, first + count), as the model sees them now, less their mean: all of them have a large part in
/// common, which says nothing of how they differ.
class Embeddings {
 public:
  Embeddings(const pickmix::Callbacks& model, Index first, Index count, const std::vector<float>& mean = {})
      : numbers_(static_cast<std::size_t>(count * model.embedding_size)), count_(count), mean_(mean) {
    std::vector<pickmix::Example> examples;
    for (Index k = 0; k < count; ++k) examples.push_back({.row = first + k});
    model.embedding(examples, pickmix::MatrixView<float>(numbers_.data(), count, model.embedding_size));
    const auto width = static_cast<std::size_t>(model.embedding_size);
    if (mean_.empty()) {
      mean_.assign(width, 0.0f);
      for (std::size_t k = 0; k < numbers_.size(); ++k) mean_[k % width] += numbers_[k] / static_cast<float>(count);
    }
    for (std::size_t k = 0; k < numbers_.size(); ++k) numbers_[k] -= mean_[k % width];
  }
  pickmix::MatrixView<const float> view() const { return {numbers_.data(), count_, static_cast<Index>(mean_.size())}; }
  const std::vector<float>& mean() const { return mean_; }

 private:
  std::vector<float> numbers_;
  Index count_;
  std::vector<float> mean_;
};

enum class Aim { all, target, novelty };  ///< what the pool's other rows are: nothing, the target, known

/// Chooses `part` of the pool. Methods: random; random of target (as many rows of its dataset, or all there are); similarity,
/// graph cut, log-determinant (of embeddings); utility (a twentieth of the pairs, measured with the model; its losses are kept
/// in the file `losses` and not asked for again).
/// \throws pickmix::Error as `pickmix::delift::select`
inline Pick pick(Trainer& trainer, const Pool& pool, Aim aim, const std::string& method, double part,
                 std::uint64_t seed, const std::filesystem::path& losses) {
  using namespace pickmix;
  const Fraction budget{part};
  if (method.starts_with("random")) {
    Pick result;
    const Index most = budget.open(pool.rows).most();
    const Permutation order(pool.rows, RandomStream(seed, 0x7069636B));
    for (Index k = 0; k < pool.rows && std::ssize(result.rows) < most; ++k)
      if (method == "random" || std::ranges::binary_search(pool.like_others, order(k))) result.rows.push_back(order(k));
    return result;
  }
  const auto others = pool.others();
  const auto chosen = [&]() -> Selection {
    if (method == "utility") {
      const Callbacks model = remembered(callbacks(trainer, pool.lookup(), false), losses);
      delift::Options options;
      const Index targets = aim == Aim::target ? others.count : pool.rows;
      options.utility_calls = targets + pool.rows * targets / 20;
      PrintProgress progress(std::cerr);
      return aim == Aim::target ? delift::select(pool.rows, model, delift::TaskSpecific{others}, budget,
                                                 FacilityLocation{}, options, progress)
                                : delift::select(pool.rows, model, delift::InstructionTuning{}, budget,
                                                 FacilityLocation{}, options, progress);
    }
    const Callbacks model = callbacks(trainer, pool.lookup());
    const Embeddings x(model, 0, pool.rows);
    const auto by = [&](const auto& family, const Metric& metric = Cosine{}) -> Selection {
      const delift::Options options{.metric = metric};
      if (aim == Aim::all) return delift::select(x.view(), delift::InstructionTuning{}, budget, family, options);
      const Embeddings y(model, others.first, others.count, x.mean());
      if (aim == Aim::target) return delift::select(x.view(), delift::TaskSpecific{y.view()}, budget, family, options);
      return delift::select(x.view(), delift::Continual{y.view()}, budget, family, options);
    };
    if (method == "graph cut") return by(GraphCut{}, ShiftedCosine{});  // wants similarities that are not negative
    if (method == "log-determinant") return by(LogDeterminant{});
    return by(FacilityLocation{});
  };
  const Selection selection = chosen();
  return {selection.indices, selection.loss_calls, selection.loss_calls > 0 ? selection.kept.value : 0.0};
}

// ---- pick and mix ----

/// What is chosen anew before each epoch.
struct Reselection {
  Index rows = 0;          ///< of all datasets together; 0: nothing is chosen
  bool at_random = false;  ///< any rows, as a control
};

/// Gives every dataset as many rows as the mixture says: those that represent it best as the model sees it now, or any.
inline void reselect(pickmix::MosState<>& state, const pickmix::Callbacks& model, const Reselection& wanted) {
  using namespace pickmix;
  const std::vector<Index> counts = quotas(state.probabilities(), state.options().sizes, wanted.rows);
  std::vector<std::vector<Index>> rows(counts.size());
  for (std::size_t d = 0; d < counts.size(); ++d) {
    const Index size = state.options().sizes[d];
    if (wanted.at_random) {
      const std::uint64_t which = static_cast<std::uint64_t>(state.step()) * counts.size() + d;
      const Permutation order(size, RandomStream(state.options().seed, 0x626F7468, which));
      for (Index k = 0; k < counts[d]; ++k) rows[d].push_back(order(k));
      continue;
    }
    Callbacks of_dataset = model;
    of_dataset.embedding = [&, d](std::span<const Example> examples, MatrixView<float> out) {
      std::vector<Example> there(examples.begin(), examples.end());
      for (Example& example : there) example.dataset = static_cast<Index>(d);
      model.embedding(there, out);
    };
    const Embeddings x(of_dataset, 0, size);
    rows[d] = delift::select(x.view(), delift::InstructionTuning{}, Count{counts[d]}).indices;
  }
  state.restrict_rows(rows);
}
