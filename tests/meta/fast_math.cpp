// SPDX-License-Identifier: MIT
// Compiled with -ffast-math a screened pass still misses nothing: its bound is computed from the bytes as they are stored.
#include <pickmix/kernel/above.hpp>
#include <pickmix/kernel/screened.hpp>
#include <pickmix/kernel/similarity.hpp>

#include <fmt/format.h>
#include <support/instances.hpp>
#include <support/instruction_sets.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#ifndef __FAST_MATH__
#error "this program is about -ffast-math"
#endif

namespace {

using namespace pickmix;

constexpr Index n = 3 * StreamedEntries::edge;  // whole tiles: no threshold need be infinite

/// How many entries are above the thresholds, and the sum of their places: whole numbers, whose order of adding says nothing.
struct Found {
  std::size_t entries = 0;
  std::uint64_t places = 0;
  bool operator==(const Found&) const = default;
};

Found pass(const StreamedEntries& kernel, const std::optional<detail::ScreenedRows>& screened,
           const std::vector<float>& thresholds) {
  Found all;
  detail::Room room(UINT64_MAX);
  for (Index task = 0; task < detail::parts(kernel); ++task) {
    detail::FoundEntries found;
    detail::find_above(kernel, screened, detail::part_of(kernel, task), thresholds, room, found);
    all.entries += found.entries.size();
    for (const auto& entry : found.entries)
      all.places += std::uint64_t{entry.row} * static_cast<std::uint64_t>(n) + entry.column;
  }
  return all;
}

}  // namespace

int main() {
  for (const float mean : {0.0f, 5.0f})
    for (const Index features : {32, 50, 384}) {
      instances::Matrix noise = instances::normal(7, n, features);
      const instances::Matrix pool =
          instances::matrix(n, features, [&](Index i, Index k) { return mean + noise(i, k); });
      for (const InstructionSet set : support::screening_sets()) {
        const Kernel kernel = *similarity(cpu.only(set), pool.view(), {.metric = Dot{}, .storage = Storage::streamed});
        for (const float height : {1.5f, 3.0f}) {  // deviations above the mean product
          const float products = mean * mean * static_cast<float>(features);
          const float deviation = (1.0f + 1.4f * mean) * std::sqrt(static_cast<float>(features));
          const std::vector<float> thresholds(static_cast<std::size_t>(n), products + height * deviation);
          const Found expected = pass(*kernel.streamed(), std::nullopt, thresholds);
          const Found found = pass(*kernel.streamed(), detail::ScreenedRows::of(cpu, *kernel.streamed()), thresholds);
          if (found == expected && found.entries > 0) continue;
          fmt::print("{}, {} features around {}, {} deviations: {} entries where there are {}\n", name_of(set),
                     features, mean, height, found.entries, expected.entries);
          return 1;
        }
      }
    }
  fmt::print("ok\n");
}
