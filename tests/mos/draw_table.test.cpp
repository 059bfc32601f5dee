// SPDX-License-Identifier: MIT
// Tests of mos/draw_table.hpp. What is drawn in the course of a run is in state.test.cpp.
#include <pickmix/mos/draw_table.hpp>

#include <support/catch.hpp>

#include <vector>

namespace mos_draw_table_test {

using namespace pickmix;
using detail::DrawTable;

TEST_CASE("A table draws datasets by logits, masks and floor, and their rows one after the other") {
  const MosOptions options{.sizes = {10, 20, 30}, .batch_size = 5, .least_probability = 0.1};
  Positions positions(3, 0, false, options.most_passes);
  DrawTable table;
  CHECK(table.empty());
  table.refresh(std::vector<double>{0.0, 50.0, 0.0}, {false, false, true}, options, positions);
  CHECK_FALSE(table.empty());
  CHECK(table.probabilities()[0] == Approx(0.1).epsilon(1e-12));
  CHECK(table.probabilities()[1] == Approx(0.9).epsilon(1e-12));
  CHECK(table.probabilities()[2] == 0.0);
  Batch batch;
  for (Index step = 0; step < 200; ++step) {
    table.draw(options, step, positions, batch);
    CHECK((batch.step == step && batch.examples.size() == 5));
  }
  CHECK((positions.drawn()[0] > 0 && positions.drawn()[1] > 700 && positions.drawn()[2] == 0));
}

TEST_CASE("A dataset with nothing left is drawn no more, and when none has any the table is empty") {
  const MosOptions options{.sizes = {4, 6}, .batch_size = 4, .draw = Draw::example, .most_passes = 1.0};
  Positions positions(2, 0, false, options.most_passes);
  DrawTable table;
  table.refresh(std::vector<double>{0.0, 0.0}, {false, false}, options, positions);
  Batch batch;
  std::vector<std::size_t> lengths;
  for (Index step = 0; !table.empty(); ++step) {
    table.draw(options, step, positions, batch);
    lengths.push_back(batch.examples.size());
  }
  CHECK(lengths == std::vector<std::size_t>{4, 4, 2});
  CHECK(table.shares() == std::vector<double>{0.0, 0.0});
  CHECK((positions.drawn()[0] == 4 && positions.drawn()[1] == 6));
}

TEST_CASE("The shares that are drawn by are of examples, and of those datasets alone that have rows left") {
  const MosOptions options{.sizes = {4, 6, 6}, .most_passes = 1.0, .tokens = {1.0, 1.0, 3.0}};
  Positions positions(3, 0, false, options.most_passes);
  DrawTable table;
  const std::vector<double> even(3, 0.0);
  table.refresh(even, {false, false, false}, options, positions);
  CHECK(table.shares()[0] == Approx(3.0 / 7.0));
  CHECK(table.shares()[2] == Approx(1.0 / 7.0));
  std::vector<Example> taken;
  positions.take(0, 4, 4, taken);
  table.refresh(even, {false, false, false}, options, positions);
  CHECK(table.shares()[0] == 0.0);
  CHECK(table.shares()[1] == Approx(0.75));
  CHECK(table.shares()[2] == Approx(0.25));
}

}
