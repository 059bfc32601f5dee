// SPDX-License-Identifier: MIT
// What is compared: four mixtures and three sets of rows, each trained on for the same number of tokens.
#pragma once

#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <numeric>
#include <pickmix/pickmix.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "progress.hpp"
#include "trainer.hpp"

namespace finetune_demo {

struct Settings {
  int seeds = 3;
  int steps = 1500;  // of the proportional run; they fix the token budget
  int threads = 2;   // independent runs side by side
};

inline constexpr pickmix::Index batch_size = 32;
inline constexpr double warm_up_share = 0.1;          // of the budget; the model every mixture starts from
inline constexpr double picked_share = 0.3;           // of the rows
inline constexpr pickmix::Index pool_limit = 30'000;  // rows a selection is made from
inline constexpr std::size_t curve_rows = 100;        // held-out rows per dataset while training
inline constexpr int curve_points = 20;

enum Method { proportional, temperature, uniform, mos, random_rows, delift_rows, methods };
inline constexpr std::array<const char*, methods> method_names{"proportional", "temperature 10", "uniform",
                                                               "MoS",          "random 30 %",    "DELIFT 30 %"};

struct Run {
  Method method = proportional;
  int seed = 0, steps = 0;
  long tokens = 0;
  double train_seconds = 0, reward_seconds = 0;
  std::vector<double> loss;                                    // held-out, per dataset, nats a token
  std::vector<std::pair<double, std::vector<double>>> curve;   // tokens, held-out loss per dataset
  std::vector<std::pair<double, std::vector<double>>> shares;  // step, sampling probability per dataset
};

struct Picking {
  pickmix::Selection selection;
  std::vector<double> shares;  // of each dataset among the picked rows
  double warm_up_seconds = 0, embedding_seconds = 0, selection_seconds = 0;
  double left_out_tokens = 0;  // one pass over the rows that were not picked
};

struct Results {
  long budget = 0, warm_up = 0;
  pickmix::Index update_interval = 0, pool = 0, rows = 0;
  std::vector<double> shares;  // of each dataset among all rows
  std::vector<Run> runs;
  std::vector<Picking> pickings;  // by seed
};

inline double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

namespace detail {

/// Processor time of this thread, which does not grow while others use the machine.
class Stopwatch {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  double start_ = now();
};

/// Calls work(0), …, work(jobs - 1), `threads` at a time; throws what the first of them to fail threw.
inline void side_by_side(int threads, int jobs, const std::function<void(int)>& work) {
  std::atomic<int> next{0};
  std::exception_ptr failure;
  std::mutex guard;
  std::vector<std::jthread> pool;
  for (int t = 0; t < std::min(threads, jobs); ++t)
    pool.emplace_back([&] {
      for (int job = next++; job < jobs; job = next++) try {
          work(job);
        } catch (...) {
          const std::lock_guard lock(guard);
          if (!failure) failure = std::current_exception();
          next = jobs;
        }
    });
  pool.clear();
  if (failure) std::rethrow_exception(failure);
}

/// The options of the learnt mixture. The papers' runs take about 5,000 steps and update every 100; ours take fewer, so
/// the interval is set for as many updates a run (about 50). The learning rate is five times theirs: an update moves a
/// logit by at most 0.1, and the mixture follows the rewards within some ten updates. The methods share their random
/// numbers, so that they differ in nothing else.
inline pickmix::MosOptions mixture(const Settings& settings, std::vector<pickmix::Index> sizes, Method method,
                                   int seed) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {.sizes = std::move(sizes),
          .batch_size = batch_size,
          .prior_temperature = method == temperature                ? 10
                               : method == uniform || method == mos ? infinity
                                                                    : 1,
          .update_interval = std::clamp(settings.steps / 50, 1, 100),
          .learning_rate = 5e-4,
          .seed = static_cast<std::uint64_t>(seed)};
}

/// Trains until `until` tokens are used: a MosSampler per epoch, left when the budget is spent.
template <class Policy>
void train(Trainer& trainer, const Subset& subset, pickmix::MosOptions options, long until, Run& run,
           Progress& progress) {
  pickmix::MosState state(std::move(options));
  pickmix::Callbacks callbacks = trainer.callbacks();
  callbacks.loss = [&, loss = callbacks.loss](std::span<const pickmix::Example> examples, std::span<float> out) {
    const Stopwatch watch;
    loss(subset.locate(examples), out);
    run.reward_seconds += watch.seconds();
  };
  const auto watch_mixture = [&] {
    const auto p = state.probabilities();
    if (run.shares.empty() || run.shares.back().second != p || trainer.tokens() >= until)
      run.shares.emplace_back(trainer.steps(), p);
  };
  long next_point = trainer.tokens();
  while (trainer.tokens() < until) {
    pickmix::MosSampler<Policy> sampler(state, callbacks);
    for (const pickmix::Batch& batch : sampler) {
      watch_mixture();
      if (trainer.tokens() >= next_point) {
        run.curve.emplace_back(trainer.tokens(), trainer.test(curve_rows));
        next_point += until / curve_points;
      }
      const long before = trainer.tokens();
      const Stopwatch watch;
      trainer.step(subset.locate(batch.examples));
      run.train_seconds += watch.seconds();
      progress.add(trainer.tokens() - before);
      if (trainer.tokens() >= until) break;
    }
  }
  watch_mixture();
  run.tokens = trainer.tokens();
  run.steps = trainer.steps();
}

/// The whole data, or as many random rows of it as a selection may be made from.
inline std::vector<pickmix::Example> selection_pool(const Data& data) {
  const auto all = all_rows(data);
  if (std::ssize(all) <= pool_limit) return all;
  std::vector<pickmix::Example> some;
  const pickmix::Permutation order(std::ssize(all), pickmix::RandomStream(0, 0x506F6F6C));
  for (pickmix::Index i = 0; i < pool_limit; ++i) some.push_back(all[static_cast<std::size_t>(order(i))]);
  return some;
}

/// As many rows as DELIFT picks, drawn without replacement.
inline std::vector<pickmix::Index> random_positions(pickmix::Index pool, int seed) {
  const pickmix::Permutation order(pool, pickmix::RandomStream(static_cast<std::uint64_t>(seed), 0x50696B72));
  std::vector<pickmix::Index> positions;
  for (pickmix::Index i = 0; i < pickmix::Fraction{picked_share}.open(pool).most(); ++i) positions.push_back(order(i));
  return positions;
}

/// DELIFT on the hidden states of the warmed-up model. They are centred first: all of them have a large part in common
/// (their cosines are near 1), which says nothing about how examples differ.
inline Picking pick(const Trainer& warm, std::span<const pickmix::Example> pool, const Data& data) {
  static std::mutex one_at_a_time;  // a pool's similarities may take up to the memory limit
  const std::lock_guard lock(one_at_a_time);
  Picking result;
  const Stopwatch embedding_watch;
  const pickmix::Callbacks model = warm.callbacks();
  Rows embeddings(std::ssize(pool), model.embedding_size);
  model.embedding(pool, embeddings);
  embeddings.rowwise() -= embeddings.colwise().mean().eval();
  result.embedding_seconds = embedding_watch.seconds();

  const Stopwatch selection_watch;
  result.selection =
      pickmix::delift::select(embeddings, pickmix::delift::InstructionTuning{}, pickmix::Fraction{picked_share});
  result.selection_seconds = selection_watch.seconds();

  std::vector<bool> picked(pool.size());
  for (pickmix::Index i : result.selection.indices) picked[static_cast<std::size_t>(i)] = true;
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (!picked[i]) result.left_out_tokens += data.at(pool[i]).response_size();
  return result;
}

}  // namespace detail

