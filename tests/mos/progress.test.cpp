// SPDX-License-Identifier: MIT
// Tests of mos/progress.hpp.
#include <pickmix/mos/progress.hpp>

#include <support/catch.hpp>
#include <support/reward_run.hpp>

#include <cmath>
#include <sstream>
#include <vector>

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using Doubles = std::vector<double>;

TEST_CASE("Where a mixture is goes through a file, and a dataset can be added to it") {
  const MosOptions options{.sizes = {5, 7}, .batch_size = 3};
  detail::Progress progress(options);
  std::vector<Example> rows;
  progress.positions.take(1, 7, 6, rows);
  progress.step = 2;
  progress.updates = 1;
  progress.updated_at = 2;
  progress.rewards = {0.5, 1.5};
  progress.masked[0] = true;
  progress.reported.add(1, 2.0);
  progress.memory = {{"a", {1.0}}};
  progress.update_rule = "exp3";
  progress.update_memory = {1.0, 2.0};
  ArchiveWriter file("test", 2);
  progress.save(file);
  std::stringstream stream;
  file.finish(stream);
  ArchiveReader in(stream, "test", 2);
  detail::Progress again = detail::Progress::load(in, options);
  CHECK((again.step == 2 && again.updates == 1 && again.updated_at == 2 && again.positions.drawn()[1] == 6));
  CHECK(again.rewards == Doubles{0.5, 1.5});
  CHECK(again.masked == std::vector<bool>{true, false});
  CHECK(again.reported.means()[1] == 2.0);
  CHECK(again.memory == progress.memory);
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
  detail::Progress progress(options);
  CHECK(progress.version() == 2);
  progress.positions.restrict_to(0, 5, RowSubset(std::vector<Index>{2}, 0, 5));
  CHECK(progress.version() == 3);
  CHECK(progress.any_rows(options.sizes));
  progress.positions.restrict_to(0, 5, RowSubset(std::vector<Index>{}, 0, 5));
  progress.masked[1] = true;
  CHECK_FALSE(progress.any_rows(options.sizes));
}

TEST_CASE("An update is counted, and what another rule remembered is forgotten") {
  detail::Progress progress(MosOptions{.sizes = {5, 7}});
  progress.update_memory = {1.0, 2.0};
  progress.update_rule = "exp3";
  progress.reported.add(0, 1.0);
  progress.step = 4;
  progress.learn_by("exp3");
  CHECK(progress.update_memory.size() == 2);
  progress.learn_by("drift");
  CHECK((progress.update_memory.empty() && progress.update_rule == "drift"));
  progress.learnt({0.5, 1.0});
  CHECK((progress.updates == 1 && progress.updated_at == 4 && progress.rewards == Doubles{0.5, 1.0}));
  CHECK(std::isnan(progress.reported.means()[0]));
}
