// SPDX-License-Identifier: MIT
// Tests of mos/options_file.hpp.
#include <pickmix/mos/options_file.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <sstream>
#include <string_view>
#include <vector>

namespace mos_options_file_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

namespace {

MosOptions through_a_file(const MosOptions& options) {
  ArchiveWriter file("test", 2);
  detail::save_options(file, options);
  std::stringstream stream;
  file.finish(stream);
  ArchiveReader in(stream, "test", 2);
  return detail::load_options(in, 2);
}

}  // namespace

TEST_CASE("Every option comes back") {
  const MosOptions options{.sizes = {3, 4},
                           .batch_size = 5,
                           .prior_temperature = 2.0,
                           .update_interval = 6,
                           .inner_steps = 7,
                           .learning_rate = 0.25,
                           .reward_batch = 8,
                           .seed = 9,
                           .update = ClosedForm{0.5},
                           .optimizer = Optimizer::sgd,
                           .least_probability = 0.125,
                           .draw = Draw::example,
                           .replacement = true,
                           .most_passes = 1.5,
                           .epoch_steps = 11,
                           .tokens = {10.0, 20.0}};
  const MosOptions again = through_a_file(options);
  CHECK(again.sizes == options.sizes);
  CHECK((again.batch_size == 5 && again.update_interval == 6 && again.inner_steps == 7 && again.reward_batch == 8));
  CHECK((again.prior_temperature == 2.0 && again.learning_rate == 0.25 && again.seed == 9));
  CHECK(std::get<ClosedForm>(again.update).rate == 0.5);
  CHECK((again.optimizer == Optimizer::sgd && again.least_probability == 0.125 && again.draw == Draw::example));
  CHECK((again.replacement && again.most_passes == 1.5 && again.epoch_steps == 11 && again.tokens == options.tokens));
  MosOptions passes{.sizes = {3}};
  passes.epoch_end = EpochEnd::every_pass;
  CHECK(through_a_file(passes).epoch_end == EpochEnd::every_pass);
}

TEST_CASE("What is neither 0 nor 1 says nothing of a drift") {
  for (const double wrong : {0.5, -1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(detail::load_update("drift", {wrong}), CheckpointError);
  CHECK(std::get<Drift>(detail::load_update("drift", {1.0})).centred);
  CHECK(!std::get<Drift>(detail::load_update("drift", {0.0})).centred);
}

TEST_CASE("Every rule comes back with its parameters") {
  const std::vector<Update> rules{Drift{true}, PolicyGradient{},          ExponentiatedGradient{0.5, 0.25},
                                  Exp3{0.75},  Boltzmann{1.0, 0.5, 0.25}, ClosedForm{0.125}};
  for (const Update& rule : rules) {
    const Update again = through_a_file({.sizes = {1}, .update = rule}).update;
    CHECK(name(again) == name(rule));
    CHECK(std::visit([](const auto& r) { return detail::parameters(r); }, again) ==
          std::visit([](const auto& r) { return detail::parameters(r); }, rule));
  }
}

}
