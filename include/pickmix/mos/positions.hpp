// SPDX-License-Identifier: MIT
// How far each dataset has been read, and which row comes next.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/permutation.hpp>
#include <pickmix/core/rng.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/row_subset.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// The place in each of some datasets. Which row comes k-th is a function of the seed, the dataset and k: without
/// replacement, each pass over a dataset takes every row once, in an order of its own; with replacement, every row is
/// equally likely every time.
///
/// A dataset can be restricted to some rows. Then passes over it begin anew, over these rows, and so does the count of how
/// many are left; their orders are named by the rows drawn before, so no order comes twice.
///
/// \complexity a row costs about ten random numbers, and of a dataset of fewer than 128 rows up to 128 times as many; no memory
///             beside 8 bytes a dataset, and the rows that were chosen
class Positions {
 public:
  /// \param most_passes how many times over a dataset may be read, above 0; infinity: without end
  Positions(std::size_t datasets, std::uint64_t seed, bool replacement, double most_passes)
      : drawn_(datasets, 0), seed_(seed), replacement_(replacement), most_passes_(most_passes) {}

  std::span<const Index> drawn() const { return drawn_; }

  /// The rows that are drawn, of each dataset; no entries if no dataset was ever restricted.
  std::span<const RowSubset> rows() const { return rows_; }
  RowSubset rows(std::size_t dataset) const { return rows_.empty() ? RowSubset() : rows_[dataset]; }

  /// How many rows a pass over a dataset of `size` rows has.
  Index pass_length(std::size_t dataset, Index size) const { return rows_.empty() ? size : rows_[dataset].count(size); }

  /// Passes completed so far; one that a restriction broke off does not count.
  Index passes(std::size_t dataset, Index size) const {
    const Index of_pass = pass_length(dataset, size), before = passes_.empty() ? 0 : passes_[dataset];
    return of_pass == 0 ? before : before + (drawn_[dataset] - since(dataset)) / of_pass;
  }

  /// How many rows may have been drawn in all when there is nothing more to draw.
  Index most(std::size_t dataset, Index size) const {
    const Index of_pass = pass_length(dataset, size), before = since(dataset);
    if (of_pass == 0) return before;
    const double product = most_passes_ * static_cast<double>(of_pass);
    const double rows = std::ceil(product * (1.0 - 0x1p-52));  // 1.1 · 100 is a little above 110
    return rows >= static_cast<double>(INT64_MAX - before) ? INT64_MAX : before + static_cast<Index>(rows);
  }
  /// How many may still be drawn.
  Index left(std::size_t dataset, Index size) const {
    return std::max<Index>(most(dataset, size) - drawn_[dataset], 0);
  }

  /// From here on only `rows` are drawn of a dataset of `size` rows.
  void restrict_to(std::size_t dataset, Index size, RowSubset rows) {
    const Index passed = passes(dataset, size);
    rows_.resize(drawn_.size());
    since_.resize(drawn_.size(), 0);
    passes_.resize(drawn_.size(), 0);
    rows_[dataset] = std::move(rows);
    since_[dataset] = drawn_[dataset];
    passes_[dataset] = passed;
  }

  /// Appends the next `count` rows of a dataset of `size` rows to `examples`.
  void take(std::size_t dataset, Index size, Index count, std::vector<Example>& examples) {
    Index at = drawn_[dataset];
    const Index end = at + count, begun = since(dataset), of_pass = pass_length(dataset, size);
    const std::span<const Index> chosen = rows_.empty() ? std::span<const Index>() : rows_[dataset].chosen();
    const auto append = [&](Index k) {
      const Index row = chosen.empty() ? k : chosen[static_cast<std::size_t>(k)];
      examples.push_back({.dataset = static_cast<Index>(dataset), .row = row});
    };
    while (at < end) {
      if (replacement_) {
        append(random(row_purpose, dataset, at).below(of_pass));
        ++at;
        continue;
      }
      const Index k = (at - begun) % of_pass;
      const Permutation rows_of_pass = order(dataset, at - k, of_pass, begun > 0 || !chosen.empty());
      for (Index i = k; i < of_pass && at < end; ++i, ++at) append(rows_of_pass(i));
    }
    drawn_[dataset] = end;
  }

  void add_dataset() {
    drawn_.push_back(0);
    if (rows_.empty()) return;
    rows_.emplace_back();
    since_.push_back(0);
    passes_.push_back(0);
  }

