// SPDX-License-Identifier: MIT
// The pass that finds all similarities above what some rows cover, in floats and screened in bytes: prints rows of CSV.
//
//     bench.kernel.screened EMBEDDINGS.npy|SHAPE:N PICKS THREADS
//
// SHAPE: clustered, offset, decaying, none (seeded, see support/embeddings.hpp). PICKS: rows that cover, selected by facility
// location. Columns: instructions, n, features, picks, threads, seconds (best of three), times faster than floats, entries found.
#include <pickmix/pickmix.hpp>

#include "support/embeddings.hpp"
#include "support/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace pickmix;

/// One pass; the number of entries found.
std::size_t pass(Cpu executor, const StreamedEntries& entries, const std::optional<detail::ScreenedRows>& screened,
                 const std::vector<float>& thresholds) {
  std::atomic<std::size_t> count{0};
  detail::Room room(UINT64_MAX);
  for_each_tile(executor, detail::parts(entries), [&](Index task) {
    detail::FoundEntries found;
    detail::find_above(entries, screened, detail::part_of(entries, task), thresholds, room, found);
    count += found.entries.size();
  });
  return count;
}

void measure(const std::string& source, Index picks, Index threads) {
  const auto colon = source.find(':');
  std::optional<NpyMatrix> file;
  measured::Rows rows;
  if (colon == std::string::npos)
    file.emplace(source);
  else
    rows = measured::embeddings(source.substr(0, colon), std::atoll(source.substr(colon + 1).c_str()));
  const MatrixView<const float> pool = file ? file->view() : MatrixView<const float>(rows);
  const Cpu executor = cpu.threads(threads);
  const auto kernel_of = [&](InstructionSet set) {
    return *similarity(executor.only(set), pool, {.metric = Cosine{}, .storage = Storage::streamed});
  };
  const Kernel kernel = kernel_of(largest_instruction_set());
  const auto covering = delift::select(executor, pool, delift::InstructionTuning{}, Count{picks}).indices;
  const Index n = pool.rows();
  std::vector<float> columns(static_cast<std::size_t>(picks * n));
  kernel.read(covering, MatrixView<float>(columns.data(), picks, n), executor);
  std::vector<float> thresholds(static_cast<std::size_t>((n + 191) / 192 * 192),
                                std::numeric_limits<float>::infinity());
  for (Index i = 0; i < n; ++i) {
    thresholds[static_cast<std::size_t>(i)] = 0.0f;
    for (Index p = 0; p < picks; ++p)
      thresholds[static_cast<std::size_t>(i)] =
          std::max(thresholds[static_cast<std::size_t>(i)], columns[static_cast<std::size_t>(p * n + i)]);
  }

  double floats = 0.0;
  const auto time = [&](const char* name, InstructionSet set, bool screen) {
    const Kernel similarities = kernel_of(set);
    const StreamedEntries& entries = *similarities.streamed();
    double best = 1e300;
    std::size_t found = 0;
    for (int round = 0; round < 3; ++round) {
      const double begin = measured::seconds();
      std::optional<detail::ScreenedRows> screened;
      if (screen) screened = detail::ScreenedRows::of(executor, entries);
      found = pass(executor, entries, screened, thresholds);
      best = std::min(best, measured::seconds() - begin);
    }
    if (!screen) floats = best;
    fmt::print("{},{},{},{},{},{:.3f},{:.2f},{}\n", name, n, pool.columns(), picks, threads, best, floats / best,
               found);
    std::fflush(stdout);
  };

  time("floats", largest_instruction_set(), false);
  for (InstructionSet set : {InstructionSet::avx2, InstructionSet::vnni, InstructionSet::amx})
    if (has(set)) time(name_of(set), set, true);
}

}  // namespace

int main(int count, char** values) {
  if (count != 4) {
    std::fputs("usage: EMBEDDINGS.npy|SHAPE:N PICKS THREADS\n", stderr);
    return EXIT_FAILURE;
  }
  try {
    measure(values[1], std::atoll(values[2]), std::atoll(values[3]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
