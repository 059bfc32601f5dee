// SPDX-License-Identifier: MIT
// Options: the defaults are as documented, and what is out of range is refused by name.
#include <pickmix/mos/options.hpp>

#include <support/catch.hpp>
#include <support/thrown.hpp>

#include <limits>
#include <string>

namespace mos_options_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The message for options that are right but for what `spoil` does to them.
template <class Spoil>
std::string refusal(Spoil&& spoil) {
  MosOptions options{.sizes = {10, 20}};
  spoil(options);
  return thrown<ValueError>([&] { validate(options); });
}

}  // namespace

TEST_CASE("The defaults are as documented: updates as released, draws as printed, rows without replacement") {
  const MosOptions options;
  CHECK(options.batch_size == 64);
  CHECK(options.prior_temperature == infinity);
  CHECK(options.update_interval == 100);
  CHECK(options.inner_steps == 200);
  CHECK(options.learning_rate == 1e-4);
  CHECK(options.reward_batch == 64);
  CHECK(options.seed == 0);
  CHECK(name(options.update) == "drift");
  CHECK(options.optimizer == Optimizer::adam);
  CHECK(options.draw == Draw::batch);
  CHECK_FALSE(options.replacement);
}

TEST_CASE("The smallest values in range are accepted") {
  CHECK_NOTHROW(validate({.sizes = {1},
                          .batch_size = 1,
                          .prior_temperature = 1e-6,
                          .update_interval = 1,
                          .inner_steps = 1,
                          .learning_rate = 0.0,
                          .reward_batch = 1}));
}

TEST_CASE("No dataset is refused") {
  CHECK_THAT(thrown<ShapeError>([] { validate({}); }), ContainsSubstring("sizes is empty"));
}

TEST_CASE("An empty dataset is refused by its number") {
  CHECK_THAT(refusal([](MosOptions& o) { o.sizes = {10, 0}; }), ContainsSubstring("sizes[1] is 0"));
  CHECK_THAT(refusal([](MosOptions& o) { o.sizes = {-5, 10}; }), ContainsSubstring("sizes[0] is -5"));
}

TEST_CASE("A count below one is refused by name") {
  for (Index bad : {0, -1}) {
    CHECK_THAT(refusal([&](MosOptions& o) { o.batch_size = bad; }), ContainsSubstring("batch_size"));
    CHECK_THAT(refusal([&](MosOptions& o) { o.update_interval = bad; }), ContainsSubstring("update_interval"));
    CHECK_THAT(refusal([&](MosOptions& o) { o.inner_steps = bad; }), ContainsSubstring("inner_steps"));
    CHECK_THAT(refusal([&](MosOptions& o) { o.reward_batch = bad; }), ContainsSubstring("reward_batch"));
  }
}

TEST_CASE("Sizes that would overflow a counter are refused by name") {
  constexpr Index largest = std::numeric_limits<Index>::max();
  CHECK_THAT(refusal([](MosOptions& o) { o.sizes = {10, largest}; }), ContainsSubstring("sizes[1]"));
  CHECK_THAT(refusal([](MosOptions& o) { o.batch_size = largest; }), ContainsSubstring("batch_size"));
  CHECK_THAT(thrown<ShapeError>([] { validate({.sizes = std::vector<Index>((1 << 20) + 1, 1)}); }),
             ContainsSubstring("sizes has 1048577 datasets"));
}

TEST_CASE("A prior temperature that is not above zero is refused by name") {
  for (double bad : {0.0, std::numeric_limits<double>::denorm_min(), -1.0, -infinity, not_a_number})
    CHECK_THAT(refusal([&](MosOptions& o) { o.prior_temperature = bad; }), ContainsSubstring("prior_temperature"));
}

TEST_CASE("A learning rate that is negative or not finite is refused by name") {
  for (double bad : {-1e-9, infinity, not_a_number})
    CHECK_THAT(refusal([&](MosOptions& o) { o.learning_rate = bad; }), ContainsSubstring("learning_rate"));
}

TEST_CASE("A rule's parameters, floor, cap, epoch and tokens out of range are refused by name") {
  const auto refused = [](const auto& spoil) {
    MosOptions options{.sizes = {3, 4}};
    spoil(options);
    try {
      validate(options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(refused([](MosOptions&) {}) == "accepted");
  CHECK_THAT(refused([](MosOptions& o) { o.update = ClosedForm{2.0}; }), ContainsSubstring("rate"));
  CHECK_THAT(refused([](MosOptions& o) { o.least_probability = 0.75; }), ContainsSubstring("one in 2 datasets"));
  CHECK_THAT(refused([](MosOptions& o) { o.least_probability = -0.1; }), ContainsSubstring("least_probability"));
  CHECK_THAT(refused([](MosOptions& o) { o.most_passes = 0.0; }), ContainsSubstring("most_passes"));
  CHECK_THAT(refused([](MosOptions& o) { o.epoch_steps = -1; }), ContainsSubstring("epoch_steps"));
  CHECK_THAT(refused([](MosOptions& o) { o.epoch_end = EpochEnd::first_pass, o.replacement = true; }),
             ContainsSubstring("no passes"));
  CHECK_THAT(refused([](MosOptions& o) { o.draw = static_cast<Draw>(2); }), ContainsSubstring("draw is 2"));
  CHECK_THAT(refused([](MosOptions& o) { o.optimizer = static_cast<Optimizer>(-1); }), ContainsSubstring("optimizer"));
  CHECK_THAT(refused([](MosOptions& o) { o.epoch_end = static_cast<EpochEnd>(3); }), ContainsSubstring("epoch_end"));
  CHECK_THAT(refused([](MosOptions& o) { o.tokens = {1.0}; }), ContainsSubstring("tokens has 1"));
  CHECK_THAT(refused([](MosOptions& o) { o.tokens = {1.0, 0.0}; }), ContainsSubstring("tokens[1]"));
}

}