  /// \throws CheckpointError if a place is not in [0, most], or all together are not in [least, most]
  void load(std::vector<Index> drawn, Index least, Index most) {
    if (drawn.size() != drawn_.size())
      raise<CheckpointError>("checkpoint: field 'drawn' has {} values; expected {}", drawn.size(), drawn_.size());
    Index not_drawn = most;
    for (std::size_t d = 0; d < drawn.size(); ++d) {
      if (drawn[d] < 0 || drawn[d] > not_drawn)
        raise<CheckpointError>("checkpoint: field 'drawn'[{}] is {}; needs to be in [0, {}]", d, drawn[d], not_drawn);
      not_drawn -= drawn[d];
    }
    if (not_drawn > most - least)
      raise<CheckpointError>("checkpoint: field 'drawn' adds up to {} less than step · batch_size", not_drawn);
    drawn_ = std::move(drawn);
  }

  /// Whether passes over a dataset began anew some time: there is more to save than `drawn`.
  bool restricted() const {
    for (std::size_t d = 0; d < rows_.size(); ++d)
      if (since_[d] > 0 || !rows_[d].all()) return true;
    return false;
  }
  void save_rows(ArchiveWriter& file) const {
    std::vector<Index> counts, rows;
    for (const RowSubset& of_dataset : rows_) {
      counts.push_back(of_dataset.count(-1));
      rows.insert(rows.end(), of_dataset.chosen().begin(), of_dataset.chosen().end());
    }
    file.write("rows.since", since_);
    file.write("rows.passes", passes_);
    file.write("rows.count", counts);
    file.write("rows", rows);
  }
  /// \throws CheckpointError if a field has an impossible value (names it)
  void load_rows(ArchiveReader& file, std::span<const Index> sizes) {
    const auto each = [&](const char* name, Index least, std::span<const Index> most) {
      auto values = file.read_all<Index>(name);
      if (values.size() != sizes.size())
        raise<CheckpointError>("checkpoint: field '{}' has {} values; expected {}", name, values.size(), sizes.size());
      for (std::size_t d = 0; d < values.size(); ++d)
        if (values[d] < least || values[d] > most[d])
          raise<CheckpointError>("checkpoint: field '{}'[{}] is {}; needs to be in [{}, {}]", name, d, values[d], least,
                                 most[d]);
      return values;
    };
    since_ = each("rows.since", 0, drawn_);
    passes_ = each("rows.passes", 0, since_);
    const std::vector<Index> counts = each("rows.count", -1, sizes), rows = file.read_all<Index>("rows");
    Index expected = 0;
    for (Index count : counts) expected += std::max<Index>(count, 0);
    if (std::ssize(rows) != expected)
      raise<CheckpointError>("checkpoint: field 'rows' has {} values; 'rows.count' says {}", rows.size(), expected);
    rows_.assign(sizes.size(), {});
    std::size_t at = 0;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      if (counts[d] < 0) continue;
      const std::size_t begin = at, end = begin + static_cast<std::size_t>(counts[d]);
      for (; at < end; ++at)
        if (const Index least = at == begin ? 0 : rows[at - 1] + 1; rows[at] < least || rows[at] >= sizes[d])
          raise<CheckpointError>("checkpoint: field 'rows'[{}] is {}; needs to be in [{}, {})", at, rows[at], least,
                                 sizes[d]);
      rows_[d] = RowSubset(std::span(rows).subspan(begin, end - begin), static_cast<Index>(d), sizes[d]);
    }
  }

 private:
  static constexpr std::uint32_t order_purpose = 0x6F726465;  // "orde"
  static constexpr std::uint32_t anew_purpose = 0x616E6577;   // "anew"
  static constexpr std::uint32_t row_purpose = 0x726F7773;    // "rows"

  Index since(std::size_t dataset) const { return since_.empty() ? 0 : since_[dataset]; }

  /// Random numbers for the place `at` of a dataset.
  RandomStream random(std::uint32_t purpose, std::size_t dataset, Index at) const {
    constexpr std::uint64_t mask = (std::uint64_t{1} << 44) - 1;
    return {seed_, purpose, static_cast<std::uint64_t>(dataset) << 44 | (static_cast<std::uint64_t>(at) & mask)};
  }
  /// The order of a pass that begins at the place `at`. Where nothing began anew, passes are named by their number.
  Permutation order(std::size_t dataset, Index at, Index length, bool anew) const {
    return Permutation(
        length, anew ? random(anew_purpose, dataset, at)
                     : RandomStream(seed_, order_purpose, static_cast<std::uint64_t>(at / length) << 32 | dataset));
  }

  std::vector<Index> drawn_;
  // Of each dataset, or empty if none was ever restricted: the rows that are drawn; rows drawn before, and passes completed
  // before, when passes last began anew.
  std::vector<RowSubset> rows_;
  std::vector<Index> since_, passes_;
  std::uint64_t seed_;
  bool replacement_;
  double most_passes_;
};

}  // namespace pickmix::inline v0
