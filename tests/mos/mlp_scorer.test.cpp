// SPDX-License-Identifier: MIT
// Tests of mos/mlp_scorer.hpp.
#include <pickmix/mos/mlp_scorer.hpp>

#include <pickmix/core/numeric.hpp>
#include <pickmix/mos/drift.hpp>
#include <pickmix/mos/update.hpp>
#include <support/catch.hpp>
#include <support/scorer_gradients.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <sstream>
#include <string_view>
#include <vector>

namespace mos_mlp_scorer_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

const Doubles log_of_prior{std::log(0.5), std::log(0.2), std::log(0.3)};

/// Its fields, `spoilt` by a function of (name, values) on the way.
template <class Spoil>
std::stringstream fields(const MlpScorer& scorer, const Spoil& spoil) {
  ArchiveWriter file("test", 1);
  Doubles hidden{4.0}, parameters(scorer.parameters().begin(), scorer.parameters().end());
  spoil("mlp.hidden", hidden);
  spoil("mlp.parameters", parameters);
  file.write("mlp.hidden", static_cast<Index>(hidden[0]));
  file.write("mlp.parameters", parameters);
  Adam(parameters.size()).save(file);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

MlpScorer loaded(std::stringstream stream, std::size_t datasets = 3) {
  ArchiveReader file(stream, "test", 1);
  return MlpScorer::load(file, datasets);
}
std::stringstream saved(const MlpScorer& scorer) {
  ArchiveWriter file("test", 1);
  scorer.save(file);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

}  // namespace

TEST_CASE("It starts exactly at the prior") {
  const MlpScorer scorer(log_of_prior);
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) == log_of_prior);
  CHECK(scorer.parameters().size() == 64 + 3 * 64 + 3);
  CHECK_THROWS_AS(MlpScorer(log_of_prior, 0), ValueError);
}

TEST_CASE("Mlp scorer: its gradient is that of finite differences, in every parameter") {
  scorer_gradients::check(MlpScorer(log_of_prior, 4), [](const MlpScorer& scorer, std::size_t k, double by) {
    return loaded(fields(scorer, [&](std::string_view name, Doubles& values) {
      if (name == "mlp.parameters") values[k] += by;
    }));
  });
}

TEST_CASE("Mlp scorer: it drifts towards the normalised rewards, by either optimiser") {
  for (const AscentStep& step : {AscentStep{1e-3}, AscentStep{1e-2, Optimizer::sgd}}) {
    MlpScorer scorer(log_of_prior);
    ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 4000, step);
    Doubles p(3);
    softmax(scorer.logits(), p);
    CHECK(p[0] == Approx(0.125).margin(1e-3));
    CHECK(p[2] == Approx(0.625).margin(1e-3));
  }
}

TEST_CASE("Mlp scorer: saved and loaded it goes on to the same bits") {
  MlpScorer scorer(log_of_prior, 5);
  ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 10, {1e-2});
  MlpScorer again = loaded(saved(scorer));
  ascend_update(scorer, Drift{}, Doubles{3.0, 2.0, 5.0}, {}, 10, {1e-2});
  ascend_update(again, Drift{}, Doubles{3.0, 2.0, 5.0}, {}, 10, {1e-2});
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) ==
        Doubles(again.logits().begin(), again.logits().end()));
}

TEST_CASE("Mlp scorer: fields that cannot be are refused by name") {
  const MlpScorer scorer(log_of_prior, 4);
  const auto refused = [&](const auto& spoil) { CHECK_THROWS_AS(loaded(fields(scorer, spoil)), CheckpointError); };
  CHECK_NOTHROW(loaded(fields(scorer, [](std::string_view, Doubles&) {})));
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.hidden") v[0] = 0.0;
  });
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.hidden") v[0] = 5.0;
  });
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.parameters") v.pop_back();
  });
  refused([](std::string_view name, Doubles& v) {
    if (name == "mlp.parameters") v[7] = std::nan("");
  });
  CHECK_THROWS_WITH(loaded(fields(scorer,
                                  [](std::string_view name, Doubles& v) {
                                    if (name == "mlp.parameters") std::fill(v.begin(), v.end(), 1e308);
                                  })),
                    ContainsSubstring("'mlp.parameters' gives dataset 0 the logit inf"));
  CHECK_THROWS_AS(loaded(saved(scorer), 2), CheckpointError);
}

}
