// SPDX-License-Identifier: MIT
// Mixtures: weighted sums of their parts, which keep what all of the parts promise.
#include <pickmix/submodular/mixture.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/facility_location_objective.hpp>
#include <pickmix/submodular/feature_based.hpp>
#include <pickmix/submodular/log_determinant_objective.hpp>
#include <pickmix/submodular/sampled_start.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace submodular_mixture_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using objectives::Coverage;
using set_function::Items;
using Promising = objectives::Modular<true>;
using Silent = objectives::Modular<false>;

namespace {

/// An objective that is asked for many gains at once, reorganises itself, and may break its promise.
struct Elaborate : Promising {
  bool keeps_promise = true;
  std::shared_ptr<int> batches = std::make_shared<int>(0), settled = std::make_shared<int>(0);

  void gains(Cpu, std::span<const Index> items, std::span<double> out) const {
    ++*batches;
    for (std::size_t k = 0; k < items.size(); ++k) out[k] = gain(items[k]);
  }
  Index batch() const { return 5; }
  bool diminishing_returns_hold() const { return keeps_promise; }
  template <class OnProgress>
  bool settle(Cpu, const OnProgress& on_progress) {
    ++*settled;
    return on_progress(Progress{"elaborate", 1, 1});
  }
};

}  // namespace

static_assert(SubmodularObjective<MixtureObjective<Promising, Silent>>);
static_assert(!BatchedObjective<MixtureObjective<Promising, Silent>>);
static_assert(BatchedObjective<MixtureObjective<Promising, Elaborate>>);
static_assert(has_diminishing_returns<MixtureObjective<Promising>>);
static_assert(has_diminishing_returns<MixtureObjective<Promising, FeatureBasedObjective>>);
static_assert(!has_diminishing_returns<MixtureObjective<Promising, Silent>>);
static_assert(!has_diminishing_returns<MixtureObjective<Silent, Promising>>);

TEST_CASE("The gains of a mixture are those computed by hand") {
  auto f = Mixture{.weights = {2.0, 0.5}}.of(Promising{{1.0, -3.0}}, Coverage({0b111, 0b011}));
  CHECK(f.size() == 2);
  CHECK(f.gain(0) == 2.0 + 1.5);
  CHECK(f.gain(1) == -6.0 + 1.0);
  f.add(0);
  CHECK(f.gain(1) == -6.0);
  f.reset();
  CHECK(f.gain(1) == -5.0);
}

TEST_CASE("Without weights each part has 1, and a part of weight 0 does not count") {
  const Promising one{{1.0, 2.0}}, ten{{10.0, 20.0}};
  CHECK(Mixture{}.of(one, ten).gain(1) == 22.0);
  CHECK(Mixture{.weights = {0.0, 1.0}}.of(one, ten).gain(1) == 20.0);
}

TEST_CASE("A mixture of a feature-based function and coverage keeps the laws") {
  const auto features = set_function::uniform(1, 16, 1);
  const auto coverage = Coverage::random(2, 16);
  const auto definition = [&](Items set) {
    double sum = 0.0;
    for (Index j : set_function::items(set)) sum += static_cast<double>(features.view()(j, 0));
    return 0.7 * std::sqrt(sum) + 0.3 * coverage.definition(set);
  };
  const auto f = Mixture{.weights = {0.7, 0.3}}.of(FeatureBased{}.plain(features.view()), coverage);
  set_function::check_monotone_submodular(f, definition, 1e-12);
}

TEST_CASE("A mixture of mixtures, and of one part") {
  const auto coverage = Coverage::random(3, 12);
  const auto f = Mixture{.weights = {2.0, 0.25}}.of(Mixture{.weights = {3.0}}.of(coverage), coverage);
  const auto definition = [&](Items set) { return 6.25 * coverage.definition(set); };
  set_function::check_monotone_submodular(f, definition, 0.0);
  CHECK(laws::guarantee_holds(f, definition) == "");
}

TEST_CASE("Many gains are the single ones to the last bit, and are asked of the parts together") {
  const auto features = set_function::uniform(4, 40, 3);
  const Elaborate batched{{std::vector<double>(40, 0.3)}};
  auto f = Mixture{.weights = {0.7, 1.3}}.of(FeatureBased{}.plain(features.view()), batched);
  f.add(7);
  std::vector<Index> items;
  for (Index j = 39; j >= 0; --j) items.push_back(j);
  std::vector<double> out(items.size(), -1.0);
  f.gains(cpu.threads(2), items, out);
  for (std::size_t k = 0; k < items.size(); ++k) REQUIRE(out[k] == f.gain(items[k]));
  CHECK(*batched.batches == 1);
  CHECK(f.batch() == 5);
}

