// SPDX-License-Identifier: MIT
// delift::select() with a budget of calls: what it asks for, what it says, and what it refuses.
#include <pickmix/delift/select_on_budget.hpp>

#include <pickmix/delift/select_by_utility.hpp>
#include <pickmix/io/remembered_losses.hpp>
#include <pickmix/submodular/graph_cut.hpp>
#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace delift_select_on_budget_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::Continual;
using delift::InstructionTuning;
using delift::Rows;
using delift::select;
using delift::TaskSpecific;

namespace {

constexpr Index pool = 60, topics = 5;
constexpr delift::Options tenth{.utility_calls = pool + pool * pool / 10};

double noise(Index i, Index j) { return static_cast<double>((i * 7919 + j * 104729 + i * j * 31) % 1000) / 1000.0; }
double help(Index i, Index j) {
  return i % topics == j % topics ? 0.5 * (0.2 + 0.8 * noise(j, 7)) * (0.8 + 0.2 * noise(i, j)) : -0.05 * noise(i, j);
}

struct Trainer {
  std::set<std::pair<Index, Index>> asked;
  bool each_once = true;
  Index embedded = 0;
  int calls = 0, fail_at = 0;

  Callbacks callbacks() {
    return {.loss =
                [this](std::span<const Example> examples, std::span<float> out) {
                  if (++calls == fail_at) throw std::runtime_error("killed");
                  for (std::size_t k = 0; k < examples.size(); ++k) {
                    const Example& e = examples[k];
                    if (!asked.insert({e.row, e.context}).second) each_once = false;
                    out[k] = static_cast<float>(2.0 - (e.context == no_context ? 0.0 : help(e.row, e.context)));
                  }
                },
            .embedding =
                [this](std::span<const Example> examples, MatrixView<float> out) {
                  embedded += std::ssize(examples);
                  for (Index k = 0; k < out.rows(); ++k)
                    for (Index c = 0; c < topics; ++c) {
                      const Index row = examples[static_cast<std::size_t>(k)].row;
                      out(k, c) = static_cast<float>((row % topics == c ? 1.0 : 0.0) + 0.3 * noise(row, c));
                    }
                },
            .embedding_size = topics};
  }
};

double value(Rows targets, const std::vector<Index>& picks) {
  double total = 0.0;
  for (Index i = 0; i < targets.count; ++i) {
    double best = 0.0;
    for (Index j : picks) best = std::max(best, help(targets[i], j));
    total += best;
  }
  return total;
}

}  // namespace

TEST_CASE("Instruction tuning on a tenth of the calls") {
  Trainer trainer;
  const Selection full = select(pool, trainer.callbacks(), InstructionTuning{}, Count{6});
  trainer = {};
  const Selection s = select(pool, trainer.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{}, tenth);
  CHECK(trainer.each_once);
  CHECK(static_cast<Index>(trainer.asked.size()) == tenth.utility_calls);
  CHECK(s.loss_calls == tenth.utility_calls);
  CHECK(trainer.embedded == pool);
  CHECK(s.indices.size() == 6);
  CHECK(std::isinf(s.upper_bound));
  const double kept = value({0, pool}, s.indices) / value({0, pool}, full.indices);
  CHECK(kept > 0.93);
  CHECK(std::abs(s.kept.value - kept) <= s.kept.error + 0.02);
}

TEST_CASE("The strategy that is asked for is the one that asks") {
  const auto asked = [](delift::UtilityStrategy strategy) {
    Trainer trainer;
    delift::Options options = tenth;
    options.utility.strategy = strategy;
    const Selection s = select(pool, trainer.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{}, options);
    CHECK(s.loss_calls == tenth.utility_calls);
    CHECK(s.indices.size() == 6);
    return trainer.asked;
  };
  const auto adaptive = asked(delift::UtilityStrategy::adaptive), neighbors = asked(delift::UtilityStrategy::neighbors),
             completion = asked(delift::UtilityStrategy::completion);
  CHECK(adaptive != neighbors);
  CHECK(adaptive != completion);
  const auto of_own_topic = [](const auto& pairs) {
    return std::count_if(pairs.begin(), pairs.end(), [](const auto& pair) {
      const auto [row, context] = pair;
      return context != no_context && row % topics == context % topics;
    });
  };
  CHECK(of_own_topic(neighbors) > 2 * of_own_topic(completion));
}

