// SPDX-License-Identifier: MIT
// Law: what is selected depends on the instruction set by the rounding of similarities alone, and on threads not at all.
#include <pickmix/delift/select.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/graph_cut.hpp>
#include <pickmix/submodular/log_determinant.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/sampled_start.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/instruction_sets.hpp>

#include <algorithm>
#include <cmath>

namespace property_instruction_sets_test {

using namespace pickmix;

namespace {

const instances::Matrix& pool() {
  static const instances::Matrix rows =
      instances::matrix(1000, 48, [random = RandomStream(1, 2)](Index i, Index k) mutable {
        return (k % 9 == i % 9 ? 2.0f : 0.0f) + static_cast<float>(random.normal());
      });
  return rows;
}

/// One that starts from a sample, and goes on with what a pass over all pairs finds.
Selection select(Cpu executor) {
  const Kernel kernel = *similarity(executor, pool().view(), {.metric = Cosine{}, .storage = Storage::streamed});
  auto objective = FacilityLocation{}.plain(kernel);
  return maximize(executor, objective, Count{120}, SampledStart{.exact_up_to = 100, .sample = 200});
}

}  // namespace

TEST_CASE("With each instruction set a selection is the same at every thread count") {
  for (InstructionSet set : support::instruction_sets()) {
    CAPTURE(name_of(set));
    const Selection one = select(cpu.only(set));
    CHECK(one.indices.size() == 120);
    for (Index threads : {2, 3}) {
      const Selection several = select(cpu.only(set).threads(threads));
      CHECK(several.indices == one.indices);
      CHECK(several.gains == one.gains);
      CHECK(several.upper_bound == one.upper_bound);
    }
  }
}

TEST_CASE("Instruction sets that have a fused multiply-add select the same, to the bit") {
  const Selection expected = select(cpu);
  if (support::instruction_sets().size() < 3)
    WARN("this processor has " << name_of(largest_instruction_set()) << " and no other to compare with");
  for (InstructionSet set : support::instruction_sets()) {
    if (set == InstructionSet::portable) continue;
    CAPTURE(name_of(set));
    const Selection selection = select(cpu.only(set));
    CHECK(selection.indices == expected.indices);
    CHECK(selection.gains == expected.gains);
  }
}

TEST_CASE("Every instruction set selects nearly as well, whatever is selected for", "[single-threaded]") {
  const auto value = [](Cpu executor, const auto& family) {
    return delift::select(executor, pool().view(), delift::InstructionTuning{}, Count{30}, family).value;
  };
  for (InstructionSet set : support::instruction_sets()) {
    CAPTURE(name_of(set));
    CHECK(value(cpu.only(set), FacilityLocation{}) == Approx(value(cpu, FacilityLocation{})).epsilon(1e-5));
    CHECK(value(cpu.only(set), GraphCut{}) == Approx(value(cpu, GraphCut{})).epsilon(1e-5));
    CHECK(value(cpu.only(set), LogDeterminant{}) == Approx(value(cpu, LogDeterminant{})).epsilon(1e-4));
  }
}

}
