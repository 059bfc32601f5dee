// SPDX-License-Identifier: MIT
// An item that there was no memory for can be added again: whichever allocation fails, nothing has changed.
#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/concave_over_modular.hpp>
#include <pickmix/submodular/disparity_min.hpp>
#include <pickmix/submodular/disparity_sum.hpp>
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

namespace {

long allocations_left = -1;  // until one fails; below 0, none does

void* allocate(std::size_t size) {
  if (allocations_left >= 0 && allocations_left-- == 0) throw std::bad_alloc();
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // they match: both are ours

void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size == 0 ? 1 : size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

using namespace pickmix;

namespace {

/// Whether all gains of `f` are those of `expected`, to the last bit.
template <SubmodularObjective F>
bool same_gains(const F& f, const F& expected) {
  for (Index j = 0; j < f.size(); ++j)
    if (f.gain(j) != expected.gain(j)) return false;
  return true;
}

/// Adds items to `f`; each is first tried with one allocation after another failing, until none does or is asked for.
/// \return the first item after which the gains are not those of an objective for which nothing failed; −1 if there is none
template <SubmodularObjective F>
Index broken_by_failures(F f) {
  F expected = f;
  for (Index j : {3, 7, 0, 12, 5, 1, 2, 4, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18}) {  // more than a block of sixteen
    bool failed = true;
    for (long left = 0; failed; ++left) {
      allocations_left = left;
      try {
        f.add(j);
        failed = false;
      } catch (const std::bad_alloc&) {
      }
      allocations_left = -1;
      if (failed && !same_gains(f, expected)) return j;
    }
    expected.add(j);
    if (!same_gains(f, expected)) return j;
  }
  return -1;
}

}  // namespace

TEST_CASE("An item that there was no memory for can be added again, in every storage") {
  const auto pool = instances::normal(1, 40, 5);
  for (const Metric& metric : {Metric{ShiftedCosine{}}, Metric{Rbf{.gamma = 0.5}}})
    for (Storage storage : {Storage::full, Storage::half, Storage::streamed}) {
      const Kernel kernel = similarity(pool.view(), {.metric = metric, .storage = storage});
      CAPTURE(static_cast<int>(storage));
      CHECK(broken_by_failures(GraphCut{}.plain(kernel)) == -1);
      CHECK(broken_by_failures(LogDeterminant{}.plain(kernel)) == -1);
      CHECK(broken_by_failures(DisparityMin{}.plain(kernel)) == -1);
      CHECK(broken_by_failures(DisparitySum{}.plain(kernel)) == -1);
      CHECK(broken_by_failures(SumRedundancy{}.plain(kernel)) == -1);
      CHECK(broken_by_failures(SaturatedCoverage{}.plain(kernel)) == -1);
      CHECK(broken_by_failures(ConcaveOverModular{}.mutual_information(kernel)) == -1);
    }
}
