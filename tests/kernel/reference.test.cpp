// SPDX-License-Identifier: MIT
// Tests of kernel/reference.hpp.
#include <pickmix/kernel/reference.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace kernel_reference_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

TEST_CASE(
    "Relevance is the largest similarity to a reference item, in every storage and for any number of candidates") {
  for (Index candidates : {1, 47, 48, 49, 200})
    for (Index references : {1, 5, 200}) {
      const auto rows = instances::normal(1, references, 4), columns = instances::normal(2, candidates, 4);
      auto kernels = storages::exact(rows.view(), columns.view(), Cosine{});
      kernels.push_back({"half", similarity(rows.view(), columns.view(), {.storage = Storage::half})});
      for (const auto& [name, kernel] : kernels) {
        CAPTURE(name, candidates, references);
        std::vector<float> expected;
        for (Index j = 0; j < candidates; ++j) {
          expected.push_back(0.0f);
          for (Index i = 0; i < references; ++i) expected.back() = std::max(expected.back(), kernel(i, j));
        }
        CHECK(relevance(kernel) == expected);
      }
    }
}

TEST_CASE("A candidate that is similar to no reference item has no relevance") {
  CHECK(relevance(instances::kernel(3, 2, [](Index i, Index j) { return j == 0 ? -0.5f : static_cast<float>(i); })) ==
        std::vector<float>{0.0f, 2.0f});
}

TEST_CASE("A reference must see each candidate, and its weight be finite and not negative") {
  const Kernel kernel = instances::real(1, 4, 6);
  const Reference right{instances::real(2, 3, 6)}, wrong{instances::real(2, 6, 3)};
  CHECK_FALSE(right.within.has_value());
  detail::check_reference("This", "eta", kernel, right, 0.0);
  CHECK_THAT(thrown<ShapeError>([&] { detail::check_reference("This", "eta", kernel, wrong, 1.0); }),
             ContainsSubstring("This: to_pool has 3 columns and the kernel 6 candidates"));
  for (double bad : {-1e-300, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(thrown<ValueError>([&] { detail::check_reference("This", "eta", kernel, right, bad); }),
               ContainsSubstring("This: eta is "));
}

}