TEST_CASE("Before the rounds every context is shown once, and progress counts the whole budget") {
  const auto contexts_shown = [](delift::UtilityStrategy strategy, Index first_losses) {
    Trainer trainer;
    const Callbacks callbacks = trainer.callbacks();
    std::vector<Index> contexts;
    Callbacks watched = callbacks;
    watched.loss = [&](std::span<const Example> examples, std::span<float> out) {
      callbacks.loss(examples, out);
      for (const Example& e : examples)
        if (e.context != no_context) contexts.push_back(e.context);
    };
    Index done = 0;
    const auto progress = [&](const Progress& event) {
      if (event.task != "losses in context") return;
      CHECK(event.total == tenth.utility_calls - pool);
      CHECK(event.done > done);
      CHECK(event.done == std::ssize(contexts));
      done = event.done;
    };
    delift::Options options = tenth;
    options.utility.strategy = strategy;
    (void)select(pool, watched, InstructionTuning{}, Count{6}, FacilityLocation{}, options, progress);
    CHECK(done == tenth.utility_calls - pool);
    contexts.resize(static_cast<std::size_t>(first_losses));
    return std::unique(contexts.begin(), contexts.end()) - contexts.begin();
  };
  constexpr Index calls = tenth.utility_calls - pool;
  CHECK(contexts_shown(delift::UtilityStrategy::adaptive, pool + (calls - pool) * 4 / 10) == pool);
  CHECK(contexts_shown(delift::UtilityStrategy::neighbors, calls) == pool);
  CHECK(contexts_shown(delift::UtilityStrategy::completion, calls) == pool);
}

TEST_CASE("Progress ends at its total where few candidates leave less to ask for than the budget of calls") {
  const std::vector<Index> some{7, 20};
  Trainer trainer;
  Index done = 0, total = 0;
  const auto progress = [&](const Progress& event) {
    if (event.task == "losses in context") done = event.done, total = event.total;
  };
  const Selection s = select(pool, trainer.callbacks(), InstructionTuning{}, Among{Count{3}, some}, FacilityLocation{},
                             {.utility_calls = pool + 360}, progress);
  CHECK(s.loss_calls == pool + 2 * pool);
  CHECK(done == 2 * pool);
  CHECK(total == 2 * pool);
}

TEST_CASE("A target outside the pool on a quarter of the calls") {
  const Rows target{pool, 20};
  Trainer trainer;
  const Selection full = select(pool, trainer.callbacks(), TaskSpecific{target}, Count{6});
  trainer = {};
  const Selection s = select(pool, trainer.callbacks(), TaskSpecific{target}, Count{6}, FacilityLocation{},
                             {.utility_calls = 20 + 20 * pool / 4});
  CHECK(trainer.each_once);
  CHECK(s.loss_calls == 20 + 20 * pool / 4);
  CHECK(value(target, s.indices) > 0.9 * value(target, full.indices));
}

TEST_CASE("Other budgets than a count are kept, and rows may ask equally loud") {
  std::vector<double> price(pool, 1.0);
  for (std::size_t j = 0; j < price.size(); j += 2) price[j] = 3.0;
  Trainer trainer;
  const Selection s =
      select(pool, trainer.callbacks(), InstructionTuning{}, Cost{10.0, price}, FacilityLocation{}, tenth);
  double spent = 0.0;
  for (Index j : s.indices) spent += price[static_cast<std::size_t>(j)];
  CHECK(spent <= 10.0);
  CHECK_FALSE(s.indices.empty());
  delift::Options by_row = tenth;
  by_row.form.scale = RowMax{};
  trainer = {};
  const double value =
      select(pool, trainer.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{}, by_row).value;
  CHECK(value > 0.5 * pool);  // utilities themselves are at most ½
  CHECK(value <= pool);
}

TEST_CASE("Select on budget: the number of threads changes no bit") {
  const auto selected = [](Cpu executor) {
    Trainer trainer;
    return select(executor, pool, trainer.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{}, tenth);
  };
  const Selection one = selected(cpu);
  for (const Index threads : {2, 3}) {
    const Selection several = selected(cpu.threads(threads));
    CHECK(several.indices == one.indices);
    CHECK(several.gains == one.gains);
    CHECK(several.kept.value == one.kept.value);
    CHECK(several.kept.error == one.kept.error);
  }
}

