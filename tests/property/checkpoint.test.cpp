// SPDX-License-Identifier: MIT
// A damaged checkpoint is refused: cut anywhere, flipped anywhere, or with one field spoilt under a right checksum.
#include <pickmix/mos/state.hpp>

#include <support/catch.hpp>
#include <support/checkpoints.hpp>
#include <support/state_fields.hpp>
#include <support/thrown.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace property_checkpoint_test {

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
  StateFields fields;
  for (std::uint32_t version : {2u, 3u}) {
    fields.archive_version = version;
    CHECK((saved(loaded(fields.bytes())) == fields.bytes()));
  }
  CHECK_THAT(refusal([](StateFields& f) { f.archive_kind = "mos.other"; }), ContainsSubstring("mos.other"));
  CHECK_THAT(refusal([](StateFields& f) { f.archive_version = 4; }), ContainsSubstring("version is 4"));
  CHECK_THAT(refusal([](StateFields& f) { f.one_more = true; }), ContainsSubstring("left over"));
}

TEST_CASE("A checkpoint of the first version is read, and goes on as it did") {
  StateFields fields;
  fields.archive_version = 1;
  MosState state = loaded(fields.bytes());
  CHECK(state.step() == 7);
  CHECK(state.probabilities() == std::vector<double>{0.5, 0.5});
  CHECK(name(state.options().update) == "drift");
  CHECK((state.options().draw == Draw::batch && !state.options().replacement && state.options().tokens.empty()));
  MosState again = loaded(saved(state));
  for (int step = 0; step < 20; ++step) {
    const Batch batch = state.draw();
    CHECK(batch.examples.size() == 4);
    CHECK(again.draw().examples.front().row == batch.examples.front().row);
  }
}

TEST_CASE("What came with the second version is refused by name where it cannot be") {
  CHECK_THAT(refusal([](StateFields& f) { f.update = "guess"; }), ContainsSubstring("no such rule"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_parameters = {4.0}; }), ContainsSubstring("update.parameters"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_parameters = {4.0, 2.0, 0.9}; }), ContainsSubstring("gamma"));
  CHECK_THAT(refusal([](StateFields& f) { f.optimizer = {2}; }), ContainsSubstring("optimizer"));
  CHECK_THAT(refusal([](StateFields& f) { f.least_probability = {0.6}; }), ContainsSubstring("least_probability"));
  CHECK_THAT(refusal([](StateFields& f) { f.draw = {-1}; }), ContainsSubstring("draw"));
  CHECK_THAT(refusal([](StateFields& f) { f.replacement = {2}; }), ContainsSubstring("replacement"));
  CHECK_THAT(refusal([](StateFields& f) { f.most_passes = {0.0}; }), ContainsSubstring("most_passes"));
  CHECK_THAT(refusal([](StateFields& f) { f.epoch_end = {3}; }), ContainsSubstring("epoch_end"));
  CHECK_THAT(refusal([](StateFields& f) { f.epoch_steps = {-1}; }), ContainsSubstring("epoch_steps"));
  CHECK_THAT(refusal([](StateFields& f) { f.tokens = {1.0}; }), ContainsSubstring("tokens"));
  CHECK_THAT(refusal([](StateFields& f) { f.masked = {1, 1}; }), ContainsSubstring("masked"));
  CHECK_THAT(refusal([](StateFields& f) { f.masked = {0}; }), ContainsSubstring("masked"));
  CHECK_THAT(refusal([](StateFields& f) { f.masked = {0, 2}; }), ContainsSubstring("masked"));
  CHECK_THAT(refusal([](StateFields& f) { f.reported_sum = {infinity, 0.0}; }), ContainsSubstring("reported"));
  CHECK_THAT(refusal([](StateFields& f) { f.reported_count = {0, -1}; }), ContainsSubstring("reported"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_memory = {infinity, 0.0}; }), ContainsSubstring("update.memory"));
}

