// SPDX-License-Identifier: MIT
// The pass that finds all similarities above what some rows cover, in floats and screened in bytes: prints rows of CSV.
//
//     bench.kernel.screened EMBEDDINGS.npy|SHAPE:N PICKS THREADS
//
// SHAPE: clustered, offset, decaying, none (seeded, see support/embeddings.hpp). PICKS: rows that cover, selected by facility
// location. Columns: instructions, n, features, picks, threads, seconds (best of three), times faster than the float
// pass with the same instructions, operations as a share of the peak of their unit (fused multiply-adds, with AVX2;
// products of bytes), entries found. `bounds` is the part of the pass that multiplies bytes and compares bounds; it
// finds the pairs that are left to compute. `eigen` is the float pass as one would write it with Eigen, for the
// processor that the compiler was told of.
#include <pickmix/pickmix.hpp>

#include "support/embeddings.hpp"
#include "support/machine.hpp"

#include <Eigen/Core>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
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

/// The part of a screened pass that looks for pairs, without computing them; how many there are.
std::size_t pairs(Cpu executor, const StreamedEntries& entries, const detail::ScreenedRows& screened,
                  const std::vector<float>& thresholds) {
  constexpr Index edge = StreamedEntries::edge, words = edge / 64;
  std::atomic<std::size_t> count{0};
  for_each_tile(executor, detail::parts(entries), [&](Index task) {
    const detail::KernelPart part = detail::part_of(entries, task);
    const auto limits_of = [&](Index block) {
      return std::span(thresholds).subspan(static_cast<std::size_t>(block * edge), edge);
    };
    std::vector<backend::Screen> screens;
    for (Index b = part.first_column_block; b < part.end_column_block; ++b)
      screens.emplace_back(screened.products, entries.instructions(), screened.columns->bytes, b * edge, limits_of(b));
    std::vector<std::uint64_t> masks(edge * words);
    std::vector<std::uint8_t> rows(edge * edge + 64), columns(rows.size());
    std::size_t left = 0;
    for (Index a = part.first_row_block; a < part.end_row_block; ++a)
      for (Index b = std::max(part.first_column_block, a); b < part.end_column_block; ++b) {
        const Index width = entries.columns_in(b);
        screens[static_cast<std::size_t>(b - part.first_column_block)].candidates(screened.rows->bytes, a * edge,
                                                                                  limits_of(a), width, masks);
        left += static_cast<std::size_t>(
            backend::bit_positions<words>(entries.instructions(), masks.data(), width, rows.data(), columns.data()));
      }
    count += left;
  });
  return count;
}

/// The float pass as one would write it with Eigen: tiles of 192 x 192, compared with the thresholds. As fast as the flags that
/// this file is compiled with allow.
///
/// \param rows  one a column, whole tiles of them
void eigen_pass(Cpu executor, const Eigen::MatrixXf& rows, const std::vector<float>& thresholds) {
  constexpr Index edge = 192;
  const Eigen::Map<const Eigen::ArrayXf> limits(thresholds.data(), rows.cols());
  std::atomic<Index> count{0};
  const Index blocks = rows.cols() / edge;
  for_each_tile(executor, blocks, [&](Index task) {
    const Index b = blocks - 1 - task;
    Eigen::MatrixXf tile(edge, edge);
    Index above = 0;
    for (Index a = 0; a <= b; ++a) {
      tile.noalias() = rows.middleCols(a * edge, edge).transpose() * rows.middleCols(b * edge, edge);
      for (Index c = 0; c < edge; ++c) {
        above += (tile.col(c).array() > limits.segment(a * edge, edge)).count();
        above += (tile.col(c).array() > limits[b * edge + c]).count();
      }
    }
    count += above;
  });
}

/// Seconds of the quickest of three runs.
template <class Run>
double best_of_three(const Run& run) {
  double best = 1e300;
  for (int round = 0; round < 3; ++round) {
    const double begin = measured::seconds();
    run();
    best = std::min(best, measured::seconds() - begin);
  }
  return best;
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
  // n²/2 pairs, d products and as many additions each.
  const double operations = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(pool.columns());
  const auto report = [&](const std::string& name, double seconds, double peak, std::size_t found) {
    fmt::print("{},{},{},{},{},{:.3f},{:.2f},{:.2f},{}\n", name, n, pool.columns(), picks, threads, seconds,
               floats / seconds, operations / seconds * 1e-9 / (peak * static_cast<double>(threads)), found);
    std::fflush(stdout);
  };
  const auto time = [&](InstructionSet set) {
    const Kernel similarities = kernel_of(set);
    const StreamedEntries& entries = *similarities.streamed();
    std::optional<detail::ScreenedRows> screened;
    std::size_t found = 0;
    floats = best_of_three([&] { found = pass(executor, entries, screened, thresholds); });
    report(fmt::format("floats {}", name_of(set)), floats, measured::multiply_add_rate(), found);
    const double seconds = best_of_three([&] {
      screened.reset();
      screened = detail::ScreenedRows::of(executor, entries);
      found = pass(executor, entries, screened, thresholds);
    });
    const double peak = measured::byte_rate(set);
    report(name_of(set), seconds, peak, found);
    if (!screened) return;
    const double of_bounds = best_of_three([&] { found = pairs(executor, entries, *screened, thresholds); });
    report(fmt::format("bounds {}", name_of(set)), of_bounds, peak, found);
  };

  for (InstructionSet set :
       {InstructionSet::dotprod, InstructionSet::avx2, InstructionSet::vnni, InstructionSet::amx}) {
    if (has(set)) time(set);
  }
  const auto& packed = *kernel.streamed()->packed_rows();
  Eigen::MatrixXf rows_of_columns = Eigen::MatrixXf::Zero(packed.features(), packed.blocks() * 192);
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < packed.features(); ++k) rows_of_columns(k, i) = packed(i, k);
  report("eigen", best_of_three([&] { eigen_pass(executor, rows_of_columns, thresholds); }),
         measured::multiply_add_rate(), 0);
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
