// SPDX-License-Identifier: MIT
// What is compared: runs that differ in what they are trained on, each for the same number of response tokens.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pick_and_mix.hpp"
#include "processor.hpp"
#include "results.hpp"
#include "rows.hpp"

struct Settings {
  long steps = 150;  ///< of a run with proportional shares; they fix the response tokens of every run
  Index batch = 16;
  Index pool = 1000;           ///< rows that are chosen from
  Index others = 100;          ///< rows of the target; of the known datasets, each
  std::size_t held_out = 100;  ///< rows of each dataset that the end is measured on; a quarter of them along the way
  int points = 5;              ///< measurements along the way
  long checkpoint = 50;        ///< steps between checkpoints
  double peak_rate = 1e-4;
  Form form;
  std::string target = "math";
  std::vector<std::string> known{"math", "code", "tools"};
};

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// Runs jobs and writes down what came of them.
class Experiment {
 public:
  Experiment(const Safetensors& model, std::vector<Dataset> datasets, Machine machine, Settings settings,
             ResultsFolder& results)
      : model_(&model),
        rows_(std::move(datasets), settings.form, settings.held_out),
        machine_(machine),
        settings_(std::move(settings)),
        results_(&results),
        budget_(std::lround(static_cast<double>(settings_.steps * settings_.batch) * rows_.mean_tokens())) {}

  /// Runs a job to its end, unless its line is there. One that was killed goes on from its last checkpoint.
  void run(const Job& job) {
    if (results_->has(job)) return;
    const Stopwatch watch;
    if (job.experiment == "mix" || job.experiment == "controls")
      run_mixture(job);
    else if (job.experiment == "both")
      run_both(job);
    else
      run_pick(job);
    fmt::print(stderr, "{}: {:.0f} s in all\n", job.name(), watch.seconds());
  }

 private:
  /// A run under way.
  struct Run {
    Job job;
    Trainer trainer;
    RowsByDataset rows;  // what is drawn from
    pickmix::MosState<> state;
    Outcome outcome = {};

    std::vector<const Turn*> turns(const pickmix::Batch& batch) const {
      std::vector<const Turn*> found;
      for (const pickmix::Example& e : batch.examples) found.push_back(lookup()(e.dataset, e.row));
      return found;
    }
    Lookup lookup() const {
      return [this](Index dataset, Index row) {
        return rows[static_cast<std::size_t>(dataset)][static_cast<std::size_t>(row)];
      };
    }
  };

  Recipe recipe() const { return {.tokens = budget_, .peak_rate = settings_.peak_rate}; }

  Trainer trainer() const { return {*model_, machine_, recipe()}; }

  Run begin(const Job& job, Trainer model, RowsByDataset rows, const Method& method, Index epoch_steps = 0) const {
    Draws draws{.sizes = {},
                .batch = settings_.batch,
                .interval = std::max(1L, settings_.steps / 15),
                .epoch = epoch_steps,
                .seed = job.seed};
    for (const auto& of_dataset : rows) draws.sizes.push_back(std::ssize(of_dataset));
    return {job, std::move(model), std::move(rows), start(method, std::move(draws))};
  }

  void run_mixture(const Job& job) {
    const Method& method = mixtures().at(job.method);
    const RowsByDataset rows = job.experiment == "controls" ? rows_.with_controls() : rows_.all();
    Run run = begin(job, trainer(), rows, method);
    if (!method.reference) return train(run, method);
    const std::filesystem::path file = results_->reference(job);
    Run reference = begin(job, trainer(), rows, mixtures().at("proportional"));
    if (std::filesystem::exists(file)) {
      run.outcome = Outcome::parse(reference.trainer.load(file, {"outcome"}).at("outcome"));
    } else {
      const Stopwatch watch;
      train_only(reference, budget_);
      run.outcome.reward_seconds = watch.seconds();
      reference.trainer.save(file, {{"outcome", run.outcome.text()}});
    }
    train(run, method, callbacks(reference.trainer, reference.lookup()).loss);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }

