// SPDX-License-Identifier: MIT
// Selection by utilities: the published case, every stage and form against its definition, and a run that is killed.
#include <pickmix/delift/select_by_utility.hpp>

#include <pickmix/io/remembered_losses.hpp>
#include <pickmix/submodular/graph_cut.hpp>
#include <pickmix/submodular/naive_greedy.hpp>
#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/facility_location_definition.hpp>
#include <support/instances.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace delift_select_by_utility_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::Composite;
using delift::Continual;
using delift::InstructionTuning;
using delift::Rows;
using delift::select;
using delift::TaskSpecific;

namespace {

constexpr Index pool = 12, target = 4, known = 3;
constexpr Rows target_rows{pool, target}, known_rows{pool + target, known};

/// Help of context j with row i, multiples of 1/64 on [-1/2, 1/2), so that losses and utilities are exact.
double help(Index i, Index j) { return static_cast<double>((i * 37 + j * 23 + i * j * 11) % 64) / 64 - 0.5; }
double loss_of(const Example& e) { return 2.0 + (e.context == no_context ? 0.0 : -help(e.row, e.context)); }

/// max(U, 0) of these rows and contexts.
Kernel helps(Rows rows, Rows contexts) {
  return instances::kernel(rows.count, contexts.count, [&](Index i, Index j) {
    return static_cast<float>(std::max(0.0, help(rows[i], contexts[j])));
  });
}
std::vector<float> largest_of_rows(const Kernel& kernel) {
  std::vector<float> largest;
  for (Index i = 0; i < kernel.rows(); ++i) {
    largest.push_back(0.0f);
    for (Index j = 0; j < kernel.columns(); ++j) largest.back() = std::max(largest.back(), kernel(i, j));
  }
  return largest;
}
std::vector<float> largest_of_columns(const Kernel& kernel) { return relevance(kernel); }

/// Greedy by the definition.
std::vector<Index> greedy_on(const FacilityLocationDefinition& f, Index count) {
  std::vector<Index> picks;
  for (Index k = 0; k < count; ++k) {
    Index best = -1;
    double most = -1.0;
    for (Index j = 0; j < f.kernel.columns(); ++j) {
      if (std::find(picks.begin(), picks.end(), j) != picks.end()) continue;
      auto with = picks;
      with.push_back(j);
      if (const double value = f(with); value > most) best = j, most = value;
    }
    picks.push_back(best);
  }
  return picks;
}

/// Every pair that was asked for, and how often.
struct Counting {
  std::map<std::pair<Index, Index>, int> times;

  Callbacks callbacks() {
    return loss_callback([this](const Example& e) { return ++times[{e.row, e.context}], loss_of(e); });
  }
  bool each_once() const {
    return std::all_of(times.begin(), times.end(), [](const auto& asked) { return asked.second == 1; });
  }
};

template <class Stage>
void check(const Stage& stage, const FacilityLocation& family, const FacilityLocationDefinition& f, Index calls) {
  Counting model;
  const Selection s = select(pool, model.callbacks(), stage, Count{5}, family);
  CHECK(s.indices == greedy_on(f, 5));
  CHECK(s.value == Approx(f(s.indices)).epsilon(1e-6));
  CHECK(s.loss_calls == calls);
  CHECK(static_cast<Index>(model.times.size()) == calls);
  CHECK(model.each_once());
  CHECK(s.kept.value == 1.0);
  CHECK(s.kept.error == 0.0);
}

}  // namespace

TEST_CASE("The released recipe gives the published order and gains") {
  static constexpr double u[4][4] = {
      {.30, .10, -.05, .02}, {.06, .25, .12, -.10}, {-.02, .15, .28, .04}, {.08, -.03, .01, .22}};
  const Callbacks callbacks =
      loss_callback([](const Example& e) { return e.context == no_context ? 0.7 : 0.7 - u[e.row][e.context]; });
  const Selection s =
      select(4, callbacks, InstructionTuning{}, Count{4}, FacilityLocation{}, {.form = delift::as_released});
  CHECK(s.indices == std::vector<Index>{1, 0, 3, 2});
  const double gains[] = {2.175, .775, .35, .325};
  for (std::size_t k = 0; k < 4; ++k) CHECK(s.gains[k] == Approx(gains[k]).epsilon(1e-5));
}

