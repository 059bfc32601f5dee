// SPDX-License-Identifier: MIT
// A mixture restricted to some rows of its datasets: only they come, each once a pass, whatever else happens to the run.
#include <pickmix/mos/sampler.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/runs.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace property_restricted_rows_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using runs::draw, runs::model, runs::same;
using Indices = std::vector<Index>;
using Rows = std::vector<Indices>;

namespace {

/// About a third of the rows, or none, all or one of them.
Indices some_rows(Index size, RandomStream& random) {
  Indices rows;
  const Index kind = random.below(8);
  if (kind == 1) rows.push_back(random.below(size));
  for (Index row = size - 1; kind > 1 && row >= 0; --row)
    if (kind == 2 || random.below(3) == 0) rows.push_back(row);
  return rows;
}

/// What the rows of a dataset have to be like: of `allowed`, none twice before all came once.
struct Reader {
  std::set<Index> allowed, seen;

  explicit Reader(Index size) {
    for (Index row = 0; row < size; ++row) allowed.insert(row);
  }
  void restrict_to(const Indices& rows) {
    allowed = {rows.begin(), rows.end()};
    seen.clear();
  }
  bool take(Index row) {
    if (!allowed.contains(row) || !seen.insert(row).second) return false;
    if (seen.size() == allowed.size()) seen.clear();
    return true;
  }
};

/// A change of the run, the `k`-th of `seed`. A mixture that would be left without rows refuses it.
/// \return the datasets whose passes begin anew
std::set<std::size_t> change(MosState<>& state, std::uint64_t seed, int k) {
  RandomStream random(seed, 77, static_cast<std::uint64_t>(k));
  const Index dataset = random.below(std::ssize(state.options().sizes));
  const auto d = static_cast<std::size_t>(dataset);
  const std::string before = saved(state);
  try {
    switch (random.below(7)) {
      case 0:
      case 1:
        state.restrict_rows(dataset, some_rows(state.options().sizes[d], random));
        return {d};
      case 2: {
        Rows rows;
        std::set<std::size_t> all;
        for (Index size : state.options().sizes) all.insert(rows.size()), rows.push_back(some_rows(size, random));
        state.restrict_rows(rows);
        return all;
      }
      case 3:
        state.lift_restriction(dataset);
        return {d};
      case 4:
        state.retire(dataset);
        break;
      case 5:
        state.restore(dataset);
        break;
      default:
        if (state.options().sizes.size() < 5) state.add_dataset(1 + random.below(20), 0.2);
    }
  } catch (const ValueError&) {
    REQUIRE((saved(state) == before));
  }
  return {};
}

Batch drawn_by_sampler(MosState<>& state, Shard shard = {}) {
  for (;;)
    for (const Batch& batch : MosSampler<runs::Policy>(state, loss_callback(plain_loss), {}, shard)) return batch;
}

MosOptions mixed(std::uint64_t seed) {
  return {.sizes = {30, 1, 12},
          .batch_size = 1 + static_cast<Index>(seed % 5),
          .update_interval = 7,
          .inner_steps = 5,
          .learning_rate = 1e-2,
          .reward_batch = 4,
          .seed = seed,
          .draw = seed % 2 == 0 ? Draw::batch : Draw::example,
          .epoch_end = seed % 3 == 0 ? EpochEnd::first_pass : EpochEnd::steps};
}

}  // namespace

TEST_CASE("Whatever happens to a run, only rows that are selected come, each once a pass") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    MosState state(mixed(seed));
    std::vector<Reader> readers;
    for (Index size : state.options().sizes) readers.emplace_back(size);
    for (int k = 0; k < 300; ++k) {
      CAPTURE(seed, k);
      if (k % 4 == 0) {
        const auto anew = change(state, seed, k);
        if (state.options().sizes.size() > readers.size()) readers.emplace_back(state.options().sizes.back());
        for (std::size_t d : anew) {
          const RowSubset rows = state.rows(static_cast<Index>(d));
          readers[d] = Reader(state.options().sizes[d]);
          if (!rows.all()) readers[d].restrict_to({rows.chosen().begin(), rows.chosen().end()});
        }
      }
      const Batch batch = drawn_by_sampler(state);
      REQUIRE(std::ssize(batch.examples) == state.options().batch_size);
      for (const Example& e : batch.examples) {
        REQUIRE_FALSE(state.retired(e.dataset));
        REQUIRE(readers[static_cast<std::size_t>(e.dataset)].take(e.row));
      }
    }
  }
}

