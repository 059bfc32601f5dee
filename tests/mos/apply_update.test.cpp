// SPDX-License-Identifier: MIT
// Tests of mos/apply_update.hpp.
#include <pickmix/mos/apply_update.hpp>

#include <pickmix/mos/logit_scorer.hpp>
#include <support/catch.hpp>
#include <support/fixed_scorer.hpp>

#include <cmath>
#include <vector>

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

const MosOptions options{.sizes = {1, 1, 1}, .inner_steps = 1, .learning_rate = 0.5};
const std::vector<bool> no_mask(3, false);

}  // namespace

TEST_CASE("A rule that gives a gradient moves the logits by the options' optimiser") {
  LogitScorer scorer(Doubles{0.0, 0.0, 0.0});
  Doubles memory;
  detail::apply_update(scorer, Drift{}, Doubles{1.0, 2.0, 3.0}, {options, no_mask}, memory);
  CHECK(scorer.logits()[0] == Approx(-0.5).epsilon(1e-6));
  CHECK(scorer.logits()[2] == Approx(0.5).epsilon(1e-6));
  CHECK(memory.empty());
}

TEST_CASE("A rule that sets the distribution does so where nothing is masked") {
  LogitScorer scorer(Doubles{std::log(0.5), std::log(0.25), std::log(0.25)});
  Doubles memory;
  detail::apply_update(scorer, ClosedForm{}, Doubles{9.0, 1.0, 3.0}, {options, {true, false, false}}, memory);
  CHECK(std::exp(scorer.logits()[0]) == Approx(1.0));  // as much as the others together, as before
  CHECK(std::exp(scorer.logits()[1]) == Approx(0.25));
  CHECK(std::exp(scorer.logits()[2]) == Approx(0.75));
  detail::apply_update(scorer, Exp3{}, Doubles{1.0, 1.0, 1.0}, {options, no_mask}, memory);
  CHECK(memory.size() == 3);
}

TEST_CASE("A scorer that cannot take a distribution, and a logit that leaves the doubles, are refused") {
  FixedScorer fixed(Doubles{0.0, 0.0, 0.0});
  Doubles memory;
  CHECK_THROWS_WITH(detail::apply_update(fixed, ClosedForm{}, Doubles{1.0, 1.0, 1.0}, {options, no_mask}, memory),
                    ContainsSubstring("'closed_form'") && ContainsSubstring("'fixed'"));
  const MosOptions steep{.sizes = {1, 1}, .learning_rate = 1e308};
  LogitScorer scorer(Doubles{0.0, 0.0});
  CHECK_THROWS_WITH(detail::apply_update(scorer, Drift{}, Doubles{0.0, 1.0}, {steep, {false, false}}, memory),
                    ContainsSubstring("learning_rate"));
}

TEST_CASE("A rule that divides by how likely datasets were is told what was drawn from") {
  LogitScorer scorer(Doubles{0.0, 0.0, 0.0});
  Doubles memory;
  const Doubles drawn_from{0.0, 0.2, 0.8};
  detail::apply_update(scorer, Exp3{}, Doubles{1.0, 1.0, 1.0}, {options, no_mask, 0, drawn_from}, memory);
  CHECK(memory[0] == 0.0);
  CHECK(memory[1] == Approx(0.5));
  CHECK(memory[2] == Approx(0.125));
}