TEST_CASE("Every stage and form is its definition on utilities, each of which is asked for once") {
  const Kernel own = helps({0, pool}, {0, pool}), served = helps(target_rows, {0, pool});
  const auto bonus = largest_of_columns(served), covered = largest_of_rows(helps({0, pool}, known_rows));
  constexpr Index all = pool * (pool + 1), of_target = target * (pool + 1);
  check(InstructionTuning{}, {}, {own}, all);
  check(TaskSpecific{target_rows}, {}, {served, {.bonus = bonus}}, of_target);
  check(TaskSpecific{target_rows}, {TargetForm::relevance}, {own, {.bonus = bonus}}, all + of_target);
  check(TaskSpecific{target_rows}, {TargetForm::pool}, {own, {.cap = bonus}}, all + of_target);
  check(Continual{known_rows}, {}, {own, {.floor = covered}}, all + pool * known);
  check(Composite{TaskSpecific{target_rows}, Continual{known_rows}}, {}, {own, {.floor = covered, .cap = bonus}},
        all + of_target + pool * known);
}

TEST_CASE("Rows of the pool as target or known data cost nothing more") {
  const Rows some{3, 4};
  const auto covered = largest_of_rows(helps({0, pool}, some));
  check(Continual{some}, {}, {helps({0, pool}, {0, pool}), {.floor = covered}}, pool * (pool + 1));
  const auto bonus = largest_of_columns(helps(some, {0, pool}));
  check(TaskSpecific{some}, {TargetForm::relevance}, {helps({0, pool}, {0, pool}), {.bonus = bonus}},
        pool * (pool + 1));
}

TEST_CASE("Of rows that are partly the pool's only the others cost something") {
  const Kernel own = helps({0, pool}, {0, pool});
  const Rows some{pool - 2, 4}, others{pool - 1, 2};
  const auto bonus = largest_of_columns(helps(some, {0, pool})), covered = largest_of_rows(helps({0, pool}, others));
  constexpr Index all = pool * (pool + 1), of_target = 2 * (pool + 1);
  check(TaskSpecific{some}, {TargetForm::relevance}, {own, {.bonus = bonus}}, all + of_target);
  check(TaskSpecific{some}, {TargetForm::pool}, {own, {.cap = bonus}}, all + of_target);
  check(Continual{others}, {}, {own, {.floor = covered}}, all + pool);
  check(Composite{TaskSpecific{some}, Continual{others}}, {}, {own, {.floor = covered, .cap = bonus}},
        all + of_target + pool);
}

TEST_CASE("The form's diagonal is that of targets and known data too, where they are candidates") {
  const auto without_own = [](Rows rows, Rows contexts) {
    return instances::kernel(rows.count, contexts.count, [&](Index i, Index j) {
      return rows[i] == contexts[j] ? 0.0f : static_cast<float>(std::max(0.0, help(rows[i], contexts[j])));
    });
  };
  const delift::Options options{.form = {.diagonal = delift::UtilityDiagonal::zero}};
  const auto selected = [&](const auto& stage, const FacilityLocation& family) {
    return select(pool, loss_callback(loss_of), stage, Count{5}, family, options).indices;
  };
  const Kernel own = without_own({0, pool}, {0, pool});
  for (const Rows rows : {Rows{3, 4}, Rows{pool - 2, 4}}) {  // all of them candidates; two of them
    const Kernel served = without_own(rows, {0, pool});
    const auto bonus = largest_of_columns(served), covered = largest_of_rows(without_own({0, pool}, rows));
    CHECK(selected(TaskSpecific{rows}, {}) == greedy_on({served, {.bonus = bonus}}, 5));
    CHECK(selected(TaskSpecific{rows}, {TargetForm::relevance}) == greedy_on({own, {.bonus = bonus}}, 5));
    CHECK(selected(Continual{rows}, {}) == greedy_on({own, {.floor = covered}}, 5));
  }
}