TEST_CASE("Where nothing is lost without a context, and every context hurts, no selection is worth anything") {
  Trainer trainer;
  Callbacks callbacks = trainer.callbacks();
  callbacks.loss = [](std::span<const Example> examples, std::span<float> out) {
    for (std::size_t k = 0; k < examples.size(); ++k) out[k] = examples[k].context == no_context ? 0.0f : 0.5f;
  };
  const Selection full = select(pool, callbacks, InstructionTuning{}, Count{6});
  CHECK(full.value == 0.0);
  for (const auto strategy :
       {delift::UtilityStrategy::adaptive, delift::UtilityStrategy::neighbors, delift::UtilityStrategy::completion}) {
    delift::Options options = tenth;
    options.utility.strategy = strategy;
    const Selection s = select(pool, callbacks, InstructionTuning{}, Count{6}, FacilityLocation{}, options);
    CHECK(s.value == 0.0);
    CHECK(s.indices.size() == 6);
  }
}

TEST_CASE("A budget for all calls is no budget") {
  Trainer trainer;
  const Selection full = select(pool, trainer.callbacks(), InstructionTuning{}, Count{6});
  for (const Index more : {0, 1}) {
    const Selection s = select(pool, trainer.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{},
                               {.utility_calls = pool + pool * pool + more});
    CHECK(s.indices == full.indices);
    CHECK(s.upper_bound == full.upper_bound);
    CHECK(s.kept.error == 0.0);
  }
  Callbacks blind = trainer.callbacks();  // what only a budget needs
  blind.embedding = nullptr;
  const delift::Options all{.utility_calls = pool + pool * pool};
  CHECK(select(pool, blind, InstructionTuning{}, Count{6}, FacilityLocation{}, all).indices == full.indices);
  CHECK(select(pool, blind, InstructionTuning{}, Count{6}, GraphCut{}, all).indices.size() == 6);
  const Continual beside{Rows{pool - 1, 3}};  // two of them are not measured with the pool
  const Index calls = pool + pool * pool + 2 * pool;
  CHECK(select(pool, blind, beside, Count{6}, FacilityLocation{}, {.utility_calls = calls}).loss_calls == calls);
  CHECK_THROWS_AS(select(pool, blind, beside, Count{6}, FacilityLocation{}, {.utility_calls = calls - 1}), ValueError);
  const TaskSpecific towards{
      Rows{10, 3}};  // which LogDeterminant describes by whom of ten they help: no loss of theirs
  const auto of_ten = [&](Index most) {
    return select(10, blind, towards, Count{3}, LogDeterminant{}, {.utility_calls = most}).loss_calls;
  };
  CHECK(of_ten(140) == 140);
  CHECK_THROWS_AS(of_ten(139), ValueError);
}

TEST_CASE("A killed run that is begun again selects the same, and asks for nothing twice") {
  Trainer whole;
  const Selection expected = select(pool, whole.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{}, tenth);
  for (int kill = 1; kill <= whole.calls; kill += 11) {
    const support::ScratchDirectory scratch;
    Trainer first, second;
    first.fail_at = kill;
    CHECK_THROWS_AS(select(pool, remembered(first.callbacks(), scratch / "losses"), InstructionTuning{}, Count{6},
                           FacilityLocation{}, tenth),
                    std::runtime_error);
    const Selection s = select(pool, remembered(second.callbacks(), scratch / "losses"), InstructionTuning{}, Count{6},
                               FacilityLocation{}, tenth);
    CHECK(s.indices == expected.indices);
    CHECK(s.kept.value == expected.kept.value);
    CHECK(first.asked.size() + second.asked.size() == whole.asked.size());
  }
}

TEST_CASE("An observer may end it") {
  Trainer trainer;
  auto stop = [](const Progress& event) { return event.done > 200 ? Flow::stop : Flow::proceed; };
  const Selection s = select(pool, trainer.callbacks(), InstructionTuning{}, Count{6}, FacilityLocation{}, tenth, stop);
  CHECK(s.indices.empty());
  CHECK(s.reason == StopReason::stopped_by_observer);
  CHECK(s.kept.value == 0.0);
  CHECK(s.loss_calls > 200);
  CHECK(s.loss_calls < tenth.utility_calls);
}

