// SPDX-License-Identifier: MIT
// What is a scorer, and that a state takes any.
#include <pickmix/mos/scorer.hpp>

#include <pickmix/mos/state.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/fixed_scorer.hpp>
#include <support/thrown.hpp>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace mos_scorer_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

struct WithoutAscend : FixedScorer {
  using FixedScorer::FixedScorer;
  void ascend(std::span<const double>, const AscentStep&) = delete;
  static WithoutAscend load(ArchiveReader&, std::size_t);
};

struct LoadsAnother : FixedScorer {  // inherits a load() that makes its base
  using FixedScorer::FixedScorer;
};

struct FromNothing : FixedScorer {
  FromNothing();
  static FromNothing load(ArchiveReader&, std::size_t);
};

}  // namespace

static_assert(Scorer<FixedScorer>);
static_assert(!Scorer<WithoutAscend> && !Scorer<LoadsAnother> && !Scorer<FromNothing> && !Scorer<int>);

TEST_CASE("A state with a scorer of one's own draws, learns, saves and loads") {
  MosState<FixedScorer> state({.sizes = {10, 30}, .batch_size = 4, .prior_temperature = 1.0});
  CHECK(state.draw().examples.size() == 4);
  state.learn(std::vector<double>{1.0, 5.0});
  CHECK(state.updates() == 1);
  CHECK(state.probabilities()[1] == Approx(0.75));  // fixed
  CHECK((saved(loaded<MosState<FixedScorer>>(saved(state))) == saved(state)));
}

TEST_CASE("A scorer that throws while it learns leaves the state as it was") {
  struct Throws : FixedScorer {
    using FixedScorer::FixedScorer;
    int steps = 0;
    void ascend(std::span<const double>, const AscentStep&) {
      if (++steps == 3) throw std::runtime_error("no further");
    }
    void save(ArchiveWriter& out) const { out.write("steps", Index{steps}); }
    static Throws load(ArchiveReader&, std::size_t) { return Throws(std::vector<double>{}); }
  };
  MosState<Throws> state({.sizes = {10, 30}});
  const std::string before = saved(state);
  CHECK(thrown<std::runtime_error>([&] { state.learn(std::vector<double>{1.0, 2.0}); }) == "no further");
  CHECK((saved(state) == before));
}

TEST_CASE("A state does not take another scorer's checkpoint, in either direction") {
  const MosOptions options{.sizes = {10, 30}};
  CHECK_THAT(thrown<CheckpointError>([&] { (void)loaded(saved(MosState<FixedScorer>(options))); }),
             ContainsSubstring("'fixed' scorer") && ContainsSubstring("'logit'"));
  CHECK_THAT(thrown<CheckpointError>([&] { (void)loaded<MosState<FixedScorer>>(saved(MosState<>(options))); }),
             ContainsSubstring("'logit' scorer"));
}

}