TEST_CASE("The form's symmetry is that of targets and known data among the pool, and refused for others") {
  const Kernel both = instances::kernel(pool, pool, [](Index i, Index j) {
    return static_cast<float>(std::max({0.0, help(i, j), help(j, i)}));
  });
  const Rows some{3, 4};
  const delift::Options options{.form = {.symmetry = delift::UtilitySymmetry::max}};
  int calls = 0;
  const Callbacks callbacks = loss_callback([&](const Example& e) { return ++calls, loss_of(e); });
  std::vector<float> covered(static_cast<std::size_t>(pool), 0.0f), bonus = covered;
  for (Index i = 0; i < pool; ++i)
    for (Index k = 0; k < some.count; ++k) {
      float& most = covered[static_cast<std::size_t>(i)];
      most = std::max(most, both(i, some[k]));
    }
  bonus = covered;  // symmetric
  CHECK(select(pool, callbacks, Continual{some}, Count{5}, {}, options).indices ==
        greedy_on({both, {.floor = covered}}, 5));
  const FacilityLocation relevance{TargetForm::relevance};
  CHECK(select(pool, callbacks, TaskSpecific{some}, Count{5}, relevance, options).indices ==
        greedy_on({both, {.bonus = bonus}}, 5));

  calls = 0;
  CHECK_THAT(thrown<ValueError>([&] { (void)select(pool, callbacks, TaskSpecific{some}, Count{5}, {}, options); }),
             ContainsSubstring("symmetry takes U(i, j) and U(j, i), and of target, rows 3 to 6, only one"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(pool, callbacks, Continual{Rows{pool - 1, 2}}, Count{5}, FacilityLocation{}, options);
             }),
             ContainsSubstring("of known, rows 11 to 12, only one"));
  CHECK(calls == 0);
}

TEST_CASE("What is known altogether leaves nothing to gain, and the budget is filled all the same") {
  const Selection s = select(pool, loss_callback(loss_of), Continual{Rows{0, pool}}, Count{3});
  CHECK(s.indices == std::vector<Index>{0, 1, 2});
  CHECK(s.value == 0.0);
}

TEST_CASE("Known rows are put on the scale of the pool") {
  const delift::Options options{.form = {.scale = RowMax{}}};
  const Selection s =
      select(pool, loss_callback(loss_of), Continual{known_rows}, Count{5}, FacilityLocation{}, options);
  const Kernel own = helps({0, pool}, {0, pool}), of_known = helps({0, pool}, known_rows);
  const auto most = largest_of_rows(own);
  auto covered = largest_of_rows(of_known);
  for (std::size_t i = 0; i < covered.size(); ++i) covered[i] = most[i] > 0 ? covered[i] / most[i] : 0.0f;
  CHECK(s.indices == greedy_on({rescale(own, RowMax{}), {.floor = covered}}, 5));
}

TEST_CASE("A known example that harms the only candidate leaves all of it to gain") {
  const Callbacks callbacks = loss_callback([](const Example& e) {
    return e.context == no_context ? 1.0 : e.context == 0 ? 0.5 : 1.25;
  });
  const Selection s =
      select(1, callbacks, Continual{Rows{1, 1}}, Count{1}, FacilityLocation{}, {.form = delift::as_released});
  CHECK(s.value == 1.0);
}

TEST_CASE("Graph cut takes utilities as they are, the log-determinant compares whom candidates help") {
  const Selection cut = select(pool, loss_callback(loss_of), InstructionTuning{}, Count{4}, GraphCut{});
  auto f = GraphCut{}.plain(helps({0, pool}, {0, pool}));
  CHECK(cut.indices == maximize(f, Count{4}, NaiveGreedy{}).indices);

  const Kernel own = helps({0, pool}, {0, pool});
  const auto columns = [](const Kernel& of) {
    return instances::matrix(of.columns(), of.rows(), [&](Index j, Index i) { return of(i, j); });
  };
  const auto described = columns(own), other = columns(helps({0, pool}, target_rows)),
             learnt = columns(helps({0, pool}, known_rows));
  const Callbacks callbacks = loss_callback(loss_of);
  CHECK(select(pool, callbacks, InstructionTuning{}, Count{4}, LogDeterminant{}).indices ==
        select(described.view(), InstructionTuning{}, Count{4}, LogDeterminant{}).indices);
  CHECK(select(pool, callbacks, TaskSpecific{target_rows}, Count{4}, LogDeterminant{}).indices ==
        select(described.view(), TaskSpecific{other.view()}, Count{4}, LogDeterminant{}).indices);
  CHECK(select(pool, callbacks, Continual{known_rows}, Count{4}, LogDeterminant{}).indices ==
        select(described.view(), Continual{learnt.view()}, Count{4}, LogDeterminant{}).indices);
}

