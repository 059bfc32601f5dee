// SPDX-License-Identifier: MIT
// A damaged checkpoint is refused: cut anywhere, flipped anywhere, or with one field spoilt under a right checksum.
#include <pickmix/mos/state.hpp>

#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/state_fields.hpp>
#include <support/thrown.hpp>

#include <cstddef>
#include <limits>
#include <string>

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The message with which a checkpoint is refused whose fields are right but for what `spoil` does to them.
template <class Spoil>
std::string refusal(Spoil&& spoil) {
  StateFields fields;
  spoil(fields);
  const std::string bytes = fields.bytes();
  return thrown<CheckpointError>([&] { (void)loaded(bytes); });
}

}  // namespace

TEST_CASE("A checkpoint cut off anywhere is refused") {
  const std::string bytes = saved(well_under_way());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    REQUIRE_THROWS_AS(loaded(bytes.substr(0, length)), CheckpointError);
  }
}

TEST_CASE("A checkpoint with any bit flipped is refused") {
  const std::string bytes = saved(well_under_way());
  for (std::size_t at = 0; at < 8 * bytes.size(); ++at) {
    CAPTURE(at);
    std::string flipped = bytes;
    flipped[at / 8] = static_cast<char>(flipped[at / 8] ^ 1 << at % 8);
    REQUIRE_THROWS_AS(loaded(flipped), CheckpointError);
  }
}

TEST_CASE("The format is the documented fields in the documented order, and no others") {
  const StateFields fields;
  CHECK((saved(loaded(fields.bytes())) == fields.bytes()));
  CHECK_THAT(refusal([](StateFields& f) { f.archive_kind = "mos.other"; }), ContainsSubstring("mos.other"));
  CHECK_THAT(refusal([](StateFields& f) { f.archive_version = 2; }), ContainsSubstring("version is 2"));
  CHECK_THAT(refusal([](StateFields& f) { f.one_more = true; }), ContainsSubstring("left over"));
}

TEST_CASE("Options in a checkpoint that are out of range are refused by name") {
  CHECK_THAT(refusal([](StateFields& f) { f.sizes = {}; }), ContainsSubstring("sizes"));
  CHECK_THAT(refusal([](StateFields& f) { f.sizes[1] = 0; }), ContainsSubstring("sizes[1] is 0"));
  CHECK_THAT(refusal([](StateFields& f) { f.batch_size = {0}; }), ContainsSubstring("batch_size"));
  CHECK_THAT(refusal([](StateFields& f) { f.prior_temperature = {not_a_number}; }),
             ContainsSubstring("prior_temperature"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_interval = {-5}; }), ContainsSubstring("update_interval"));
  CHECK_THAT(refusal([](StateFields& f) { f.inner_steps = {0}; }), ContainsSubstring("inner_steps"));
  CHECK_THAT(refusal([](StateFields& f) { f.learning_rate = {-1.0}; }), ContainsSubstring("learning_rate"));
  CHECK_THAT(refusal([](StateFields& f) { f.reward_batch = {0}; }), ContainsSubstring("reward_batch"));
}

TEST_CASE("Counters in a checkpoint that are out of range are refused by name") {
  constexpr Index largest = std::numeric_limits<Index>::max();
  CHECK_THAT(refusal([](StateFields& f) { f.step = {-1}; }), ContainsSubstring("'step' is -1"));
  CHECK_THAT(refusal([](StateFields& f) { f.step = {largest}; }), ContainsSubstring("'step' is 9223372036854775807"));
  CHECK_THAT(refusal([](StateFields& f) { f.batch_size = {largest}; }), ContainsSubstring("batch_size"));
  CHECK_THAT(refusal([](StateFields& f) { f.updates = {largest}; }), ContainsSubstring("'updates'"));
  CHECK_THAT(refusal([](StateFields& f) { f.updated_at = {8}; }), ContainsSubstring("'updated_at' is 8"));
  CHECK_THAT(refusal([](StateFields& f) { f.updated_at = {-1}; }), ContainsSubstring("'updated_at' is -1"));
  CHECK_THAT(refusal([](StateFields& f) { f.drawn = {12, largest}; }), ContainsSubstring("'drawn'[1]"));
  CHECK_THAT(refusal([](StateFields& f) { f.drawn = {12, 15}; }), ContainsSubstring("1 less than step"));
  CHECK_THAT(refusal([](StateFields& f) { f.rewards[0] = not_a_number; }), ContainsSubstring("'rewards'[0] is nan"));
  CHECK_THAT(refusal([](StateFields& f) { f.rewards[1] = -1.0; }), ContainsSubstring("'rewards'[1] is -1"));
  CHECK_THAT(refusal([](StateFields& f) { f.rewards = {}; }), ContainsSubstring("'rewards' has 0 values"));
  CHECK_THAT(refusal([](StateFields& f) { f.adam_steps = {largest}; }), ContainsSubstring("adam.steps"));
  CHECK_THAT(refusal([](StateFields& f) { f.updates = {-1}; }), ContainsSubstring("'updates' is -1"));
  CHECK_THAT(refusal([](StateFields& f) { f.updated_at = {-2}; }), ContainsSubstring("'updated_at' is -2"));
  CHECK_THAT(refusal([](StateFields& f) { f.drawn = {12, -1}; }), ContainsSubstring("'drawn'[1] is -1"));
  CHECK_THAT(refusal([](StateFields& f) { f.memory = {-1}; }), ContainsSubstring("'memory' is -1"));
}

TEST_CASE("Fields of the wrong length are refused by name") {
  CHECK_THAT(refusal([](StateFields& f) { f.sizes = {10, 30, 5}; }), ContainsSubstring("'drawn' has 2 values"));
  CHECK_THAT(refusal([](StateFields& f) { f.batch_size = {4, 4}; }), ContainsSubstring("'batch_size' has 2 values"));
  CHECK_THAT(refusal([](StateFields& f) { f.seed = {}; }), ContainsSubstring("'seed' has 0 values"));
  CHECK_THAT(refusal([](StateFields& f) { f.drawn = {12}; }), ContainsSubstring("'drawn' has 1 values"));
  CHECK_THAT(refusal([](StateFields& f) { f.rewards = {1.0}; }), ContainsSubstring("'rewards' has 1 values"));
  CHECK_THAT(refusal([](StateFields& f) { f.memory = {2}; }), ContainsSubstring("memory.name"));
}

TEST_CASE("A scorer's fields that are out of range are refused by name") {
  CHECK_THAT(refusal([](StateFields& f) { f.scorer = "perceptron"; }), ContainsSubstring("'perceptron' scorer"));
  CHECK_THAT(refusal([](StateFields& f) { f.weights = {0.0}; }), ContainsSubstring("logit.weights"));
  CHECK_THAT(refusal([](StateFields& f) { f.weights[1] = infinity; }), ContainsSubstring("'logit.weights'[1]"));
  CHECK_THAT(refusal([](StateFields& f) { f.adam_steps = {-1}; }), ContainsSubstring("adam.steps"));
  CHECK_THAT(refusal([](StateFields& f) { f.adam_mean = {0.0}; }), ContainsSubstring("adam.mean"));
  CHECK_THAT(refusal([](StateFields& f) { f.adam_square[0] = -0.1; }), ContainsSubstring("moments [0]"));
}
