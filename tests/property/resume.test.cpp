// SPDX-License-Identifier: MIT
// A run that is left, or saved and loaded, goes on as if nothing had happened.
#include <pickmix/mos/sampler.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/runs.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace property_resume_test {

using namespace pickmix;
using runs::draw, runs::model, runs::options, runs::same;

TEST_CASE("A loop that is left anywhere goes on as if it had not been left") {
  MosState whole(options), parts(options);
  std::vector<Batch> straight, pieces;
  draw(whole, loss_callback(model(whole)), 330, &straight);
  for (Index piece : {1, 14, 1, 59, 30, 104, 2, 119}) draw(parts, loss_callback(model(parts)), piece, &pieces);
  REQUIRE(pieces.size() == 330);
  for (std::size_t k = 0; k < 330; ++k) REQUIRE(same(pieces[k], straight[k]));
  CHECK((saved(parts) == saved(whole)));
}

TEST_CASE("A run resumed from a checkpoint of any step draws what the uninterrupted run draws") {
  constexpr Index last = 240;
  MosState state(options);
  std::vector<std::string> checkpoints{saved(state)};
  std::vector<Batch> straight;
  for (Index step = 0; step < last; ++step) {
    draw(state, loss_callback(model(state)), 1, &straight);
    checkpoints.push_back(saved(state));
  }
  CHECK(state.updates() == 15);
  CHECK(state.probabilities()[0] > 0.36);  // the mixture has moved
  for (std::size_t from = 0; from <= 200; ++from) {
    CAPTURE(from);
    auto resumed = loaded(checkpoints[from]);
    std::vector<Batch> rest;
    draw(resumed, loss_callback(model(resumed)), last - static_cast<Index>(from), &rest);
    for (std::size_t k = 0; k < rest.size(); ++k) REQUIRE(same(rest[k], straight[from + k]));
    REQUIRE((saved(resumed) == checkpoints.back()));
  }
}

}