TEST_CASE("A run that is killed anywhere and begun again gives the same selection, and asks for nothing twice") {
  const Selection whole = select(pool, loss_callback(loss_of), Continual{known_rows}, Count{5});
  const delift::Options options{.utility = {.batch = 9}};
  for (int kill = 1; kill <= 22; ++kill) {
    const support::ScratchDirectory scratch;
    FailingTrainer trainer{.fail_at = kill, .loss = loss_of};
    CHECK_THROWS_AS(select(pool, remembered(trainer.callbacks(), scratch / "losses"), Continual{known_rows}, Count{5},
                           FacilityLocation{}, options),
                    std::runtime_error);
    Counting model;
    const Selection resumed = select(pool, remembered(model.callbacks(), scratch / "losses"), Continual{known_rows},
                                     Count{5}, FacilityLocation{}, options);
    CHECK(resumed.indices == whole.indices);
    CHECK(resumed.gains == whole.gains);
    CHECK(resumed.upper_bound == whole.upper_bound);
    std::vector<Index> batches;  // of the losses alone, in context, and in known contexts
    for (const Index part : {pool, pool * pool, pool * known})
      for (Index left = part; left > 0; left -= 9) batches.push_back(std::min<Index>(left, 9));
    Index left = 0;
    for (std::size_t k = static_cast<std::size_t>(kill) - 1; k < batches.size(); ++k) left += batches[k];
    CHECK(static_cast<Index>(model.times.size()) == left);
  }
}

TEST_CASE("Observers see the model's work and the selection, and may end both") {
  std::vector<std::string> tasks;
  auto watch = [&](const Progress& event) { tasks.emplace_back(event.task); };
  Index steps = 0;
  auto count = [&](const SelectionStep&) { ++steps; };
  (void)select(pool, loss_callback(loss_of), TaskSpecific{target_rows}, Count{5}, FacilityLocation{}, {}, watch, count);
  CHECK(std::set<std::string>(tasks.begin(), tasks.end()).count("losses in context") == 1);
  CHECK(steps == 5);

  auto stop = [](const Progress& event) { return event.task == "losses in context" ? Flow::stop : Flow::proceed; };
  const Selection none =
      select(pool, loss_callback(loss_of), InstructionTuning{}, Count{5}, FacilityLocation{}, {}, stop);
  CHECK(none.indices.empty());
  CHECK(none.reason == StopReason::stopped_by_observer);
  CHECK(none.kept.value == 0.0);
  CHECK(none.kept.error == 0.0);
}

TEST_CASE("One example, two of the same, and a budget beyond the pool") {
  const Callbacks same_loss = loss_callback([](const Example& e) { return e.context == no_context ? 1.0 : 0.5; });
  CHECK(select(1, same_loss, InstructionTuning{}, Count{1}).indices == std::vector<Index>{0});
  const Selection s = select(3, same_loss, InstructionTuning{}, Count{7});
  CHECK(s.indices == std::vector<Index>{0, 1, 2});
  CHECK(s.reason == StopReason::pool_exhausted);
  CHECK(s.value == 1.5);
}

TEST_CASE("Bad arguments are named before the model is asked") {
  int calls = 0;
  const Callbacks callbacks = loss_callback([&](const Example&) { return ++calls, 1.0; });
  const auto embeddings = instances::normal(1, 4, 3);
  CHECK_THAT(thrown<ValueError>([&] { (void)select(0, callbacks, InstructionTuning{}, Count{1}); }),
             ContainsSubstring("the pool has 0 rows"));
  CHECK_THAT(thrown<ValueError>([&] { (void)select(5, {}, InstructionTuning{}, Count{1}); }),
             ContainsSubstring("Callbacks::loss is empty"));
  CHECK_THROWS_AS(select(5, callbacks, InstructionTuning{}, Fraction{1.5}), ValueError);
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(5, callbacks, TaskSpecific{Rows{5, 0}}, Count{1});
             }),
             ContainsSubstring("target has 0 rows"));
  CHECK_THAT(thrown<ValueError>([&] { (void)select(5, callbacks, TaskSpecific{embeddings.view()}, Count{1}); }),
             ContainsSubstring("target is given by embeddings and the pool by callbacks"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(5, callbacks, Continual{Rows{-1, 2}}, Count{1});
             }),
             ContainsSubstring("row -1"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(5, callbacks, Composite{TaskSpecific{Rows{5, 1}}, Continual{embeddings.view()}}, Count{1});
             }),
             ContainsSubstring("known is given by embeddings and the pool by callbacks"));
  CHECK(calls == 0);
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(embeddings.view(), Continual{Rows{0, 2}}, Count{1});
             }),
             ContainsSubstring("known is given by rows and the pool by embeddings"));
  const Callbacks nan = loss_callback([](const Example&) { return std::numeric_limits<double>::quiet_NaN(); });
  CHECK_THROWS_AS(select(5, nan, InstructionTuning{}, Count{1}), CallbackError);
}

