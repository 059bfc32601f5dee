// SPDX-License-Identifier: MIT
// What a budget of calls keeps of the full utility's objective, on losses that a model gave: prints rows of CSV.
//
//     bench.delift.utility_budget LOSSES.npy ROWS.npy EMBEDDINGS.npy POOLS SEEDS
//
// LOSSES: (n + 1) × n, row 0 the losses alone, row j + 1 with example j in context; ROWS: the examples' rows in EMBEDDINGS
// ("-": they are in order). POOLS: comma-separated, "all", "odd", "even", or a+b+…: blocks of 50 examples, which are
// the datasets of the recorded losses. Each pool: 5, 10, 20 % of the calls, k = 5, 10, 30 %; budget, budget_neighbors,
// budget_completion: pickmix and its strategies; neighbours: the same number of calls for nearest neighbours by cosine
// and each example in its own context; cosine, random: selections without calls.
#include <pickmix/pickmix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace pickmix;

/// A one-dimensional .npy of little-endian 64-bit integers.
std::vector<Index> read_rows(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (bytes.size() < 10 || bytes.find("'<i8'") == std::string::npos) throw std::runtime_error(path + ": no <i8 rows");
  const auto begin = 10 + static_cast<std::size_t>(static_cast<unsigned char>(bytes[8])) +
                     256 * static_cast<std::size_t>(static_cast<unsigned char>(bytes[9]));
  std::vector<Index> rows((bytes.size() - begin) / 8);
  std::memcpy(rows.data(), bytes.data() + begin, rows.size() * 8);
  return rows;
}

/// Recorded losses of some examples, and their embeddings.
struct Recorded {
  MatrixView<const float> losses, embeddings;
  std::vector<Index> rows;     ///< in embeddings
  std::vector<Index> members;  ///< in losses

  Index size() const { return std::ssize(members); }
  Index of(Index i) const { return members[static_cast<std::size_t>(i)]; }
  float alone(Index i) const { return losses(0, of(i)); }
  float in_context(Index i, Index j) const { return losses(of(j) + 1, of(i)); }

  Callbacks callbacks() const {
    return {.loss =
                [this](std::span<const Example> examples, std::span<float> out) {
                  for (std::size_t k = 0; k < examples.size(); ++k)
                    out[k] = examples[k].context == no_context ? alone(examples[k].row)
                                                               : in_context(examples[k].row, examples[k].context);
                },
            .embedding =
                [this](std::span<const Example> examples, MatrixView<float> out) {
                  for (std::size_t k = 0; k < examples.size(); ++k) {
                    const auto from = embeddings.row(rows[static_cast<std::size_t>(of(examples[k].row))]);
                    std::copy(from.begin(), from.end(), out.row(static_cast<Index>(k)).begin());
                  }
                },
            .embedding_size = embeddings.columns()};
  }
  float utility(Index i, Index j) const { return std::max(0.0f, alone(i) - in_context(i, j)); }
  double value(const std::vector<Index>& picks) const {
    double total = 0.0;
    for (Index i = 0; i < size(); ++i) {
      float best = 0.0f;
      for (Index j : picks) best = std::max(best, utility(i, j));
      total += static_cast<double>(best);
    }
    return total;
  }
};

std::vector<Index> members_of(const std::string& pool, Index n) {
  std::vector<Index> members;
  if (pool == "all" || pool == "odd" || pool == "even") {
    for (Index i = pool == "odd" ? 1 : 0; i < n; i += pool == "all" ? 1 : 2) members.push_back(i);
    return members;
  }
  std::stringstream blocks(pool);
  for (std::string block; std::getline(blocks, block, '+');)
    for (Index i = 0; i < 50; ++i) members.push_back(50 * std::stoll(block) + i);
  return members;
}

