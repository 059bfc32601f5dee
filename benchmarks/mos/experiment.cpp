// SPDX-License-Identifier: MIT
// Does a mixture that learns help? One training run of the demo's small model: prints a row of CSV (see
// benchmarks/mixtures.sh for the table).
//
//     bench.mos.experiment METHOD[@INTERVAL] SEED DATA|generated STEPS plain|controls
//
// INTERVAL: steps between two updates of the mixture, instead of a fiftieth of all steps.
// `controls` adds two datasets that teach nothing new: one whose responses are shuffled, and one of fifty rows repeated. Every
// run starts from the same model, trained on a tenth of the budget with proportional shares, and ends after the same
// number of response tokens. Held-out losses are over the datasets that are no controls.
#include <pickmix/pickmix.hpp>

#include "../../examples/finetune_demo/corpus.hpp"
#include "../../examples/finetune_demo/generated.hpp"
#include "../../examples/finetune_demo/trainer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace pickmix;
namespace demo = finetune_demo;

constexpr Index batch_size = 32;
constexpr Index target = 1;  // the dataset that the targeted methods are for: math, if the data are the real ones
constexpr double warm_up_share = 0.1, infinity = std::numeric_limits<double>::infinity();

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Of the first dataset most of whose responses differ: rows with each other's responses, and fifty rows over and over.
void add_controls(demo::Corpus& corpus) {
  for (const demo::Dataset& dataset : corpus.datasets) {
    demo::Dataset noise{.name = "noise", .train = {}, .test = {}},
        repeated{.name = "repeated", .train = {}, .test = {}};
    const auto rows = static_cast<Index>(std::min<std::size_t>(dataset.train.size(), 3000));
    const Permutation order(rows, RandomStream(0, 0x6E6F6973));
    Index differ = 0;
    for (Index r = 0; r < rows; ++r) {
      const auto at = [&](Index row) -> const demo::Sample& { return dataset.train[static_cast<std::size_t>(row)]; };
      noise.train.push_back({at(r).prompt, at(order(r)).response});
      if (at(r).response != at(order(r)).response) ++differ;
      repeated.train.push_back(at(r % 50));
    }
    if (2 * differ < rows) continue;  // no noise
    corpus.datasets.push_back(std::move(noise));
    corpus.datasets.push_back(std::move(repeated));
    return;
  }
  throw std::runtime_error("no dataset becomes noise by other responses: most of them are the same");
}

/// What a run needs to know.
struct Experiment {
  const demo::Data& data;
  std::size_t real;  ///< datasets that count
  int steps;
  long budget;
  demo::Trainer trainer;  ///< warmed up
  MosOptions options;
  double train_seconds = 0.0, reward_seconds = 0.0;
  Index reward_losses = 0;
  std::vector<double> curve = {};  ///< mean held-out loss after each twentieth of the budget
  std::vector<double> last_probabilities = {};
  std::vector<double> shares = {};  ///< to start from, if not from the prior

  double mean_loss(std::size_t rows) const {
    const auto losses = trainer.test(rows);
    return std::accumulate(losses.begin(), losses.begin() + static_cast<std::ptrdiff_t>(real), 0.0) /
           static_cast<double>(real);
  }

  template <class Policy, class Scorer = LogitScorer>
  void run(Policy policy = {}) {
    MosState<Scorer> state(options);
    if (!shares.empty()) state.set_probabilities(shares);
    Callbacks callbacks = trainer.callbacks();
    callbacks.loss = [this, loss = callbacks.loss](std::span<const Example> examples, std::span<float> out) {
      const double begin = processor_seconds();
      loss(examples, out);
      reward_seconds += processor_seconds() - begin;
      reward_losses += std::ssize(examples);
    };
    callbacks.embedding = [this, embed = callbacks.embedding](std::span<const Example> examples,
                                                              MatrixView<float> out) {
      const double begin = processor_seconds();
      embed(examples, out);
      reward_seconds += processor_seconds() - begin;
      reward_losses += std::ssize(examples);
    };
    const long start = trainer.tokens();
    long next_point = start;
    while (trainer.tokens() < budget) {
      for (const Batch& batch : MosSampler<Policy, Scorer>(state, callbacks, policy)) {
        if (trainer.tokens() >= next_point) {
          curve.push_back(mean_loss(100));
          next_point += (budget - start) / 20;
        }
        const double begin = processor_seconds();
        if constexpr (std::is_same_v<Policy, Odm>) {  // a trainer knows the loss of its batch; ours is asked for it
          std::vector<float> losses(batch.examples.size());
          trainer.callbacks().loss(batch.examples, losses);
          state.report(batch.examples, losses);
        }
        trainer.step(batch.examples);
        train_seconds += processor_seconds() - begin;
        if (trainer.tokens() >= budget) break;
      }
    }
    last_probabilities = state.probabilities();
  }
};

