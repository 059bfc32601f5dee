// SPDX-License-Identifier: MIT
// Free logits: where they start, how they move, their checkpoint.
#include <pickmix/mos/logit_scorer.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace mos_logit_scorer_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Doubles = std::vector<double>;

Doubles logits(const LogitScorer& scorer) { return {scorer.logits().begin(), scorer.logits().end()}; }

LogitScorer load(const ArchiveWriter& out, std::size_t datasets) {
  std::stringstream file;
  out.finish(file);
  ArchiveReader in(file, "test", 1);
  LogitScorer scorer = LogitScorer::load(in, datasets);
  in.finish();
  return scorer;
}

std::string refusal(const Doubles& weights) {
  ArchiveWriter out("test", 1);
  out.write("logit.weights", weights);
  Adam(2).save(out);
  return thrown<CheckpointError>([&] { (void)load(out, 2); });
}

}  // namespace

TEST_CASE("The logits start exactly at the prior") {
  const Doubles prior{std::log(0.25), std::log(0.75)};
  CHECK(logits(LogitScorer(prior)) == prior);
}

TEST_CASE("The logits move as Adam moves them") {
  Doubles expected{-1.0, -0.5};
  LogitScorer scorer(expected);
  Adam adam(2);
  for (double gradient : {0.5, -0.25, 1.0}) {
    scorer.ascend(Doubles{gradient, -gradient}, {0.01});
    adam.ascend(expected, Doubles{gradient, -gradient}, {0.01});
  }
  CHECK(logits(scorer) == expected);
}

TEST_CASE("A loaded scorer goes on as the saved one") {
  LogitScorer scorer(Doubles{-1.0, -0.5});
  scorer.ascend(Doubles{0.3, -0.2}, {0.1});
  ArchiveWriter out("test", 1);
  scorer.save(out);
  LogitScorer copy = load(out, 2);
  CHECK(logits(copy) == logits(scorer));
  scorer.ascend(Doubles{-0.1, 0.7}, {0.1});
  copy.ascend(Doubles{-0.1, 0.7}, {0.1});
  CHECK(logits(copy) == logits(scorer));
}

TEST_CASE("Weights that do not fit the datasets or are not finite are refused by name") {
  CHECK(refusal({0.0, 0.0}) == "(nothing was thrown)");
  CHECK_THAT(refusal({0.0}), ContainsSubstring("logit.weights") && ContainsSubstring("expected 2"));
  CHECK_THAT(refusal({0.0, 0.0, 0.0}), ContainsSubstring("logit.weights"));
  CHECK_THAT(refusal({0.0, std::numeric_limits<double>::quiet_NaN()}), ContainsSubstring("'logit.weights'[1]"));
  CHECK_THAT(refusal({-std::numeric_limits<double>::infinity(), 0.0}), ContainsSubstring("'logit.weights'[0]"));
}

TEST_CASE("Optimiser moments that do not fit the datasets are refused") {
  ArchiveWriter out("test", 1);
  out.write("logit.weights", Doubles{0.0, 0.0});
  Adam(3).save(out);
  CHECK_THAT(thrown<CheckpointError>([&] { (void)load(out, 2); }), ContainsSubstring("adam.mean"));
}

}