/// Greedy on each example's own utility and those of its nearest neighbours, `calls` in all.
std::vector<Index> by_neighbours(const Recorded& data, const Kernel& cosine, Index calls, Count k) {
  const Index n = data.size();
  std::vector<float> known(static_cast<std::size_t>(n * n), 0.0f);
  std::vector<std::vector<Index>> order(static_cast<std::size_t>(n), std::vector<Index>(static_cast<std::size_t>(n)));
  for (Index i = 0; i < n; ++i) {
    auto& nearest = order[static_cast<std::size_t>(i)];
    std::iota(nearest.begin(), nearest.end(), Index{0});
    std::stable_sort(nearest.begin(), nearest.end(),
                     [&](Index a, Index b) { return (a == i ? 2.0f : cosine(i, a)) > (b == i ? 2.0f : cosine(i, b)); });
  }
  for (Index call = 0; call < calls; ++call) {
    const Index i = call % n, j = order[static_cast<std::size_t>(i)][static_cast<std::size_t>(call / n)];
    known[static_cast<std::size_t>(i * n + j)] = data.utility(i, j);
  }
  return delift::select(Kernel({known.data(), n, n}), delift::InstructionTuning{}, k).indices;
}

void measure(const Recorded& data, const std::string& distance, const std::string& pool, std::uint64_t seeds) {
  const Index n = data.size();
  const Callbacks callbacks = data.callbacks();
  std::vector<float> embeddings(static_cast<std::size_t>(n * callbacks.embedding_size));
  std::vector<Example> all;
  for (Index i = 0; i < n; ++i) all.push_back({.row = i});
  const MatrixView<float> view(embeddings.data(), n, callbacks.embedding_size);
  callbacks.embedding(all, view);
  const Kernel cosine = similarity(view);
  for (const double k_share : {0.05, 0.1, 0.3}) {
    const Count k{static_cast<Index>(k_share * static_cast<double>(n) + 1e-9)};
    const double full = data.value(delift::select(n, callbacks, delift::InstructionTuning{}, k).indices);
    const auto row = [&](const char* method, double share, std::uint64_t seed, double kept, Estimate said) {
      fmt::print("{},{},{},{},{},{},{},{:.4f},{:.4f},{:.4f}\n", method, distance, pool, n, share, k_share, seed, kept,
                 said.value, said.error);
    };
    row("cosine", 0.0, 0, data.value(delift::select(cosine, delift::InstructionTuning{}, k).indices) / full, {});
    double random = 0.0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Permutation order(n, RandomStream(seed, 1));
      std::vector<Index> picks;
      for (Index p = 0; p < k.items; ++p) picks.push_back(order(p));
      random += data.value(picks) / full / 20.0;
    }
    row("random", 0.0, 0, random, {});
    for (const double share : {0.05, 0.1, 0.2}) {
      const auto calls = static_cast<Index>(share * static_cast<double>(n * n));
      row("neighbours", share, 0, data.value(by_neighbours(data, cosine, calls, k)) / full, {});
      const std::pair<const char*, delift::UtilityStrategy> strategies[] = {
          {"budget", delift::UtilityStrategy::adaptive},
          {"budget_neighbors", delift::UtilityStrategy::neighbors},
          {"budget_completion", delift::UtilityStrategy::completion}};
      for (const auto& [name, strategy] : strategies)
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
          const delift::Options options{.utility = {.strategy = strategy, .seed = seed}, .utility_calls = n + calls};
          const Selection s = delift::select(n, callbacks, delift::InstructionTuning{}, k, FacilityLocation{}, options);
          row(name, share, seed, data.value(s.indices) / full, s.kept);
        }
    }
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** argument) {
  if (count != 6) {
    std::fputs("usage: LOSSES.npy ROWS.npy|- EMBEDDINGS.npy POOLS SEEDS\n", stderr);
    return 2;
  }
  try {
    const NpyMatrix losses(argument[1]), embeddings(argument[3]);
    Recorded data{losses.view(), embeddings.view(), {}, {}};
    if (std::string(argument[2]) == "-") {
      data.rows.resize(static_cast<std::size_t>(data.losses.columns()));
      std::iota(data.rows.begin(), data.rows.end(), Index{0});
    } else {
      data.rows = read_rows(argument[2]);
    }
    std::stringstream pools(argument[4]);
    for (std::string pool; std::getline(pools, pool, ',');) {
      data.members = members_of(pool, data.losses.columns());
      measure(data, std::filesystem::path(argument[1]).stem().string(), pool, std::strtoull(argument[5], nullptr, 10));
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
