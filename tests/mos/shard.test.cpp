// SPDX-License-Identifier: MIT
// Tests of mos/shard.hpp.
#include <pickmix/mos/shard.hpp>

#include <support/catch.hpp>

#include <cstddef>
#include <vector>

namespace mos_shard_test {

using namespace pickmix;

namespace {

Batch batch_of(Index size) {
  Batch batch;
  for (Index row = 0; row < size; ++row) batch.examples.push_back({.dataset = 0, .row = row});
  return batch;
}

}  // namespace

TEST_CASE("The parts are disjoint, together they are the batch, and they differ by one at most") {
  for (Index world : {1, 2, 3, 5})
    for (Index size : {0, 1, 2, 5, 7, 64}) {
      std::vector<Index> rows;
      for (Index rank = 0; rank < world; ++rank) {
        Batch batch = batch_of(size);
        Shard{rank, world}.keep_part(batch);
        const auto part = static_cast<Index>(batch.examples.size());
        CHECK((part == size / world || part == size / world + 1));
        for (const Example& e : batch.examples) rows.push_back(e.row);
      }
      REQUIRE(static_cast<Index>(rows.size()) == size);
      for (std::size_t k = 0; k < rows.size(); ++k) CHECK(rows[k] == static_cast<Index>(k));
    }
}

TEST_CASE("A rank outside the world, and a world larger than a batch, are refused") {
  CHECK_NOTHROW(Shard{2, 3}.validate(3));
  CHECK_THROWS_AS((Shard{0, 0}.validate(8)), ValueError);
  CHECK_THROWS_AS((Shard{3, 3}.validate(8)), ValueError);
  CHECK_THROWS_AS((Shard{-1, 3}.validate(8)), ValueError);
  CHECK_THROWS_AS((Shard{0, 3}.validate(2)), ValueError);
}

}