/// Some rows of a dataset, others every round.
std::vector<Example> rows_of(const Experiment& e, Index dataset, Index round) {
  RandomStream random(1, 0x726F7773, static_cast<std::uint64_t>(round));
  std::vector<Example> examples;
  for (Index k = 0; k < batch_size; ++k)
    examples.push_back({.dataset = dataset, .row = random.below(e.options.sizes[static_cast<std::size_t>(dataset)])});
  return examples;
}

/// The gradient on some rows of a dataset, timed as part of the rewards.
std::vector<float> gradient_of(Experiment& e, Index dataset, Index round) {
  const double begin = processor_seconds();
  std::vector<float> gradient = e.trainer.gradient(rows_of(e, dataset, round));
  e.reward_seconds += processor_seconds() - begin;
  e.reward_losses += 3 * batch_size;  // backward costs twice what forward does
  return gradient;
}

using Difficult = LearningTrajectory<Difficulty>;
using Near = LearningTrajectory<Transferability>;

const std::map<std::string, std::function<void(Experiment&)>>& methods() {
  static const auto with = [](auto change, auto run) {
    return [=](Experiment& e) {
      change(e.options);
      run(e);
    };
  };
  static const auto temperature = [](double tau) {
    return with([tau](MosOptions& o) { o.prior_temperature = tau; }, [](Experiment& e) { e.run<Static>(); });
  };
  static const auto rule = [](const Update& update) {
    return with([update](MosOptions& o) { o.update = update; }, [](Experiment& e) { e.run<Difficult>(); });
  };
  static const std::map<std::string, std::function<void(Experiment&)>> all{
      {"proportional", temperature(1.0)},
      {"temperature", temperature(10.0)},
      {"uniform", temperature(infinity)},
      {"unimax",
       [](Experiment& e) {  // at most four passes over anything
         const double examples = (1.0 - warm_up_share) * static_cast<double>(e.steps) * static_cast<double>(batch_size);
         e.shares = unimax(e.options.sizes, examples, 4.0);
         e.run<Static>();
       }},
      {"doremi",
       [](Experiment& e) {  // the reference: the same model at the end of a proportional run
         Experiment reference = e;
         reference.options.prior_temperature = 1.0;
         reference.run<Static>();
         e.run(DoReMi{.reference = reference.trainer.callbacks().loss});
         e.reward_seconds += reference.train_seconds;
       }},
      {"uncertainty",
       [](Experiment& e) {  // one minus the geometric mean of the tokens' probabilities
         Index round = 0;
         e.run(Uncertainty{[&e, round](Index dataset) mutable {
           const auto examples = rows_of(e, dataset, round++);
           std::vector<float> losses(examples.size());
           const double begin = processor_seconds();
           e.trainer.callbacks().loss(examples, losses);
           e.reward_seconds += processor_seconds() - begin;
           e.reward_losses += std::ssize(losses);
           double sum = 0.0;
           for (float loss : losses) sum += 1.0 - std::exp(-static_cast<double>(loss));
           return sum / static_cast<double>(losses.size());
         }});
       }},
      {"cossim", [](Experiment& e) { e.run<Transferability>(); }},
      {"cossim_ema", [](Experiment& e) { e.run<Near>(); }},
      {"diff", [](Experiment& e) { e.run<Difficulty>(); }},
      {"diff_ema", [](Experiment& e) { e.run<Difficult>(); }},
      {"diff_ema_mlp", [](Experiment& e) { e.run<Difficult, MlpScorer>(); }},
      {"diff_ema_feature", [](Experiment& e) { e.run<Difficult, FeatureScorer>(); }},
      {"diff_ema_floor", with([](MosOptions& o) { o.least_probability = 0.5 / static_cast<double>(o.sizes.size()); },
                              [](Experiment& e) { e.run<Difficult>(); })},
      {"diff_ema_closed_form", rule(ClosedForm{.rate = 0.3})},
      {"diff_ema_policy_gradient", rule(PolicyGradient{})},
      {"odm", with([](MosOptions& o) { o.update_interval = 1; }, [](Experiment& e) { e.run<Odm>(); })},
      {"skill_it",
       [](Experiment& e) {
         const std::size_t n = e.options.sizes.size();
         SkillIt policy{.graph = std::vector<double>(n * n, 0.0), .rate = 0.2};  // no dataset is known to help another
         for (std::size_t i = 0; i < n; ++i) policy.graph[i * n + i] = 1.0;
         e.run(policy);
       }},
      {"multidds",
       [](Experiment& e) {  // what is held out are other rows of the training data
         Index round = 0;
         const auto gradient = [&e, &round](Index dataset, std::span<float> out) {
           std::ranges::copy(gradient_of(e, dataset, round++), out.begin());
         };
         const Index size = std::ssize(e.trainer.gradient(rows_of(e, 0, 0)));
         e.run(GradientAlignment{.training = gradient, .held_out = gradient, .size = size});
       }},
      {"hbo",
       [](Experiment& e) {  // the level of datasets
         Index round = 0;
         e.run(Hbo{[&e, round](Index dataset) mutable {
           double squares = 0.0;
           for (float g : gradient_of(e, dataset, round++)) squares += static_cast<double>(g) * static_cast<double>(g);
           return std::sqrt(squares);
         }});
       }},
      {"target_only",
       [](Experiment& e) {
         e.shares.assign(e.options.sizes.size(), 0.0);
         e.shares[static_cast<std::size_t>(target)] = 1.0;
         e.run<Static>();
       }},
      {"targeted_diff",
       [](Experiment& e) { e.run(LearningTrajectory<Targeted<Difficulty>>{{.policy = {}, .target = target}}); }},
      {"targeted_cossim",
       [](Experiment& e) { e.run(LearningTrajectory<Targeted<Transferability>>{{.policy = {}, .target = target}}); }},
      {"proportional_to_uniform",
       [](Experiment& e) {
         Schedule plan{.stages = {{0, std::vector<double>(e.options.sizes.begin(), e.options.sizes.end())},
                                  {e.steps, std::vector<double>(e.options.sizes.size(), 1.0)}},
                       .gradual = true};
         e.options.prior_temperature = 1.0;
         e.run(plan);
       }},
      {"dynamix_sft", [](Experiment& e) {
         e.options.prior_temperature = 1.0;
         Index round = 0;
         e.run(DynamixSft{.virtual_step = [&e, round](Index dataset) mutable {
           const double begin = processor_seconds();
           const auto examples = rows_of(e, dataset, round++);
           demo::Trainer copy = e.trainer;
           const auto loss = [&] {
             std::vector<float> losses(examples.size());
             copy.callbacks().loss(examples, losses);
             return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
           };
           const double before = loss();
           copy.step(examples);
           const double after = loss();
           e.reward_seconds += processor_seconds() - begin;
           e.reward_losses += 3 * batch_size;
           return std::pair{before, after};
         }});
       }}};
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string method = argc == 6 ? argv[1] : "", start = "_from_proportional";
  const std::string learner = method.substr(0, method.find('@'));
  const bool proportional = learner.ends_with(start);
  const std::string name = learner.substr(0, learner.size() - (proportional ? start.size() : 0));
  if (!methods().count(name)) {
    std::string names;
    for (const auto& known : methods()) names += " " + known.first;
    fmt::print(stderr,
               "usage: METHOD[_from_proportional][@INTERVAL] SEED DATA|generated STEPS plain|controls\nmethods:{}\n",
               names);
    return EXIT_FAILURE;
  }
  try {
    const std::string source = argv[3];
    const auto seed = static_cast<std::uint64_t>(std::atoi(argv[2]));
    const int steps = std::atoi(argv[4]);
    demo::Corpus corpus = source == "generated" ? demo::generated_corpus() : demo::read_corpus(source);
    const std::size_t real = corpus.datasets.size();
    if (std::string(argv[5]) == "controls") add_controls(corpus);
    for (std::size_t d = real; d < corpus.datasets.size(); ++d) corpus.datasets[d].test = {corpus.datasets[0].test[0]};
    const demo::Data data(corpus);
    MosOptions options{.sizes = {},
                       .batch_size = batch_size,
                       .prior_temperature = proportional ? 1.0 : infinity,
                       .update_interval = learner == method ? std::clamp(steps / 50, 1, 100)
                                                            : std::atoi(method.substr(learner.size() + 1).c_str()),
                       .learning_rate = 5e-4,
                       .seed = seed};
    double tokens = 0.0;
    Index rows = 0;
    for (const auto& dataset : data.train) {
      options.sizes.push_back(std::ssize(dataset));
      rows += options.sizes.back();
      for (const auto& sequence : dataset) tokens += static_cast<double>(sequence.response_size());
    }
    const long budget = std::lround(steps * batch_size * tokens / static_cast<double>(rows));
    Experiment experiment{.data = data,
                          .real = real,
                          .steps = steps,
                          .budget = std::lround(warm_up_share * static_cast<double>(budget)),
                          .trainer = demo::Trainer(data, {.tokens = budget}, seed),
                          .options = options};
    experiment.options.prior_temperature = 1.0;
    experiment.options.seed = seed + 1000;
    experiment.run<Static>();
    experiment.options = options;
    experiment.budget = budget;
    experiment.train_seconds = 0.0;
    experiment.curve.clear();
    methods().at(name)(experiment);

    std::vector<double> losses = experiment.trainer.test(std::numeric_limits<std::size_t>::max());
    losses.resize(real);
    const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(real);
    fmt::print("{},{},{},{},{},{:.5f},{:.5f},{:.3f},{:.3f},{},{:.5f},{:.4f},{:.4f}\n", method,
               source == "generated" ? source : "real", argv[5], seed, steps, mean,
               *std::max_element(losses.begin(), losses.end()), experiment.train_seconds, experiment.reward_seconds,
               experiment.reward_losses, fmt::join(losses, ";"), fmt::join(experiment.curve, ";"),
               fmt::join(experiment.last_probabilities, ";"));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