TEST_CASE("A run that is killed and resumed at any step goes on as if it had not been, on any number of ranks") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    MosOptions options = mixed(seed);
    options.batch_size = 4;
    MosState whole(options);
    std::vector<MosState<>> ranks(3, whole);
    RandomStream random(seed, 1);
    Index world = 1;
    for (int k = 0; k < 150; ++k) {
      CAPTURE(k);
      if (k % 5 == 0) change(whole, seed, k);
      if (random.below(6) == 0) world = 1 + random.below(3);
      const Batch expected = drawn_by_sampler(whole);
      Batch joined{expected.step, {}};
      for (Index rank = 0; rank < 3; ++rank) {
        MosState<>& state = ranks[static_cast<std::size_t>(rank)];
        if (k % 5 == 0) change(state, seed, k);
        if (random.below(3) == 0) state = loaded(saved(state));
        const Batch part = drawn_by_sampler(state, {std::min(rank, world - 1), world});
        if (rank < world) joined.examples.insert(joined.examples.end(), part.examples.begin(), part.examples.end());
        REQUIRE((saved(state) == saved(whole)));
      }
      REQUIRE(same(joined, expected));
    }
  }
}

TEST_CASE("Other datasets do not notice: neither their rows nor how often they come change") {
  MosState plain(runs::options), restricted(runs::options);
  restricted.restrict_rows(1, Indices{3, 60, 5});
  for (int step = 0; step < 200; ++step) {
    const auto a = plain.draw().examples, b = restricted.draw().examples;
    REQUIRE(a.front().dataset == b.front().dataset);
    if (a.front().dataset != 1) REQUIRE(a == b);
  }
}

TEST_CASE("With most_passes 1, each epoch by passes reads what is selected for it once, though it is selected again") {
  MosState state(
      {.sizes = {50, 20, 9}, .batch_size = 4, .seed = 5, .most_passes = 1.0, .epoch_end = EpochEnd::every_pass});
  const Rows selected{{0, 7, 14, 21, 28, 35, 42}, {19, 3}, {}};
  std::set<Indices> orders;
  for (int epoch = 0; epoch < 8; ++epoch) {
    state.restrict_rows(selected);
    std::map<Index, Indices> read;
    for (const Batch& batch : MosSampler<Static>(state))
      for (const Example& e : batch.examples) read[e.dataset].push_back(e.row);
    orders.insert(read[0]);
    for (auto& [dataset, rows] : read) std::sort(rows.begin(), rows.end());
    CHECK((read[0] == selected[0] && read[1] == Indices{3, 19} && read[2].empty()));
    CHECK(state.exhausted());
  }
  CHECK(orders.size() == 8);
  CHECK(state.drawn(0) == 56);
  CHECK_THAT(thrown<ValueError>([&] { (void)state.draw(); }), ContainsSubstring("most_passes"));
  CHECK((saved(loaded(saved(state))) == saved(state)));
}

TEST_CASE("An epoch of steps is as long as the rows that are selected when it begins") {
  MosState state({.sizes = {50, 20}, .batch_size = 4});
  const auto epoch = [&](int restrict_at) {
    int steps = 0;
    for (const Batch& batch : MosSampler<Static>(state)) {
      (void)batch;
      if (++steps == restrict_at) state.restrict_rows(Rows{{1}, {2}});
    }
    return steps;
  };
  state.restrict_rows(Rows{{0, 1, 2, 3, 4, 5, 6}, {1, 3, 5, 7}});
  CHECK(epoch(2) == 3);
  CHECK(epoch(0) == 1);
  state.lift_restriction(0);
  CHECK(epoch(0) == 13);
}

TEST_CASE("Restricted in an epoch by passes, a dataset completes its pass over the new rows") {
  MosState state({.sizes = {50}, .batch_size = 1, .epoch_end = EpochEnd::first_pass});
  int steps = 0;
  for (const Batch& batch : MosSampler<Static>(state)) {
    if (steps++ >= 49) CHECK(batch.examples.front().row % 10 == 3);
    if (steps == 49) state.restrict_rows(0, Indices{3, 13, 23});
  }
  CHECK(steps == 52);
}

TEST_CASE("A dataset without rows is not drawn, keeps its probability, learns from all its rows, and comes back") {
  MosState state({.sizes = {40, 30}, .batch_size = 2, .update_interval = 5, .inner_steps = 50, .learning_rate = 1e-2});
  state.restrict_rows(Rows{{1, 2, 3, 4}, {}});
  std::set<Index> asked_of_second;
  const auto loss = [&](const Example& e) {
    if (e.dataset == 1) asked_of_second.insert(e.row);
    return e.dataset == 1 ? 0.1 * static_cast<double>(state.step()) : 0.0;
  };
  std::vector<Batch> batches;
  draw<Difficulty>(state, loss_callback(loss), 60, &batches);
  for (const Batch& batch : batches)
    for (const Example& e : batch.examples) REQUIRE((e.dataset == 0 && e.row >= 1 && e.row <= 4));
  CHECK(asked_of_second.size() == 30);
  CHECK((state.probabilities()[1] > 0.7 && !state.retired(1)));
  state.restrict_rows(1, Indices{9});
  for (int step = 0; step < 20; ++step) (void)state.draw();
  CHECK(state.drawn(1) > 10);
}