TEST_CASE("A budget that affords nothing asks for nothing, and a weight that was changed is refused before") {
  int calls = 0;
  const Callbacks callbacks = loss_callback([&](const Example&) { return ++calls, 1.0; });
  int told = 0;
  const auto count = [&](const Progress&) { ++told; };
  const std::vector<double> costs{0.5, 2.0, 2.0, 2.0, 2.0};
  const std::vector<Index> dear{1, 2};
  const auto nothing = [&](const auto& budget) {
    const Selection s = select(5, callbacks, InstructionTuning{}, budget, FacilityLocation{}, {}, count);
    CHECK(s.indices.empty());
    CHECK(s.loss_calls == 0);
    CHECK(s.upper_bound == 0.0);
    CHECK(s.reason == StopReason::budget_reached);
  };
  nothing(Count{0});
  nothing(Among{Cost{1.0, costs}, dear});
  CHECK(told == 0);
  CHECK_THROWS_AS(select(5, Callbacks{}, InstructionTuning{}, Count{0}), ValueError);
  delift::Options no_batch;
  no_batch.utility.batch = 0;
  CHECK_THROWS_AS(select(5, callbacks, InstructionTuning{}, Count{0}, FacilityLocation{}, no_batch), ValueError);
  TaskSpecific towards{Rows{5, 2}};
  towards.eta = -1.0;
  CHECK_THAT(thrown<ValueError>([&] { (void)select(5, callbacks, towards, Count{1}); }),
             ContainsSubstring("TaskSpecific: eta is -1"));
  towards.eta = 1e39;  // no float
  CHECK_THAT(thrown<ValueError>([&] { (void)select(5, callbacks, towards, Count{1}); }),
             ContainsSubstring("TaskSpecific: eta is 1e+39"));
  Continual beside{Rows{5, 2}};
  beside.nu = std::numeric_limits<double>::infinity();
  CHECK_THAT(thrown<ValueError>([&] { (void)select(5, callbacks, beside, Count{1}); }),
             ContainsSubstring("Continual: nu is inf"));
  CHECK(calls == 0);
}

TEST_CASE("Where there is no memory for the utilities, the model is not asked") {
  constexpr Index many = Index{1} << 31;
  int calls = 0;
  const Callbacks callbacks = loss_callback([&](const Example&) { return ++calls, 1.0; });
  CHECK_THAT(thrown<CapacityError>([&] { (void)select(many, callbacks, InstructionTuning{}, Count{1}); }),
             ContainsSubstring("2147483648 x 2147483648"));
  CHECK_THROWS_AS(delift::utility(many, many, callbacks), CapacityError);
  CHECK(calls == 0);
}

TEST_CASE("A wrong family or metric is refused before the model is asked") {
  int calls = 0;
  const Callbacks callbacks = loss_callback([&](const Example&) { return ++calls, 1.0; });
  CHECK_THAT(
      thrown<ValueError>([&] { (void)select(5, callbacks, InstructionTuning{}, Count{1}, GraphCut{.lambda = -1.0}); }),
      ContainsSubstring("lambda is -1"));
  CHECK_THAT(thrown<ValueError>(
                 [&] { (void)select(5, callbacks, InstructionTuning{}, Count{1}, LogDeterminant{.epsilon = -1.0}); }),
             ContainsSubstring("epsilon is -1"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)select(5, callbacks, InstructionTuning{}, Count{1}, LogDeterminant{}, {.metric = Rbf{-1.0}});
             }),
             ContainsSubstring("gamma is -1"));
  CHECK(calls == 0);
}

}
