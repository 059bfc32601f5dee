// SPDX-License-Identifier: MIT
// A batch before anything is drawn.
#include <pickmix/mos/batch.hpp>

#include <support/catch.hpp>

namespace mos_batch_test {

TEST_CASE("An empty batch is the first step's, without examples") {
  const pickmix::Batch batch;
  CHECK(batch.step == 0);
  CHECK(batch.examples.empty());
}

}
