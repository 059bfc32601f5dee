// SPDX-License-Identifier: MIT
// An item that could not be added, because there was no memory, can be added again.
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/disparity_min.hpp>
#include <pickmix/submodular/disparity_sum.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/graph_cut.hpp>
#include <pickmix/submodular/log_determinant.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/saturated_coverage.hpp>
#include <pickmix/submodular/sum_redundancy.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

using namespace pickmix;

namespace {

long allocations_left = -1;  // until one fails; below 0: none does

void* allocate(std::size_t size) {
  if (allocations_left >= 0 && allocations_left-- == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

/// Adds an item where one allocation after another fails, until none does; then, with memory, once more. The gains are those of
/// an objective for which nothing failed.
template <SubmodularObjective F>
void check_failed_add(const F& empty) {
  F expected = empty;
  expected.add(3);
  bool failed = true;
  for (long left = 0; failed; ++left) {
    F f = empty;
    allocations_left = left;
    try {
      f.add(3);
      failed = false;
    } catch (const std::bad_alloc&) {
    }
    allocations_left = -1;
    f.add(3);
    for (Index j = 0; j < f.size(); ++j) REQUIRE(f.gain(j) == expected.gain(j));
  }
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("An item that there was no memory for can be added again") {
  const auto rows = instances::normal(1, 40, 5);
  for (Storage storage : {Storage::full, Storage::streamed}) {
    const Kernel kernel = similarity(rows.view(), {.metric = ShiftedCosine{}, .storage = storage});
    check_failed_add(FacilityLocation{}.plain(kernel));
    check_failed_add(GraphCut{}.plain(kernel));
    check_failed_add(DisparitySum{}.plain(kernel));
    check_failed_add(DisparityMin{}.plain(kernel));
    check_failed_add(SumRedundancy{}.plain(kernel));
    check_failed_add(SaturatedCoverage{}.plain(kernel));
    check_failed_add(LogDeterminant{}.plain(kernel));
  }
}
