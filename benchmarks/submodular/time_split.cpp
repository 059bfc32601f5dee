// SPDX-License-Identifier: MIT
// Where the time of a selection goes: prints a row of CSV.
//
//     bench.submodular.time_split EMBEDDINGS.npy|SHAPE:N SHARE THREADS INSTRUCTIONS [everything|PICKS [SAMPLE SEED]]
//
// SHAPE: clustered, offset, decaying, none (seeded, see support/embeddings.hpp). INSTRUCTIONS: those asked for with cpu.only.
// `everything`: all pairs are looked at whatever the number of rows, in 2 GiB of lists. PICKS: first picks; 0: its own choice.
// SAMPLE: rows of the sample. Columns: instructions, data, n, features, share, threads; seconds in all and for each
// step: lay out the embeddings (or compute all similarities of up to 8192 rows), first picks on a sample with what they
// cover, the pass (with all that comes before its last run, where it ran out of room and was made again), greedy on
// what it kept with the making of lists; processor seconds, peak memory in MB, first picks, objective, certificate.
#include <pickmix/pickmix.hpp>

#include "support/embeddings.hpp"
#include "support/machine.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>

namespace {

using namespace pickmix;

InstructionSet instructions_named(const std::string& name) {
  for (int i = 0; std::string(name_of(static_cast<InstructionSet>(i))) != "unknown"; ++i)
    if (name == name_of(static_cast<InstructionSet>(i))) return static_cast<InstructionSet>(i);
  raise<ValueError>("instructions are {}; there is no such set", name);
}

void measure(const std::string& source, double share, Index threads, InstructionSet set, const std::string& way,
             SampledStart start) {
  const auto colon = source.find(':');
  std::optional<NpyMatrix> file;
  measured::Rows rows;
  if (colon == std::string::npos)
    file.emplace(source);
  else
    rows = measured::embeddings(source.substr(0, colon), std::atoll(source.substr(colon + 1).c_str()));
  const MatrixView<const float> pool = file ? file->view() : MatrixView<const float>(rows);
  const Cpu executor = cpu.threads(threads).only(set);

  const double begin = measured::seconds(), cpu_begin = measured::cpu_seconds();
  SimilarityOptions how{.storage = pool.rows() > start.exact_up_to ? Storage::streamed : Storage::full};
  const Index features = pool.columns();
  if (way != "everything") {
    start.picks = std::atoll(way.c_str());
  } else {
    how.memory_limit = std::uint64_t{2} << 30;
    start.near_above = std::numeric_limits<Index>::max();
  }
  FacilityLocationObjective f(*similarity(executor, pool, how));
  rows.resize(0, 0), file.reset();  // the kernel has its own
  const double laid_out = measured::seconds();
  double passed = 0.0, started = 0.0;
  Index picked = 0, first = 0;
  auto on_progress = [&](const Progress&) {
    if (started == 0.0) started = measured::seconds();
    passed = measured::seconds();
    first = picked;  // of a pass that was made again, those of the last
  };
  auto on_step = [&](const SelectionStep& step) { picked = step.picked; };
  const Selection selection = maximize(executor, f, Fraction{share}, start, on_progress, on_step);
  const double end = measured::seconds(), cpu_end = measured::cpu_seconds();
  if (started == 0.0)
    started = passed = laid_out, first = 0;  // few rows: all similarities are kept, greedy is all there is
  fmt::print("{},{},{},{},{},{},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.0f},{},{:.4f},{:.4f}\n", name_of(set),
             colon == std::string::npos ? std::filesystem::path(source).stem().string() : source, f.size(), features,
             share, threads, end - begin, laid_out - begin, started - laid_out, passed - started, end - passed,
             cpu_end - cpu_begin, measured::peak_megabytes(), first, selection.value,
             selection.value / selection.upper_bound);
}

}  // namespace

int main(int count, char** values) {
  if (count != 5 && count != 6 && count != 8) {
    std::fputs("usage: EMBEDDINGS.npy|SHAPE:N SHARE THREADS INSTRUCTIONS [everything|PICKS [SAMPLE SEED]]\n", stderr);
    return EXIT_FAILURE;
  }
  SampledStart start;
  if (count == 8) start.sample = std::atoll(values[6]), start.seed = std::strtoull(values[7], nullptr, 10);
  try {
    measure(values[1], std::atof(values[2]), std::atoll(values[3]), instructions_named(values[4]),
            count > 5 ? values[5] : "", start);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
