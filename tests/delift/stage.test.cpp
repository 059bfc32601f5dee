// SPDX-License-Identifier: MIT
// Stages make objectives out of a family and a kernel.
#include <pickmix/delift/stage.hpp>

#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/objective.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>

using namespace pickmix;

namespace {

struct Family {
  int plain(const Kernel& kernel) const { return static_cast<int>(kernel.rows()); }
};

}  // namespace

static_assert(delift::StageOf<delift::InstructionTuning, FacilityLocation>);
static_assert(delift::StageOf<delift::InstructionTuning, Family> && !delift::StageOf<int, FacilityLocation>);

TEST_CASE("Instruction tuning asks a family for its plain objective over the whole pool") {
  const auto kernel = instances::real(1, 5, 5);
  CHECK(delift::InstructionTuning{}.objective(Family{}, kernel) == 5);
  const auto f = delift::InstructionTuning{}.objective(FacilityLocation{}, kernel);
  CHECK(f.gain(2) == FacilityLocationObjective(kernel).gain(2));
}