TEST_CASE("Where there is no memory for the pairs, neither losses nor embeddings are asked for") {
  constexpr Index many = Index{1} << 31;
  Trainer trainer;
  CHECK_THAT(thrown<CapacityError>([&] {
               (void)select(many, trainer.callbacks(), InstructionTuning{}, Count{1}, FacilityLocation{},
                            {.utility_calls = many + 1000});
             }),
             ContainsSubstring("delift::select: utility_calls"));
  CHECK(trainer.calls == 0);
  CHECK(trainer.embedded == 0);
}

TEST_CASE("A target of one row needs room for the candidates among themselves, and that is said as early") {
  constexpr Index many = Index{1} << 30;
  Trainer trainer;
  CHECK_THAT(thrown<CapacityError>([&] {
               (void)select(many, trainer.callbacks(), TaskSpecific{Rows{many, 1}}, Count{1}, FacilityLocation{},
                            {.utility_calls = 1000});
             }),
             ContainsSubstring("delift::select: utility_calls: 1073741824 x 1073741824"));
  CHECK(trainer.calls == 0);
  CHECK(trainer.embedded == 0);
}

TEST_CASE("What cannot be done on a budget is said before the model is asked") {
  Trainer trainer;
  const Callbacks callbacks = trainer.callbacks();
  const auto refused = [&](const Callbacks& with, const auto& stage, const auto& family,
                           const delift::Options& options) {
    return thrown<ValueError>([&] { (void)select(pool, with, stage, Count{3}, family, options); });
  };
  const FacilityLocation fl;
  for (const Index calls : {Index{-1}, Index{1}, pool - 1, pool})
    CHECK_THAT(refused(callbacks, InstructionTuning{}, fl, {.utility_calls = calls}),
               ContainsSubstring("needs to be more than the 60 losses"));
  CHECK_THAT(refused(callbacks, Continual{Rows{pool, 3}}, fl, tenth), ContainsSubstring("InstructionTuning"));
  CHECK_THAT(refused(callbacks, TaskSpecific{Rows{pool, 3}}, FacilityLocation{TargetForm::pool}, tenth),
             ContainsSubstring("query form"));
  CHECK_THAT(refused(callbacks, InstructionTuning{}, LogDeterminant{}, tenth), ContainsSubstring("FacilityLocation"));
  for (const delift::UtilityForm form : {delift::as_released,
                                         {.diagonal = delift::UtilityDiagonal::zero},
                                         {.symmetry = delift::UtilitySymmetry::mean}}) {
    delift::Options options = tenth;
    options.form = form;
    CHECK_THAT(refused(callbacks, InstructionTuning{}, fl, options), ContainsSubstring("form needs all utilities"));
  }
  Callbacks blind = callbacks;
  blind.embedding = nullptr;
  CHECK_THAT(refused(blind, InstructionTuning{}, fl, tenth), ContainsSubstring("Callbacks::embedding is empty"));
  Callbacks flat = callbacks;
  flat.embedding_size = 0;
  CHECK_THAT(refused(flat, InstructionTuning{}, fl, tenth), ContainsSubstring("Callbacks::embedding_size is 0"));
  CHECK(trainer.calls == 0);
}

TEST_CASE("loss_calls says what was asked before an observer stopped") {
  for (const Index utility_calls : {0, 30}) {
    Index seen = 0;
    Callbacks callbacks = loss_callback([&](const Example&) { return ++seen, 1.0; });
    callbacks.embedding = [](std::span<const Example> examples, MatrixView<float> out) {
      for (Index k = 0; k < out.rows(); ++k)
        out.row(k)[0] = out.row(k)[1] = static_cast<float>(examples[static_cast<std::size_t>(k)].row + 1);
    };
    callbacks.embedding_size = 2;
    const auto stop = [](const Progress&) { return Flow::stop; };
    const delift::Options options{.utility = {.batch = 3}, .utility_calls = utility_calls};
    const Selection s =
        delift::select(8, callbacks, delift::InstructionTuning{}, Count{2}, FacilityLocation{}, options, stop);
    CHECK(s.reason == StopReason::stopped_by_observer);
    CHECK(seen == 3);
    CHECK(s.loss_calls == seen);
  }
}

}