TEST_CASE("What came with the third version, restricted rows, is refused by name where it cannot be") {
  const auto refusal_of_third = [](auto&& spoil) {
    return refusal([&](StateFields& f) {
      f.archive_version = 3;
      spoil(f);
    });
  };
  CHECK_THAT(refusal_of_third([](StateFields& f) {
               f.rows_since = {13, 0};
             }),
             ContainsSubstring("'rows.since'[0] is 13"));
  CHECK_THAT(refusal_of_third([](StateFields& f) {
               f.rows_passes = {7, 0};
             }),
             ContainsSubstring("'rows.passes'[0] is 7"));
  CHECK_THAT(refusal_of_third([](StateFields& f) { f.rows_count = {3}; }), ContainsSubstring("'rows.count' has 1"));
  CHECK_THAT(refusal_of_third([](StateFields& f) { f.rows = {2, 5, 10}; }), ContainsSubstring("'rows'[2] is 10"));
  CHECK_THAT(refusal_of_third([](StateFields& f) {
               f.rows_since = {12, 0}, f.rows_count = {0, -1}, f.rows = {};
             }),
             ContainsSubstring("'rows.count' leaves no row in the mixture"));
  CHECK_THAT(refusal_of_third([](StateFields& f) {
               f.rows_count = {0, -1}, f.rows = {}, f.masked = {0, 0};
             }),
             ContainsSubstring("'drawn'[0] is 12; needs to be in [0, 6]"));
  CHECK_THAT(refusal_of_third([](StateFields& f) { f.most_passes = {1.0}; }),
             ContainsSubstring("'drawn'[0] is 12; needs to be in [0, 9]"));
}

TEST_CASE("What a rule and policies remember is refused by name where it cannot be") {
  CHECK_THAT(refusal([](StateFields& f) { f.update_memory = {0.25}; }), ContainsSubstring("'update.memory' has 1"));
  CHECK_THAT(refusal([](StateFields& f) {
               f.update_memory = {0.1, 0.2, 0.3};
             }),
             ContainsSubstring("'update.memory' has 3"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_rule = "closed_form"; }),
             ContainsSubstring("'update.memory' has 2"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_rule = ""; }), ContainsSubstring("'update.memory' has 2"));
  CHECK_THAT(refusal([](StateFields& f) { f.update_rule = "guess"; }), ContainsSubstring("'update.rule' is 'guess'"));
  CHECK_THAT(refusal([](StateFields& f) {
               f.memory_values = {0.5, not_a_number};
             }),
             ContainsSubstring("'memory.values' of 'level' [1] is nan"));
  CHECK_THAT(refusal([](StateFields& f) { f.memory_values = {-infinity}; }), ContainsSubstring("'memory.values'"));
  CHECK_THAT(refusal([](StateFields& f) { f.memory_name = "mos.epoch"; }), ContainsSubstring("mos.epoch"));
  StateFields fields;
  fields.update_memory = {};
  CHECK_NOTHROW(loaded(fields.bytes()));
}

TEST_CASE("More rows than may be drawn, and reports that cannot be, are refused by name") {
  CHECK_THAT(refusal([](StateFields& f) {
               f.most_passes = {1.0}, f.drawn = {12, 16};
             }),
             ContainsSubstring("'drawn'[0] is 12; needs to be in [0, 10]"));
  StateFields fields;
  fields.most_passes = {1.2};
  CHECK_NOTHROW(loaded(fields.bytes()));
  CHECK_THAT(refusal([](StateFields& f) {
               f.reported_count = {0, Index{1} << 60};
             }),
             ContainsSubstring("reported.count"));
  CHECK_THAT(refusal([](StateFields& f) { f.reported_sum = {1.0, 2.5}; }), ContainsSubstring("reported.sum"));
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
  CHECK_THAT(refusal([](StateFields& f) { f.updates = {(Index{1} << 53) + 1}; }), ContainsSubstring("'updates'"));
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
  CHECK_THAT(refusal([](StateFields& f) {
               f.sizes = {10, 30, 5}, f.tokens = {};
             }),
             ContainsSubstring("'drawn' has 2 values"));
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

}
