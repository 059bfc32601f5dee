// SPDX-License-Identifier: MIT
// Tests of mos/run.hpp.
#include <pickmix/mos/run.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <sstream>
#include <vector>

namespace mos_run_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("Where a mixture is goes through a file, and a dataset can be added to it") {
  const MosOptions options{.sizes = {5, 7}, .batch_size = 3};
  detail::MosRun run(options);
  std::vector<Example> rows;
  run.positions.take(1, 7, 6, rows);
  run.step = 2;
  run.updates = 1;
  run.updated_at = 2;
  run.rewards = {0.5, 1.5};
  run.masked[0] = true;
  run.reported.add(1, 2.0);
  run.memory = {{"a", {1.0}}};
  run.update_rule = "exp3";
  run.update_memory = {1.0, 2.0};
  ArchiveWriter file("test", 2);
  run.save(file);
  std::stringstream stream;
  file.finish(stream);
  ArchiveReader in(stream, "test", 2);
  detail::MosRun again = detail::MosRun::load(in, options);
  CHECK((again.step == 2 && again.updates == 1 && again.updated_at == 2 && again.positions.drawn()[1] == 6));
  CHECK(again.rewards == Doubles{0.5, 1.5});
  CHECK(again.masked == std::vector<bool>{true, false});
  CHECK(again.reported.means()[1] == 2.0);
  CHECK(again.memory == run.memory);
  CHECK((again.update_rule == "exp3" && again.update_memory == Doubles{1.0, 2.0}));
  again.add_dataset();
  CHECK(again.masked == std::vector<bool>{true, false, false});
  CHECK(again.rewards == Doubles{0.5, 1.5, 0.0});
  CHECK(again.update_memory == Doubles{1.0, 2.0, 0.0});
}

TEST_CASE("Rewards are numbers from 0 to the largest") {
  CHECK((detail::is_reward(0.0) && detail::is_reward(largest_reward)));
  CHECK_FALSE(detail::is_reward(-1e-300));
  CHECK_FALSE(detail::is_reward(2.0 * largest_reward));
}

TEST_CASE("Rewards are one for each dataset; those of retired ones are not looked at") {
  CHECK(detail::checked_rewards(Doubles{0.5, -1.0}, {false, true}) == Doubles{0.5, 0.0});
  CHECK_THROWS_AS(detail::checked_rewards(Doubles{0.5}, {false, false}), ShapeError);
  CHECK_THROWS_WITH(detail::checked_rewards(Doubles{0.5, -1.0}, {false, false}), ContainsSubstring("dataset 1 is -1"));
}

TEST_CASE("Without restricted rows a file is of the second version, with them of the third") {
  const MosOptions options{.sizes = {5, 7}, .batch_size = 3};
  detail::MosRun run(options);
  CHECK(run.version() == 2);
  run.positions.restrict_to(0, 5, RowSubset(std::vector<Index>{2}, 0, 5));
  CHECK(run.version() == 3);
  CHECK(run.any_rows(options.sizes));
  run.positions.restrict_to(0, 5, RowSubset(std::vector<Index>{}, 0, 5));
  run.masked[1] = true;
  CHECK_FALSE(run.any_rows(options.sizes));
}

TEST_CASE("An update is counted, and what another rule remembered is forgotten") {
  detail::MosRun run(MosOptions{.sizes = {5, 7}});
  run.update_memory = {1.0, 2.0};
  run.update_rule = "exp3";
  run.reported.add(0, 1.0);
  run.step = 4;
  run.learn_by("exp3");
  CHECK(run.update_memory.size() == 2);
  run.learn_by("drift");
  CHECK((run.update_memory.empty() && run.update_rule == "drift"));
  run.learnt({0.5, 1.0});
  CHECK((run.updates == 1 && run.updated_at == 4 && run.rewards == Doubles{0.5, 1.0}));
  CHECK(std::isnan(run.reported.means()[0]));
}

}
