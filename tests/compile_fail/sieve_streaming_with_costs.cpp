// SPDX-License-Identifier: MIT
// The thresholds of sieve-streaming count items; costs need another maximiser.
// expected: SieveStreaming is right only for a number of items
#include <pickmix/submodular/facility_location_objective.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/sieve_streaming.hpp>

void select(pickmix::FacilityLocationObjective& f, std::span<const double> costs) {
  (void)pickmix::maximize(f, pickmix::Cost{100.0, costs}, pickmix::SieveStreaming{});
}