  /// Of the rows of a pool, those that a mixture has room for, chosen anew five times; as a control, at random.
  void run_both(const Job& job) {
    const auto candidates = rows_.candidates(settings_.pool, {}, 0, job.seed);
    RowsByDataset rows(rows_.names().size());
    for (const auto& [dataset, turn] : candidates.rows) rows[dataset].push_back(turn);
    if (std::ranges::any_of(rows, [](const auto& of_dataset) { return of_dataset.empty(); }))
      throw std::runtime_error("the pool has no row of one of the datasets; needs a larger --pool");
    const std::string control = " random";
    const bool at_random = job.method.ends_with(control);
    const Method& method = mixtures().at(job.method.substr(0, job.method.size() - (at_random ? control.size() : 0)));
    Run run = begin(job, trainer(), std::move(rows), method, 1);
    const double picked = job.part * static_cast<double>(candidates.pool.rows);
    train(run, method, {}, {std::max(1L, std::lround(picked)), at_random});
  }

  void run_pick(const Job& job) {
    const Aim aim = job.experiment == "task" ? Aim::target : job.experiment == "continual" ? Aim::novelty : Aim::all;
    const auto candidates = rows_.candidates(settings_.pool,
                                             aim == Aim::target    ? std::vector{settings_.target}
                                             : aim == Aim::novelty ? settings_.known
                                                                   : std::vector<std::string>{},
                                             settings_.others, job.seed);
    const Method& method = mixtures().at("proportional");
    Trainer chooser = trainer();
    Outcome outcome;
    const std::filesystem::path file = results_->checkpoint(job);
    if (std::filesystem::exists(file)) {
      outcome = Outcome::parse(chooser.load(file, {"outcome"}).at("outcome"));
    } else {
      if (aim == Aim::novelty) {  // what is known is learnt with a third of the tokens, which do not count
        Run before = begin(job, std::move(chooser), rows_.of(settings_.known), method);
        train_only(before, budget_ / 3);
        chooser = std::move(before.trainer);
        chooser.begin_anew(recipe());
      }
      const Stopwatch watch;
      Pick picks{.rows = std::vector<Index>(static_cast<std::size_t>(candidates.pool.rows))};
      std::iota(picks.rows.begin(), picks.rows.end(), Index{0});
      if (job.method != "all")
        picks = pick(chooser, candidates.pool, aim, job.method, job.part, static_cast<std::uint64_t>(job.seed),
                     results_->losses(job));
      if (picks.rows.empty())
        throw std::runtime_error("nothing to train on was picked; needs a larger --pool or --part");
      const Index asked = pickmix::Fraction{job.part}.open(candidates.pool.rows).most();
      if (job.method != "all" && std::ssize(picks.rows) < asked)
        fmt::print(stderr, "{}: {} rows instead of {}; there are no others, or all others would lower the objective\n",
                   job.name(), picks.rows.size(), asked);
      outcome = {.picks = picks.rows, .calls = picks.calls, .kept = picks.kept, .select_seconds = watch.seconds()};
    }
    RowsByDataset rows(1);
    for (const Index row : outcome.picks) rows.front().push_back(candidates.rows[static_cast<std::size_t>(row)].second);
    const auto is_like_others = [&](Index row) { return std::ranges::binary_search(candidates.pool.like_others, row); };
    if (aim != Aim::all)
      fmt::print(stderr, "{}: {} of {} rows are of {}\n", job.name(),
                 std::ranges::count_if(outcome.picks, is_like_others), outcome.picks.size(),
                 aim == Aim::target ? settings_.target : "what is known");
    Run run = begin(job, std::move(chooser), std::move(rows), method);
    run.outcome = std::move(outcome);
    train(run, method);
  }

  /// Trains with proportional shares and measures nothing.
  void train_only(Run& run, long tokens) const {
    run.trainer.begin_anew({.tokens = tokens, .peak_rate = settings_.peak_rate});
    mixtures()
        .at("proportional")
        .run(run.state, {}, {},
             [&](const pickmix::Batch& batch) {
               run.trainer.step(run.turns(batch));
               return run.trainer.tokens() < tokens;
             },
             {});
  }

