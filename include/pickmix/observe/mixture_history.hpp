// SPDX-License-Identifier: MIT
// What a mixture did: a line of JSON for each update, and a table to read.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/state.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// −Σ p log p in nats: log N where all N datasets are equally likely, 0 where one has everything.
inline double entropy(std::span<const double> p) {
  double sum = 0.0;
  for (double share : p)
    if (share > 0.0) sum -= share * std::log(share);
  return sum;
}

/// The share of each dataset in what was drawn: of tokens where `MosOptions::tokens` is given, else of examples. Empty
/// before the first batch.
template <Scorer S>
std::vector<double> realised_shares(const MosState<S>& state) {
  const auto& tokens = state.options().tokens;
  std::vector<double> out;
  for (std::size_t d = 0; d < state.drawn().size(); ++d)
    out.push_back(static_cast<double>(state.drawn()[d]) * (tokens.empty() ? 1.0 : tokens[d]));
  const double sum = std::accumulate(out.begin(), out.end(), 0.0);
  if (sum == 0.0) return {};
  for (double& share : out) share /= sum;
  return out;
}

/// Writes JSON Lines: called after every step, it writes a line at first and after each update, with the fields step,
/// updates, probabilities, entropy (nats), rewards (none before the first update), drawn (rows) and realised (shares).
///
///     MixtureHistory history(file);
///     for (const Batch& batch : sampler) { train(batch); history(state); }
///
/// What the stream does not take is seen in the state of the stream, or thrown by it if it was told to. The next call then
/// writes a line again, behind a line break that ends what there may be of the first.
class MixtureHistory {
 public:
  explicit MixtureHistory(std::ostream& out) : out_(&out) {}

  template <Scorer S>
  void operator()(const MosState<S>& state) {
    if (state.updates() == written_) return;
    std::string line = fmt::format(
        R"({{"step":{},"updates":{},"probabilities":[{}],"entropy":{},"rewards":[{}],"drawn":[{}],"realised":[{}]}})",
        state.step(), state.updates(), fmt::join(state.probabilities(), ","), entropy(state.probabilities()),
        fmt::join(state.rewards(), ","), fmt::join(state.drawn(), ","), fmt::join(realised_shares(state), ","));
    line += '\n';
    if (std::exchange(torn_, true)) line.insert(0, 1, '\n');
    *out_ << line;
    if (!*out_) return;
    torn_ = false;
    written_ = state.updates();
  }

 private:
  std::ostream* out_;
  Index written_ = -1;
  bool torn_ = false;  // the stream may end within a line
};

/// A table of what each dataset was to have, what it had, and how often it was read (rows drawn over its size, also where it
/// is restricted to some), a line for each dataset:
///
///     dataset   requested   realised   passes
///           0      0.2500     0.2613     1.31
///
/// \param names  one for each dataset, or none
/// \throws ShapeError if there is another number of names
template <Scorer S>
std::string mixture_table(const MosState<S>& state, std::span<const std::string> names = {}) {
  const auto datasets = state.probabilities().size();
  if (!names.empty() && names.size() != datasets)
    raise<ShapeError>("mixture_table: {} names for {} datasets; needs one each, or none", names.size(), datasets);
  const std::vector<double> realised = realised_shares(state);
  std::string table = fmt::format("{:>16}   requested   realised   passes\n", "dataset");
  for (std::size_t d = 0; d < datasets; ++d)
    table += fmt::format("{:>16}   {:9.4f}   {:8.4f}   {:6.2f}\n", names.empty() ? fmt::format("{}", d) : names[d],
                         state.probabilities()[d], realised.empty() ? 0.0 : realised[d],
                         static_cast<double>(state.drawn()[d]) / static_cast<double>(state.options().sizes[d]));
  return table;
}

}  // namespace pickmix::inline v0
