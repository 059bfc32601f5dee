// SPDX-License-Identifier: MIT
// One selection by facility location, measured: prints a row of CSV (see benchmarks/selection.sh for the table).
//
//     bench.submodular.facility_location METHOD EMBEDDINGS.npy SHARE THREADS
//
// METHOD: dense, half (the kernel is built first and not counted in `select`), streamed (exact, without a matrix), default
// (what delift::select does; default:2048 with a memory limit of 2048 MiB), shifted (the same by ShiftedCosine), pass (all
// similarities once, fused with a threshold, and nothing else), query, known (FLQMI and FLCG with 500 reference rows).
#include <pickmix/pickmix.hpp>

#include "support/machine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace pickmix;

struct Row {
  double kernel = 0.0, select = 0.0;
  Selection selection;
};

Row measure(const std::string& method, MatrixView<const float> pool, double share, Cpu executor) {
  Row row;
  const double begin = measured::seconds();
  const auto lap = [&] { return measured::seconds() - begin; };
  const MatrixView<const float> reference(pool.data(), std::min<Index>(500, pool.rows()), pool.columns());
  if (method.starts_with("default") || method == "shifted") {
    delift::Options options;
    if (method == "shifted") options.metric = ShiftedCosine{};
    if (const auto colon = method.find(':'); colon != std::string::npos)
      options.memory_limit = std::stoull(method.substr(colon + 1)) << 20;
    row.selection = delift::select(executor, pool, delift::InstructionTuning{}, Fraction{share}, {}, options);
  } else if (method == "known") {
    row.selection = delift::select(executor, pool, delift::Continual{reference}, Fraction{share});
  } else if (method == "query") {
    row.selection = delift::select(executor, pool, delift::TaskSpecific{reference}, Fraction{share});
  } else if (method == "pass") {
    const Kernel kernel = *similarity(executor, pool, {.storage = Storage::streamed});
    row.kernel = lap();
    const std::vector<float> thresholds(static_cast<std::size_t>(pool.rows()), std::numeric_limits<float>::infinity());
    (void)entries_above(executor, kernel, thresholds, [](Index, Index) { return true; });
  } else if (method != "dense" && method != "half" && method != "streamed") {
    throw std::invalid_argument(
        "METHOD is '" + method +
        "'; needs to be pass, default, default:MIB, shifted, dense, half, streamed, query or known");
  } else {
    SimilarityOptions how;
    if (method == "half") how.storage = Storage::half;
    if (method == "streamed") how.storage = Storage::streamed;
    how.memory_limit = method == "streamed" ? std::uint64_t{1} << 30 : UINT64_MAX;
    FacilityLocationObjective f(*similarity(executor, pool, how));
    row.kernel = lap();
    row.selection = maximize(executor, f, Fraction{share}, LazyGreedy{});
  }
  row.select = lap() - row.kernel;
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: METHOD EMBEDDINGS.npy SHARE THREADS\n", stderr);
    return EXIT_FAILURE;
  }
  try {
    const NpyMatrix pool(argv[2]);  // float32 files are mapped: their pages count as memory too
    const double share = std::atof(argv[3]);
    const double cpu_before = measured::cpu_seconds();
    const Row row = measure(argv[1], pool.view(), share, cpu.threads(std::atoll(argv[4])));
    const double cpu_time = measured::cpu_seconds() - cpu_before, peak = measured::peak_megabytes();
    const double n = static_cast<double>(pool.rows()), total = row.kernel + row.select;
    std::printf("%s,%s,%lld,%lld,%s,%s,%zu,%.3f,%.3f,%.3f,%.3f,%.0f,%.4f,%.4f,%.4f,%.2f,%.1f,%.1f\n", argv[1],
                std::filesystem::path(argv[2]).stem().c_str(), static_cast<long long>(pool.rows()),
                static_cast<long long>(pool.columns()), argv[3], argv[4], row.selection.indices.size(), row.kernel,
                row.select, total, cpu_time, peak, row.selection.value, row.selection.value / row.selection.upper_bound,
                row.selection.recall, static_cast<double>(row.selection.evaluations) / n,
                n * n * static_cast<double>(pool.columns()) / total * 1e-9, measured::multiply_add_rate());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
