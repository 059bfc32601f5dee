// SPDX-License-Identifier: MIT
// Who stands for whom.
#include <pickmix/submodular/represent.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace submodular_represent_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

Selection selected(std::vector<Index> indices) {
  Selection s;
  s.gains.assign(indices.size(), 0.0);
  s.indices = std::move(indices);
  return s;
}

std::vector<Index> picks(Index n, Index count) {
  std::vector<Index> out;
  for (Index k = 0; k < count; ++k) out.push_back((k * 37 + 5) % n);
  return out;
}

}  // namespace

TEST_CASE("The nearest pick represents each row, of equally near ones the first, in every storage") {
  const auto rows = instances::normal(1, 230, 3);
  auto columns = instances::normal(2, 211, 3);
  for (Index c = 0; c < 3; ++c) columns(42, c) = columns(5, c);  // picks 0 and 1 are the same
  auto kernels = storages::exact(rows.view(), columns.view(), Cosine{});
  kernels.push_back({"half", similarity(rows.view(), columns.view(), {.storage = Storage::half})});
  for (Index count : {1, 2, 48, 49, 120})
    for (const auto& [name, kernel] : kernels) {
      CAPTURE(name, count);
      const auto s = selected(picks(211, count));
      const Representation who = represent(kernel, s);
      std::vector<Index> weight(static_cast<std::size_t>(count), 0);
      const auto members = who.members(s);
      REQUIRE(who.representative.size() == 230);
      for (Index i = 0; i < 230; ++i) {
        std::size_t nearest = 0;
        for (std::size_t k = 1; k < s.indices.size(); ++k)
          if (kernel(i, s.indices[k]) > kernel(i, s.indices[nearest])) nearest = k;
        ++weight[nearest];
        REQUIRE(who.representative[static_cast<std::size_t>(i)] == s.indices[nearest]);
        REQUIRE(who.similarity[static_cast<std::size_t>(i)] == kernel(i, s.indices[nearest]));
        REQUIRE(std::count(members[nearest].begin(), members[nearest].end(), i) == 1);
      }
      CHECK(who.weight == weight);
      CHECK(std::accumulate(weight.begin(), weight.end(), Index{0}) == 230);
      for (std::size_t k = 0; k < members.size(); ++k) {
        CHECK(static_cast<Index>(members[k].size()) == weight[k]);
        CHECK(std::is_sorted(members[k].begin(), members[k].end()));
      }
    }
}

TEST_CASE("Rows that are similar to no pick are represented all the same") {
  const Kernel kernel =
      instances::kernel(2, 3, [](Index i, Index j) { return i == 0 ? -0.5f : -0.25f * static_cast<float>(j); });
  const auto who = represent(kernel, selected({2, 1}));
  CHECK(who.representative == std::vector<Index>{2, 1});
  CHECK(who.similarity == std::vector<float>{-0.5f, -0.25f});
  CHECK(who.weight == std::vector<Index>{1, 1});
}

TEST_CASE("The nearest earlier pick, of equally near ones the first, in every storage") {
  auto pool = instances::normal(3, 211, 3);
  for (Index c = 0; c < 3; ++c) pool(42, c) = pool(5, c);
  auto kernels = storages::exact(pool.view());
  kernels.push_back({"half", similarity(pool.view(), {.storage = Storage::half})});
  for (const auto& [name, kernel] : kernels)
    for (Index count : {0, 1, 2, 100}) {
      CAPTURE(name, count);
      const auto s = selected(picks(211, count));
      const NearestEarlier near = nearest_earlier(kernel, s);
      REQUIRE(near.item.size() == s.indices.size());
      for (std::size_t k = 0; k < s.indices.size(); ++k) {
        Index item = -1;
        float similarity = 0.0f;
        for (std::size_t e = 0; e < k; ++e)
          if (const float x = kernel(s.indices[k], s.indices[e]); item < 0 || x > similarity) {
            item = s.indices[e];
            similarity = x;
          }
        REQUIRE(near.item[k] == item);
        REQUIRE(near.similarity[k] == similarity);
      }
    }
}

TEST_CASE("Selections and kernels that do not fit together are refused by name") {
  const Kernel square = instances::real(1, 4, 4), wide = instances::real(1, 4, 6);
  CHECK_THAT(thrown<ValueError>([&] { (void)represent(square, selected({})); }),
             ContainsSubstring("represent: the selection is empty"));
  for (Index bad : {-1, 4}) {
    const auto names = ContainsSubstring(fmt::format("item 1 is {}; the kernel has 4 candidates", bad));
    CHECK_THAT(thrown<ValueError>([&] { (void)represent(square, selected({0, bad})); }), names);
    CHECK_THAT(thrown<ValueError>([&] { (void)nearest_earlier(square, selected({0, bad})); }), names);
  }
  CHECK(represent(wide, selected({5})).weight == std::vector<Index>{4});
  CHECK_THAT(thrown<ShapeError>([&] { (void)nearest_earlier(wide, selected({5})); }),
             ContainsSubstring("nearest_earlier: kernel is 4 x 6"));
}

TEST_CASE("The members of another selection are refused by name") {
  const Kernel kernel = instances::real(1, 6, 6);
  const Representation who = represent(kernel, selected({4, 0, 2}));
  CHECK(who.members(selected({4, 0, 2})).size() == 3);
  for (const auto& other : {selected({}), selected({4, 0}), selected({4, 0, 2, 1})})
    CHECK_THAT(thrown<ShapeError>([&] { (void)who.members(other); }),
               ContainsSubstring(fmt::format("selection has {} items and 3 were represented", other.indices.size())));
  for (const auto& other : {selected({1, 3, 5}), selected({7, 8, 9})})
    CHECK_THAT(thrown<ValueError>([&] { (void)who.members(other); }), ContainsSubstring("which is not in selection"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)who.members(selected({4, -1, 2}));
             }),
             ContainsSubstring("selection has the item -1"));
}

}
