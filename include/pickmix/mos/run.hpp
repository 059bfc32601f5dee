// SPDX-License-Identifier: MIT
// Where a mixture is in its run, apart from what its scorer has learnt.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/epoch.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/positions.hpp>
#include <pickmix/mos/reported.hpp>
#include <pickmix/mos/reward.hpp>
#include <pickmix/mos/update.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pickmix::inline v0::detail {

/// The rewards, with 0 for retired datasets.
///
/// \throws ShapeError if there is not one for each dataset; ValueError if one is not in [0, largest_reward]
inline std::vector<double> checked_rewards(std::span<const double> rewards, const std::vector<bool>& masked) {
  if (rewards.size() != masked.size())
    raise<ShapeError>("MosState::learn: {} rewards for {} datasets; needs one each", rewards.size(), masked.size());
  std::vector<double> checked(rewards.begin(), rewards.end());
  for (std::size_t d = 0; d < checked.size(); ++d) {
    if (masked[d]) checked[d] = 0.0;
    if (!is_reward(checked[d]))
      raise<ValueError>("MosState::learn: the reward of dataset {} is {}; rewards must be in [0, {}]", d, checked[d],
                        largest_reward);
  }
  return checked;
}

/// The part of a MosState that a checkpoint holds beside options and scorer.
struct MosRun {
  static constexpr std::uint32_t newest_version = 3;

  std::vector<bool> masked;  ///< of each dataset: whether it is out of the mixture
  Positions positions;
  Reported reported;
  RewardMemory memory;
  std::string update_rule;            ///< by which the last update was made
  std::vector<double> update_memory;  ///< what that rule remembers: nothing, or a number of each dataset, 0 at first
  std::vector<double> rewards;
  Index step = 0;
  Index updates = 0;
  Index updated_at = -1;
  std::optional<Epoch> epoch;  ///< the last that a sampler began

  explicit MosRun(const MosOptions& options)
      : masked(options.sizes.size(), false),
        positions(options.sizes.size(), options.seed, options.replacement, options.most_passes),
        reported(options.sizes.size()) {}

  /// Forgets what another rule remembered.
  void learn_by(std::string_view rule) {
    if (update_rule != rule) update_memory.clear();
    update_rule = rule;
  }
  /// There was an update by these rewards.
  void learnt(std::vector<double> by) {
    rewards = std::move(by);
    reported.clear();
    ++updates;
    updated_at = step;
  }

  void add_dataset() {
    masked.push_back(false);
    positions.add_dataset();
    reported.add_dataset();
    if (!update_memory.empty()) update_memory.push_back(0.0);
    if (!rewards.empty()) rewards.push_back(0.0);
  }

  /// Whether a dataset in the mixture has a row that may be drawn.
  bool any_rows(std::span<const Index> sizes) const {
    for (std::size_t d = 0; d < masked.size(); ++d)
      if (!masked[d] && positions.pass_length(d, sizes[d]) > 0) return true;
    return false;
  }

  /// The version of the fields. Restricted rows make it the third: a library that knows of none refuses the file, instead of
  /// going on with other rows.
  std::uint32_t version() const { return positions.restricted() ? newest_version : 2; }

  void save(ArchiveWriter& file) const {
    file.write("step", step);
    file.write("updates", updates);
    file.write("updated_at", updated_at);
    file.write("drawn", std::vector<Index>(positions.drawn().begin(), positions.drawn().end()));
    if (positions.restricted()) positions.save_rows(file);
    file.write("masked", std::vector<Index>(masked.begin(), masked.end()));
    reported.save(file);
    file.write("rewards", rewards);
    file.write("update.rule", std::string_view(update_rule));
    file.write("update.memory", update_memory);
    file.write("memory", static_cast<Index>(memory.size() + (epoch ? 1 : 0)));
    const auto entry = [&](std::string_view name, const std::vector<double>& values) {
      file.write("memory.name", name);
      file.write("memory.values", values);
    };
    for (const auto& [name, values] : memory) entry(name, values);
    if (epoch) entry(epoch_name, to_values(*epoch));
  }

