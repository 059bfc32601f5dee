// SPDX-License-Identifier: MIT
// Tests of mos/feature_scorer.hpp.
#include <pickmix/mos/feature_scorer.hpp>

#include <pickmix/core/numeric.hpp>
#include <pickmix/mos/drift.hpp>
#include <pickmix/mos/update.hpp>
#include <support/catch.hpp>
#include <support/scorer_gradients.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <sstream>
#include <string_view>
#include <vector>

namespace mos_feature_scorer_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

const Doubles log_of_prior{std::log(0.5), std::log(0.2), std::log(0.3)};

const std::vector<Index> sizes{10, 40, 100}, drawn{20, 20, 20};
const Doubles even{1.0 / 3, 1.0 / 3, 1.0 / 3}, before{0.2, 0.4, 0.6}, losses{1.0, std::nan(""), 3.0};

FeatureScorer in_training() {
  FeatureScorer scorer(log_of_prior);
  scorer.see({sizes, drawn, even, before, losses, 500});
  return scorer;
}

/// Its fields, `spoilt` by a function of (name, values) on the way.
template <class Spoil>
std::stringstream fields(const FeatureScorer& scorer, const Spoil& spoil) {
  std::stringstream original;
  {
    ArchiveWriter file("test", 1);
    scorer.save(file);
    file.finish(original);
  }
  ArchiveReader in(original, "test", 1);
  ArchiveWriter file("test", 1);
  for (const char* name : {"feature.log_prior", "feature.features", "feature.parameters"}) {
    Doubles values = in.read_all<double>(name);
    spoil(name, values);
    file.write(name, values);
  }
  Adam(scorer.parameters().size()).save(file);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

FeatureScorer loaded(std::stringstream stream, std::size_t datasets = 3) {
  ArchiveReader file(stream, "test", 1);
  return FeatureScorer::load(file, datasets);
}
std::stringstream saved(const FeatureScorer& scorer) {
  ArchiveWriter file("test", 1);
  scorer.save(file);
  std::stringstream stream;
  file.finish(stream);
  return stream;
}

}  // namespace

TEST_CASE("It starts exactly at the prior, whatever it sees") {
  const FeatureScorer scorer(log_of_prior), seeing = in_training();
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) == log_of_prior);
  CHECK(Doubles(seeing.logits().begin(), seeing.logits().end()) == log_of_prior);
}

TEST_CASE("Feature scorer: its gradient is that of finite differences, in every parameter") {
  scorer_gradients::check(in_training(), [](const FeatureScorer& scorer, std::size_t k, double by) {
    return loaded(fields(scorer, [&](std::string_view name, Doubles& values) {
      if (name == "feature.parameters") values[k] += by;
    }));
  });
}

TEST_CASE("Features are those of the doc comment") {
  bool seen = false;
  fields(in_training(), [&](std::string_view name, Doubles& x) {
    if (name != "feature.features") return;
    seen = true;
    const Doubles first{std::log(10.0 / 50.0), 2.0 / 3.0, 0.0, 0.2 / 0.4 - 1.0, 1.0 / 2.0 - 1.0, 1.0 / 3.0};
    for (std::size_t f = 0; f < 6; ++f) CHECK(x[f] == Approx(first[f]).margin(1e-12));
    CHECK(x[6 + 4] == 0.0);  // nothing was reported
    CHECK(x[12 + 4] == Approx(0.5));
  });
  CHECK(seen);
}

TEST_CASE("A retired dataset has no part in the means") {
  const auto of_first = [](const LearningState& now) {
    FeatureScorer scorer(log_of_prior);
    scorer.see(now);
    Doubles first;
    fields(scorer, [&](std::string_view name, Doubles& x) {
      if (name == "feature.features") first.assign(x.begin(), x.begin() + 6);
    });
    return first;
  };
  const Doubles p{0.75, 0.25, 0.0};
  const std::vector<Index> larger{10, 40, 1'000'000};
  const Doubles one{0.2, 0.4, 0.0}, other{0.2, 0.4, 50.0};
  CHECK(of_first({sizes, drawn, p, one, {}, 9}) == of_first({larger, drawn, p, other, {}, 9}));
  CHECK(of_first({sizes, drawn, p, one, {}, 9})[2] == Approx(0.25));
}

TEST_CASE("What it has learnt is read off the state: the same weights, other logits") {
  FeatureScorer scorer = in_training();
  ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 500, {1e-2});
  const Doubles there(scorer.logits().begin(), scorer.logits().end());
  scorer.see({sizes, drawn, even, Doubles{0.6, 0.4, 0.2}, losses, 500});
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) != there);
  scorer.see({sizes, drawn, even, before, losses, 500});
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) == there);
}

TEST_CASE("Feature scorer: it drifts towards the normalised rewards, by either optimiser") {
  for (const AscentStep& step : {AscentStep{1e-2}, AscentStep{3e-2, Optimizer::sgd}}) {
    FeatureScorer scorer = in_training();
    ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 4000, step);
    Doubles p(3);
    softmax(scorer.logits(), p);
    CHECK(p[0] == Approx(0.125).margin(2e-3));
    CHECK(p[2] == Approx(0.625).margin(2e-3));
  }
}

TEST_CASE("Other numbers of datasets than its own are refused") {
  FeatureScorer scorer(log_of_prior);
  const Doubles two{0.5, 0.5};
  CHECK_THROWS_AS(scorer.see({sizes, drawn, two, before, losses, 0}), ShapeError);
  CHECK_THROWS_AS(scorer.see({sizes, drawn, even, two, losses, 0}), ShapeError);
  CHECK_NOTHROW(scorer.see({sizes, drawn, even, {}, {}, 0}));
}

TEST_CASE("Feature scorer: saved and loaded it goes on to the same bits") {
  FeatureScorer scorer = in_training();
  ascend_update(scorer, Drift{}, Doubles{1.0, 2.0, 5.0}, {}, 10, {1e-2});
  FeatureScorer again = loaded(saved(scorer));
  ascend_update(scorer, Drift{}, Doubles{3.0, 2.0, 5.0}, {}, 10, {1e-2});
  ascend_update(again, Drift{}, Doubles{3.0, 2.0, 5.0}, {}, 10, {1e-2});
  CHECK(Doubles(scorer.logits().begin(), scorer.logits().end()) ==
        Doubles(again.logits().begin(), again.logits().end()));
}

TEST_CASE("Feature scorer: fields that cannot be are refused by name") {
  const FeatureScorer scorer = in_training();
  CHECK_NOTHROW(loaded(fields(scorer, [](std::string_view, Doubles&) {})));
  for (std::string_view field : {"feature.log_prior", "feature.features", "feature.parameters"}) {
    const auto refused = [&](const auto& spoil) {
      CHECK_THROWS_AS(loaded(fields(scorer,
                                    [&](std::string_view name, Doubles& v) {
                                      if (name == field) spoil(v);
                                    })),
                      CheckpointError);
    };
    refused([](Doubles& v) { v.pop_back(); });
    refused([](Doubles& v) { v[1] = std::nan(""); });
    refused([](Doubles& v) { v[0] = -std::numeric_limits<double>::infinity(); });
  }
  CHECK_THROWS_WITH(loaded(fields(scorer,
                                  [](std::string_view name, Doubles& v) {
                                    if (name == "feature.parameters") std::fill(v.begin(), v.end(), 1e308);
                                  })),
                    ContainsSubstring("'feature.parameters' gives dataset 0 the logit "));
}

}
