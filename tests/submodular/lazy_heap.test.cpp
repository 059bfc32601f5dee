// SPDX-License-Identifier: MIT
// Tests of submodular/lazy_heap.hpp.
#include <pickmix/submodular/lazy_heap.hpp>

#include <pickmix/submodular/budget.hpp>
#include <support/catch.hpp>
#include <support/objectives.hpp>

#include <limits>
#include <vector>

namespace submodular_lazy_heap_test {

using namespace pickmix;
using objectives::Modular;

namespace {

using Objective = Modular<true>;

std::vector<Index> order(detail::LazyHeap<Objective, CostLedger>& heap, Index picked) {
  std::vector<Index> taken;
  for (Index best = 0; heap.take_best(picked, best);) taken.push_back(best);
  return taken;
}

}  // namespace

TEST_CASE("items come by gain per price, of equal ones the smaller index first") {
  const Objective f{{4.0, 6.0, 2.0, 6.0}};
  const std::vector<double> prices{1.0, 3.0, 1.0, 3.0};
  const CostLedger ledger(100.0, prices);
  detail::LazyHeap<Objective, CostLedger> heap(cpu, f, ledger);
  heap.compute(std::vector<Index>{0, 1, 2, 3}, 0);
  for (Index j : {3, 2, 1, 0}) heap.push(j);
  CHECK(order(heap, 0) == std::vector<Index>{0, 1, 2, 3});
  CHECK(heap.evaluations() == 4);
}

TEST_CASE("an old gain is computed again only where it comes to the top") {
  Objective f{{9.0, 8.0, 1.0}};
  const CountLedger ledger(3);
  detail::LazyHeap<Objective, CountLedger> heap(cpu, f, ledger);
  heap.compute(std::vector<Index>{0, 1, 2}, 0);
  for (Index j : {0, 1, 2}) heap.push(j);
  f.weights = {3.0, 5.0, 0.5};  // they have fallen
  Index best = -1;
  REQUIRE(heap.take_best(1, best));
  CHECK(best == 1);
  CHECK(heap.gain(1) == 5.0);
  CHECK(heap.is_fresh(0, 1));   // was at the top, and is no longer
  CHECK(!heap.is_fresh(2, 1));  // never came there
  CHECK(heap.evaluations() == 3 + 2);
}

TEST_CASE("what is not affordable is dropped, and an empty heap has no best") {
  const Objective f{{9.0, 8.0}};
  const std::vector<double> prices{5.0, 1.0};
  const CostLedger ledger(2.0, prices);
  detail::LazyHeap<Objective, CostLedger> heap(cpu, f, ledger);
  heap.compute(std::vector<Index>{0, 1}, 0);
  heap.push(0);
  heap.push(1);
  CHECK(order(heap, 0) == std::vector<Index>{1});
  Index best = -1;
  CHECK(!heap.take_best(0, best));
  CHECK(best == -1);
}

TEST_CASE("a gain never computed is unknown and infinite, and clearing the heap keeps what is known") {
  const Objective f{{2.0, 3.0}};
  const CountLedger ledger(2);
  detail::LazyHeap<Objective, CountLedger> heap(cpu, f, ledger);
  CHECK(!heap.is_known(0));
  CHECK(heap.gain(0) == std::numeric_limits<double>::infinity());
  heap.compute(std::vector<Index>{0}, 0);
  heap.push(0);
  heap.clear();
  Index best = -1;
  CHECK(!heap.take_best(0, best));
  CHECK(heap.is_known(0));
  CHECK(heap.gain(0) == 2.0);
}

}
