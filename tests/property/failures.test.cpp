// SPDX-License-Identifier: MIT
// A call to the trainer that fails leaves the run as it was; tried again, it goes on as if nothing had happened.
#include <pickmix/mos/sampler.hpp>

#include <pickmix/core/callbacks.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/mos/difficulty.hpp>
#include <pickmix/mos/doremi.hpp>
#include <pickmix/mos/dynamix_sft.hpp>
#include <pickmix/mos/gradient_alignment.hpp>
#include <pickmix/mos/hbo.hpp>
#include <pickmix/mos/mlp_scorer.hpp>
#include <pickmix/mos/skill_it.hpp>
#include <pickmix/mos/targeted.hpp>
#include <pickmix/mos/trajectory.hpp>
#include <pickmix/mos/transferability.hpp>
#include <pickmix/mos/uncertainty.hpp>
#include <pickmix/mos/weighted_sum.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace property_failures_test {

using namespace pickmix;

namespace {

constexpr Index datasets = 3;

struct TrainerFailed {};

/// A model that learns as it reads. Some of its calls throw, or leave an entry that is no number.
struct Trainer {
  double failing = 0.0;  ///< part of the calls
  Index read = 0;        ///< batches
  int failures = 0;
  std::mt19937 random{7};

  double number(Index dataset, double at) const {
    return 1.5 + 0.4 * std::sin(1.0 + at + static_cast<double>(dataset)) - 0.002 * static_cast<double>(read * dataset);
  }

  /// `call(k)` for each of `out`.
  template <class Call>
  void write(std::span<float> out, const Call& call) {
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = static_cast<float>(call(k));
    if (std::uniform_real_distribution<>()(random) >= failing) return;
    ++failures;
    float& entry = out[random() % out.size()];
    switch (random() % 3) {
      case 0:
        throw TrainerFailed{};
      case 1:
        entry = std::numeric_limits<float>::quiet_NaN();
        break;
      default:
        entry = std::numeric_limits<float>::infinity();
    }
  }
  void losses(std::span<const Example> examples, std::span<float> out) {
    write(out, [&](std::size_t k) { return number(examples[k].dataset, static_cast<double>(examples[k].row)); });
  }
  void gradient(Index dataset, std::span<float> out) {
    write(out, [&](std::size_t k) { return number(dataset, static_cast<double>(k)) - 1.5; });
  }
  double measure(Index dataset) {
    float out = 0.0f;
    write({&out, 1}, [&](std::size_t) { return number(dataset, 0.0); });
    return static_cast<double>(out);
  }

  Callbacks callbacks() {
    return {.loss = [this](std::span<const Example> examples, std::span<float> out) { losses(examples, out); },
            .embedding =
                [this](std::span<const Example> examples, MatrixView<float> out) {
                  for (std::size_t i = 0; i < examples.size(); ++i)
                    gradient(examples[i].dataset, out.row(static_cast<Index>(i)));
                },
            .embedding_size = 4};
  }
};

/// A training run whose calls are tried again, as often as they fail.
template <class S, class Policy>
struct Run {
  Trainer trainer;
  MosState<S> state{{.sizes = {30, 7, 5},
                     .batch_size = 4,
                     .update_interval = 3,
                     .inner_steps = 5,
                     .learning_rate = 0.02,
                     .reward_batch = 6,
                     .seed = 3}};
  std::vector<Example> examples = {};

  template <class Work>
  void until_it_succeeds(const Work& work) {
    for (;;) {
      const auto before = saved(state);
      const int failures = trainer.failures;
      try {
        work();
        CHECK(trainer.failures == failures);  // what is no number is not taken
        return;
      } catch (const CallbackError&) {
      } catch (const TrainerFailed&) {
      }
      REQUIRE(trainer.failures > failures);
      REQUIRE((saved(state) == before));
    }
  }

  /// `policy(trainer)` is the policy; each batch is of a sampler of its own, as in a loop that is left and resumed.
  template <class Make>
  explicit Run(double failing, const Make& policy) : trainer{.failing = failing} {
    while (trainer.read < 40) {
      std::optional<MosSampler<Policy, S>> sampler;
      until_it_succeeds([&] { sampler.emplace(state, trainer.callbacks(), policy(trainer)); });
      until_it_succeeds([&] {
        const auto batch = sampler->begin();
        if (batch == sampler->end()) return;
        ++trainer.read;
        examples.insert(examples.end(), batch->examples.begin(), batch->examples.end());
      });
    }
  }
};

template <class S = LogitScorer, class Make>
void compare(const Make& policy) {
  using Policy = decltype(policy(std::declval<Trainer&>()));
  const Run<S, Policy> smooth(0.0, policy), rough(0.25, policy);
  CHECK(smooth.trainer.failures == 0);
  CHECK(rough.trainer.failures > 5);
  CHECK(smooth.state.updates() > 5);
  CHECK(rough.examples == smooth.examples);
  CHECK((saved(rough.state) == saved(smooth.state)));
}

}  // namespace

TEST_CASE("A run whose calls fail and are tried again is the run in which none fails, with every policy") {
  const auto losses = [](Trainer& trainer) {
    return [&trainer](std::span<const Example> examples, std::span<float> out) { trainer.losses(examples, out); };
  };
  const auto measure = [](Trainer& trainer) { return [&trainer](Index dataset) { return trainer.measure(dataset); }; };
  const auto gradient = [](Trainer& trainer) {
    return [&trainer](Index dataset, std::span<float> out) { trainer.gradient(dataset, out); };
  };
  compare([](Trainer&) { return Difficulty{}; });
  compare([&](Trainer& trainer) { return Difficulty{.reference = losses(trainer)}; });
  compare([](Trainer&) { return Transferability{}; });
  compare([](Trainer&) { return LearningTrajectory<Targeted<Difficulty>>{}; });
  compare([](Trainer&) { return WeightedSum<LearningTrajectory<Difficulty>, Transferability>{}; });
  compare([&](Trainer& trainer) { return DoReMi{.reference = losses(trainer)}; });
  compare([](Trainer&) { return SkillIt{.graph = std::vector<double>(datasets * datasets, 0.5)}; });
  compare([&](Trainer& trainer) { return Hbo{.gradient_norm = measure(trainer)}; });
  compare([&](Trainer& trainer) { return Uncertainty{.measure = measure(trainer)}; });
  compare([&](Trainer& trainer) {
    return DynamixSft{.virtual_step = [&trainer](Index dataset) {
      const double before = trainer.measure(dataset);
      return std::pair(before, 0.5 * trainer.measure(dataset));
    }};
  });
  compare([&](Trainer& trainer) {
    return GradientAlignment{.training = gradient(trainer), .held_out = gradient(trainer), .size = 4};
  });
  compare<MlpScorer>([](Trainer&) { return LearningTrajectory<Difficulty>{}; });
}

}