TEST_CASE("A mixture keeps its promise on data where all of its parts do") {
  const Promising part{{1.0}};
  CHECK(diminishing_returns_hold(Mixture{}.of(part, Elaborate{{{1.0}}})));
  CHECK_FALSE(diminishing_returns_hold(Mixture{}.of(part, Elaborate{{{1.0}}, false})));
  CHECK_FALSE(diminishing_returns_hold(Mixture{}.of(part, Silent{{1.0}})));
}

TEST_CASE("The parts that want to reorganise themselves do so after each pick, and may be stopped") {
  const Elaborate part{{{3.0, 2.0, 1.0}}};
  auto f = Mixture{}.of(part, Promising{{0.0, 0.0, 0.0}});
  CHECK(maximize(f, Count{3}, LazyGreedy{}).indices == std::vector<Index>{0, 1, 2});
  CHECK(*part.settled == 3);
  const auto stopped = maximize(f, Count{3}, LazyGreedy{}, [](const Progress&) { return Flow::stop; });
  CHECK(stopped.indices.size() == 1);
  CHECK(stopped.reason == StopReason::stopped_by_observer);
}

TEST_CASE("A part that looks at near rows only leaves nothing proven, and says how much it sees") {
  struct Near : Promising {
    std::optional<double> share;
    std::optional<double> recall() const { return share; }
  };
  const Promising all{{1.0, 2.0}};
  const auto of = [](std::optional<double> share) { return Near{{{1.0, 2.0}}, share}; };
  CHECK_FALSE(Mixture{}.of(all, all).recall().has_value());
  CHECK_FALSE(Mixture{}.of(of({}), all).recall().has_value());
  CHECK(Mixture{}.of(all, of(0.75), of({}), of(0.5), of(1.0)).recall() == 0.5);
  CHECK(Mixture{}.of(Mixture{}.of(of(0.75)), all).recall() == 0.75);

  const auto pool = instances::normal(77, 600, 8);
  FacilityLocationObjective f(similarity(pool.view(), {.storage = Storage::streamed}));
  const SampledStart near_rows{.exact_up_to = 0, .sample = 150, .picks = 64, .near_above = 599, .wanted_recall = 0.3};
  const double seen = maximize(f, Count{200}, near_rows).recall;
  CHECK(seen < 1.0);
  auto mixture = Mixture{}.of(f);
  const Selection more = maximize(mixture, Count{20}, LazyGreedy{});
  CHECK(more.recall == seen);
  CHECK(more.upper_bound == std::numeric_limits<double>::infinity());
  mixture.reset();
  CHECK(maximize(mixture, Count{20}, LazyGreedy{}).recall == 1.0);
}

TEST_CASE("An item that a part refuses is in none of them") {
  const Kernel indefinite = instances::kernel(4, 4, [](Index i, Index j) {
    return i == j ? 1.0f : i + j == 1 ? 5.0f : i + j == 4 ? 0.9f : 0.1f;  // 3 is near 1, which does not fit with 0
  });
  auto f = Mixture{}.of(FacilityLocationObjective(indefinite), LogDeterminantObjective(indefinite, 0.1));
  f.add(0);
  const double before = f.gain(3);
  CHECK_THROWS_AS(f.add(1), ValueError);
  CHECK(f.gain(3) == before);
}

TEST_CASE("Mixture: one item, and copies with sets of their own") {
  auto f = Mixture{}.of(Coverage({0b1}), Coverage({0b11})), other = f;
  other.add(0);
  CHECK(f.gain(0) == 3.0);
  CHECK(other.gain(0) == 0.0);
}

TEST_CASE("Parts of different sizes are refused by number and size") {
  const auto message = thrown<ShapeError>([] {
    Mixture{}.of(Promising{{1.0, 2.0}}, Silent{{1.0, 2.0}}, Promising{{1.0, 2.0, 3.0}});
  });
  CHECK_THAT(message, ContainsSubstring("Mixture: objective 2 has 3 items and objective 0 has 2"));
}

TEST_CASE("Weights that are too few, negative or not finite are refused") {
  const Promising part{{1.0}};
  CHECK_THAT(thrown<ShapeError>([&] { Mixture{.weights = {1.0}}.of(part, part); }),
             ContainsSubstring("Mixture: weights has 1 entries") && ContainsSubstring("2 objectives"));
  for (double bad : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(thrown<ValueError>([&] {
                 Mixture{.weights = {1.0, bad}}.of(part, part);
               }),
               ContainsSubstring("Mixture: weights[1] is "));
}

}