  void train(Run& run, const Method& method, Losses reference = {}, Reselection anew = {}) {
    const std::filesystem::path file = results_->checkpoint(run.job);
    Outcome& outcome = run.outcome;
    if (std::filesystem::exists(file)) {
      auto also = run.trainer.load(file, {"mixture", "outcome"});
      run.state = restored(also.at("mixture"));
      outcome = Outcome::parse(also.at("outcome"));
      fmt::print(stderr, "{}: goes on after step {}\n", run.job.name(), run.trainer.steps());
    }
    give_back_free_memory();
    Stopwatch whole;
    double elsewhere = 0.0;  // seconds of `whole` that are not the scheduler's
    const auto timed = [&](double& sum, const auto& work) {
      const Stopwatch watch;
      work();
      sum += watch.seconds();
      elsewhere += watch.seconds();
    };
    const auto time_callback = [&](auto callback) {
      return
          [&, callback](auto examples, auto out) { timed(outcome.reward_seconds, [&] { callback(examples, out); }); };
    };
    const pickmix::Callbacks plain = callbacks(run.trainer, run.lookup());
    pickmix::Callbacks model = plain;
    model.loss = time_callback(plain.loss);
    model.embedding = time_callback(plain.embedding);
    if (reference) reference = time_callback(reference);

    double measuring = 0.0;
    const std::string name = run.job.name();
    pickmix::PrintProgress progress(std::cerr, std::chrono::seconds(10));
    const auto step = [&](const pickmix::Batch& batch) {
      if (static_cast<double>(outcome.points.size()) * static_cast<double>(budget_) <=
          static_cast<double>(run.trainer.tokens()) * settings_.points)
        timed(measuring, [&] { outcome.points.push_back(measure(run, 4)); });
      timed(outcome.train_seconds, [&] { run.state.report(batch.examples, run.trainer.step(run.turns(batch))); });
      for (const pickmix::Example& e : batch.examples) outcome.rows.emplace(e.dataset, e.row);
      const bool more = run.trainer.tokens() < budget_;
      progress(pickmix::Progress{name, std::min(run.trainer.tokens(), budget_), budget_});
      if (more && run.trainer.steps() % settings_.checkpoint == 0) {
        outcome.scheduler_seconds += whole.seconds() - elsewhere;
        run.trainer.save(file, {{"mixture", saved(run.state)}, {"outcome", outcome.text()}});
        whole = {}, elsewhere = 0.0;
      }
      return more;
    };
    std::function<void()> epoch;
    const auto choose = [&] {  // after every fifth of the tokens
      if (run.trainer.tokens() * 5 < budget_ * outcome.choices) return;
      timed(outcome.select_seconds, [&] { reselect(run.state, plain, anew); });
      ++outcome.choices;
      give_back_free_memory();
    };
    if (anew.rows > 0) epoch = choose;
    method.run(run.state, model, reference, step, epoch);

    outcome.scheduler_seconds += whole.seconds() - elsewhere;
    outcome.points.push_back(measure(run, 4));
    outcome.end = measure(run, 1);
    outcome.padded = run.trainer.padded();
    results_->add(run.job, rows_.names(), outcome);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }

  /// Held-out losses on every `one_in`th row that is held out.
  Point measure(Run& run, std::size_t one_in) const {
    Point point{run.trainer.steps(), run.trainer.tokens(), {}, {}, run.state.probabilities()};
    for (const auto& turns : rows_.held_out()) {
      std::vector<const Turn*> some;
      for (std::size_t k = 0; k < turns.size(); k += one_in) some.push_back(&turns[k]);
      double sum = 0.0, tokens = 0.0, exact = 0.0;
      run.trainer.score(some, nullptr, [&](std::size_t, const Score& score) {
        for (const float p : score.log_probabilities) sum -= static_cast<double>(p);
        tokens += static_cast<double>(score.log_probabilities.size());
        exact += score.exact ? 1.0 : 0.0;
      });
      point.losses.push_back(sum / tokens);
      point.exact.push_back(exact / static_cast<double>(some.size()));
    }
    give_back_free_memory();
    return point;
  }

  const Safetensors* model_;
  Rows rows_;
  Machine machine_;
  Settings settings_;
  ResultsFolder* results_;
  long budget_;  // response tokens
};