  /// \throws CheckpointError if a field has an impossible value (names it)
  static MosRun load(ArchiveReader& file, const MosOptions& options) {
    MosRun out(options);
    const std::size_t datasets = options.sizes.size();
    const auto counter = [&](const char* name, Index least, Index most) {
      const auto value = file.read<Index>(name);
      if (value < least || value > most)
        raise<CheckpointError>("checkpoint: field '{}' is {}; needs to be in [{}, {}]", name, value, least, most);
      return value;
    };
    out.step = counter("step", 0, most_steps);
    out.updates = counter("updates", 0, Index{1} << 53);
    out.updated_at = out.updates == 0 ? counter("updated_at", -1, -1) : counter("updated_at", 0, out.step);
    const Index most_rows = out.step * options.batch_size;  // a short batch has one at least
    out.positions.load(file.read_all<Index>("drawn"), std::isinf(options.most_passes) ? most_rows : out.step,
                       most_rows);
    if (file.version() >= 3) out.positions.load_rows(file, options.sizes);
    for (std::size_t d = 0; d < datasets; ++d)
      if (const Index most = out.positions.most(d, options.sizes[d]); out.positions.drawn()[d] > most)
        raise<CheckpointError>("checkpoint: field 'drawn'[{}] is {}; needs to be in [0, {}], as most_passes is {}", d,
                               out.positions.drawn()[d], most, options.most_passes);
    if (file.version() >= 2) {
      out.masked = load_masked(file, datasets);
      if (!out.any_rows(options.sizes))
        raise<CheckpointError>("checkpoint: field 'rows.count' leaves no row in the mixture");
      out.reported = Reported::load(file, datasets);
    }
    out.rewards = file.read_all<double>("rewards");
    if (out.rewards.size() != (out.updates == 0 ? 0 : datasets))
      raise<CheckpointError>("checkpoint: field 'rewards' has {} values after {} updates of {} datasets",
                             out.rewards.size(), out.updates, datasets);
    for (std::size_t d = 0; d < out.rewards.size(); ++d)
      if (!is_reward(out.rewards[d]))
        raise<CheckpointError>("checkpoint: field 'rewards'[{}] is {}", d, out.rewards[d]);
    if (file.version() >= 2) {
      out.update_rule = file.read_text("update.rule");
      out.update_memory = file.read_all<double>("update.memory");
      check_update(out.update_rule, out.update_memory.size(), datasets);
    }
    for (std::size_t k = 0; k < out.update_memory.size(); ++k)
      if (!std::isfinite(out.update_memory[k]))
        raise<CheckpointError>("checkpoint: field 'update.memory'[{}] is {}; needs to be finite", k,
                               out.update_memory[k]);
    for (Index entries = counter("memory", 0, INT64_MAX); entries > 0; --entries) {
      auto name = file.read_text("memory.name");
      auto values = file.read_all<double>("memory.values");
      for (std::size_t k = 0; k < values.size(); ++k)
        if (!std::isfinite(values[k]))
          raise<CheckpointError>("checkpoint: field 'memory.values' of '{}' [{}] is {}; needs to be finite", name, k,
                                 values[k]);
      if (name == epoch_name)
        out.epoch = epoch_from(values, options, out.positions, out.step);
      else
        out.memory[std::move(name)] = std::move(values);
    }
    return out;
  }

 private:
  static constexpr Index most_steps = Index{1} << 38;  // times the largest batch is still an Index

  /// No rule has been applied if it has no name.
  static void check_update(const std::string& rule, std::size_t remembered, std::size_t datasets) {
    const std::optional<bool> remembers = rule.empty() ? false : detail::remembers(rule);
    if (!remembers) raise<CheckpointError>("checkpoint: field 'update.rule' is '{}'; there is no such rule", rule);
    if (remembered != 0 && !(*remembers && remembered == datasets))
      raise<CheckpointError>("checkpoint: field 'update.memory' has {} values; the rule '{}' keeps {}", remembered,
                             rule, *remembers ? datasets : 0);
  }

  static std::vector<bool> load_masked(ArchiveReader& file, std::size_t datasets) {
    const auto marks = file.read_all<Index>("masked");
    if (marks.size() != datasets)
      raise<CheckpointError>("checkpoint: field 'masked' has {} values; expected {}", marks.size(), datasets);
    for (std::size_t d = 0; d < datasets; ++d)
      if (marks[d] != 0 && marks[d] != 1)
        raise<CheckpointError>("checkpoint: field 'masked'[{}] is {}; needs to be 0 or 1", d, marks[d]);
    if (std::count(marks.begin(), marks.end(), 0) == 0)
      raise<CheckpointError>("checkpoint: field 'masked' leaves no dataset in the mixture");
    return {marks.begin(), marks.end()};
  }
};

}  // namespace pickmix::inline v0::detail