/// All runs of all seeds. Every run is a function of data, settings and seed; the number of threads changes only times.
///
/// Mixtures start from a model trained on a tenth of the budget, drawn proportionally, which counts as theirs: MoS
/// measures difficulty against the model training started from, and against an untrained one that is raw perplexity.
/// Runs on picked rows start from nothing and see no other row.
inline Results run_all(const Data& data, const Settings& settings, Progress& progress) {
  using pickmix::Example, pickmix::Index;
  const std::vector<Example> rows = all_rows(data), pool = detail::selection_pool(data);
  const std::size_t datasets = data.train.size();
  const auto in_order = [](std::size_t n) {
    std::vector<Index> positions(n);
    std::iota(positions.begin(), positions.end(), Index{0});
    return positions;
  };
  const Subset everything(rows, in_order(rows.size()), datasets);
  double tokens = 0;
  for (const Example& row : rows) tokens += data.at(row).response_size();

  Results results;
  results.rows = std::ssize(rows);
  results.pool = std::ssize(pool);
  results.shares = everything.shares(datasets);
  results.budget = std::max(10L, std::lround(settings.steps * batch_size * tokens / static_cast<double>(rows.size())));
  results.update_interval = detail::mixture(settings, everything.sizes(), mos, 0).update_interval;
  results.pickings.resize(static_cast<std::size_t>(settings.seeds));
  results.runs.resize(results.pickings.size() * methods);
  const Schedule schedule{.tokens = results.budget};
  const long warm_up = results.warm_up = std::lround(warm_up_share * static_cast<double>(results.budget));
  progress.expect(settings.seeds * (methods * results.budget - 3 * warm_up));

  std::vector<Trainer> warm;
  std::vector<Run> warm_runs(results.pickings.size());
  for (int seed = 0; seed < settings.seeds; ++seed) warm.emplace_back(data, schedule, seed);
  detail::side_by_side(settings.threads, settings.seeds, [&](int seed) {
    const auto s = static_cast<std::size_t>(seed);
    const auto options = detail::mixture(settings, everything.sizes(), proportional, seed + settings.seeds);
    detail::train<pickmix::Static>(warm[s], everything, options, warm_up, warm_runs[s], progress);
  });

  detail::side_by_side(settings.threads, settings.seeds * methods, [&](int job) {
    const int seed = job / methods;
    const auto s = static_cast<std::size_t>(seed);
    const auto method = static_cast<Method>(methods - 1 - job % methods);  // the selection first: it takes longest
    Run& run = results.runs[s * methods + static_cast<std::size_t>(method)];
    run.method = method;
    run.seed = seed;
    const detail::Stopwatch watch;
    Trainer trainer = method < random_rows ? warm[s] : Trainer(data, schedule, static_cast<std::uint64_t>(seed));
    Subset subset = everything;
    if (method == random_rows) {
      subset = Subset(pool, detail::random_positions(std::ssize(pool), seed), datasets);
    } else if (method == delift_rows) {
      Picking& picking = results.pickings[s] = detail::pick(warm[s], pool, data);
      picking.warm_up_seconds = warm_runs[s].train_seconds;
      subset = Subset(pool, picking.selection.indices, datasets);
      picking.shares = subset.shares(datasets);
    }
    const auto options = detail::mixture(settings, subset.sizes(), method, seed);
    if (method == mos)
      detail::train<pickmix::LearningTrajectory<pickmix::Difficulty>>(trainer, subset, options, results.budget, run,
                                                                      progress);
    else
      detail::train<pickmix::Static>(trainer, subset, options, results.budget, run, progress);
    run.loss = trainer.test(std::numeric_limits<std::size_t>::max());
    progress.line(fmt::format("seed {}: {:<14}  mean held-out perplexity {:6.3f}  ({} steps, {:.0f} s)", seed + 1,
                              method_names[method], std::exp(mean(run.loss)), run.steps, watch.seconds()));
  });
  return results;
}

}  // namespace finetune_demo