TEST_CASE("A callback that restricts rows does so for the batch that follows, not for the rewards under way") {
  MosState state({.sizes = {40, 30}, .batch_size = 2, .update_interval = 3, .reward_batch = 40});
  std::vector<std::size_t> asked;
  bool restricts = false;
  const Callbacks callbacks{.loss = [&](std::span<const Example> examples, std::span<float> out) {
    asked.push_back(examples.size());
    if (restricts) state.restrict_rows(Rows{{5}, {6, 7}});
    for (float& loss : out) loss = 1.0f;
  }};
  const Difficulty policy{.reference = loss_callback(plain_loss).loss};
  Index updates = 0;
  for (const Batch& batch : MosSampler<Difficulty>(state, callbacks, policy)) {
    if (state.updates() == 1 && updates == 0) {
      CHECK(asked == std::vector<std::size_t>{40, 30});
      restricts = true;
    } else if (state.updates() == 2) {
      if (updates == 1) CHECK(asked == std::vector<std::size_t>{40, 30, 40, 30});
      restricts = false;
      for (const Example& e : batch.examples) CHECK((e.dataset == 0 ? e.row == 5 : e.row == 6 || e.row == 7));
    } else if (state.updates() == 3) {
      CHECK(asked == std::vector<std::size_t>{40, 30, 40, 30, 1, 2});
      break;
    }
    updates = state.updates();
  }
  CHECK(state.updates() == 3);
}

TEST_CASE("What the prior, the shares and the rewards are does not depend on the rows") {
  MosState state({.sizes = {10, 30}, .prior_temperature = 1.0});
  const auto before = state.probabilities();
  state.restrict_rows(Rows{{0}, {0}});
  CHECK(state.probabilities() == before);
  CHECK(state.prior()[1] == Approx(0.75));
  CHECK((state.rows(1).count(30) == 1 && state.rows().size() == 2));
}

TEST_CASE("Rows and datasets that cannot be are refused, and the state is as it was") {
  MosState state = well_under_way();  // 40, 30 and 70 rows
  state.restrict_rows(2, Indices{1, 69});
  const std::string before = saved(state);
  CHECK_THAT(thrown<ValueError>([&] {
               state.restrict_rows(1, Indices{1, 30});
             }),
             ContainsSubstring("rows[1] of dataset 1 is 30; needs to be in [0, 30)"));
  CHECK_THAT(thrown<ValueError>([&] {
               state.restrict_rows(Rows{{0}, {1, 2, 1}, {}});
             }),
             ContainsSubstring("dataset 1 has row 1 twice"));
  CHECK_THAT(thrown<ValueError>([&] {
               state.restrict_rows(Rows{{0}, {1}, {-1}});
             }),
             ContainsSubstring("of dataset 2 is -1"));
  CHECK_THAT(thrown<ValueError>([&] { state.restrict_rows(Rows{{}, {}, {}}); }), ContainsSubstring("no dataset"));
  CHECK_THAT(thrown<ShapeError>([&] { state.restrict_rows(Rows{{0}, {1}}); }), ContainsSubstring("rows of 2 datasets"));
  for (Index wrong : {Index{-1}, Index{3}}) {
    CHECK_THAT(thrown<ValueError>([&] { state.restrict_rows(wrong, Indices{0}); }), ContainsSubstring("dataset is"));
    CHECK_THROWS_AS(state.lift_restriction(wrong), ValueError);
    CHECK_THROWS_AS(state.rows(wrong), ValueError);
  }
  CHECK((saved(state) == before));
}

TEST_CASE("The last dataset with rows is not retired, and those of retired datasets wait") {
  MosState state({.sizes = {10, 10, 10}, .batch_size = 2});
  state.restrict_rows(Rows{{1, 2}, {}, {}});
  CHECK_THAT(thrown<ValueError>([&] { state.retire(0); }), ContainsSubstring("the last one in the mixture"));
  state.restrict_rows(Rows{{1, 2}, {3}, {}});
  state.retire(0);
  CHECK_THROWS_AS(state.restrict_rows(1, Indices{}), ValueError);
  state.restrict_rows(0, Indices{7});
  for (const Example& e : state.draw().examples) CHECK((e.dataset == 1 && e.row == 3));
  state.restore(0);
  state.retire(1);
  for (const Example& e : state.draw().examples) CHECK((e.dataset == 0 && e.row == 7));
}

TEST_CASE("Copies go their own ways, and a checkpoint without restricted rows is what it was") {
  MosState one(runs::options), two = one;
  const std::string before = saved(one);
  one.restrict_rows(0, Indices{1, 2, 3});
  CHECK((saved(two) == before));
  two = one;
  two.restrict_rows(0, Indices{4});
  CHECK(one.rows(0).count(300) == 3);
  one.lift_restriction(0);
  CHECK((saved(one) == before));  // nothing was drawn meanwhile
}

}
