// SPDX-License-Identifier: MIT
// Drawing batches asks for no memory.
#include <pickmix/mos/state.hpp>

#include <support/catch.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace {
std::size_t allocations = 0;
}

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // they match: both are ours

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace pickmix;

TEST_CASE("After the first batch, drawing into the same batch asks for no memory") {
  for (Draw draw : {Draw::batch, Draw::example})
    for (bool replacement : {false, true})
      for (std::size_t datasets : std::vector<std::size_t>{1, 4, 10'000}) {
        MosState state({.sizes = std::vector<Index>(datasets, 50), .draw = draw, .replacement = replacement});
        if (datasets == 4) state.restrict_rows(2, std::vector<Index>{7, 9, 11});
        Batch batch;
        state.draw(batch);
        const std::size_t before = allocations;
        for (int step = 0; step < 100; ++step) state.draw(batch);
        const std::size_t after = allocations;
        CHECK(after == before);
        CHECK(before > 0);
      }
}
