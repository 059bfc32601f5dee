// SPDX-License-Identifier: MIT
// MosOptions in a checkpoint.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/mos/boltzmann.hpp>
#include <pickmix/mos/closed_form.hpp>
#include <pickmix/mos/drift.hpp>
#include <pickmix/mos/exp3.hpp>
#include <pickmix/mos/exponentiated_gradient.hpp>
#include <pickmix/mos/options.hpp>
#include <pickmix/mos/policy_gradient.hpp>
#include <pickmix/mos/scorer.hpp>
#include <pickmix/mos/update.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0::detail {

inline std::vector<double> parameters(const Drift& rule) { return {rule.centred ? 1.0 : 0.0}; }
inline std::vector<double> parameters(const PolicyGradient&) { return {}; }
inline std::vector<double> parameters(const ExponentiatedGradient& rule) { return {rule.rate, rule.smoothing}; }
inline std::vector<double> parameters(const Exp3& rule) { return {rule.scale}; }
inline std::vector<double> parameters(const Boltzmann& rule) { return {rule.beta, rule.gamma, rule.alpha}; }
inline std::vector<double> parameters(const ClosedForm& rule) { return {rule.rate}; }

inline Drift with_parameters(Drift, const std::vector<double>& p) {
  if (p[0] != 0.0 && p[0] != 1.0)
    raise<CheckpointError>("checkpoint: field 'update.parameters' of 'drift' is {}; needs to be 0 or 1", p[0]);
  return {p[0] == 1.0};
}
inline PolicyGradient with_parameters(PolicyGradient, const std::vector<double>&) { return {}; }
inline ExponentiatedGradient with_parameters(ExponentiatedGradient, const std::vector<double>& p) {
  return {p[0], p[1]};
}
inline Exp3 with_parameters(Exp3, const std::vector<double>& p) { return {p[0]}; }
inline Boltzmann with_parameters(Boltzmann, const std::vector<double>& p) { return {p[0], p[1], p[2]}; }
inline ClosedForm with_parameters(ClosedForm, const std::vector<double>& p) { return {p[0]}; }

inline void save_update(ArchiveWriter& file, const Update& update) {
  file.write("update", name(update));
  file.write("update.parameters", std::visit([](const auto& rule) { return parameters(rule); }, update));
}

/// \throws CheckpointError if there is no such rule, or it has other parameters
template <std::size_t at = 0>
Update load_update(std::string_view kind, const std::vector<double>& values) {
  if constexpr (at == std::variant_size_v<Update>) {
    raise<CheckpointError>("checkpoint: field 'update' is '{}'; there is no such rule", kind);
  } else {
    using Rule = std::variant_alternative_t<at, Update>;
    if (kind != Rule::kind) return load_update<at + 1>(kind, values);
    if (const auto wanted = parameters(Rule{}).size(); values.size() != wanted)
      raise<CheckpointError>("checkpoint: field 'update.parameters' has {} values; '{}' has {}", values.size(), kind,
                             wanted);
    return with_parameters(Rule{}, values);
  }
}

inline void save_options(ArchiveWriter& file, const MosOptions& options) {
  file.write("sizes", options.sizes);
  file.write("batch_size", options.batch_size);
  file.write("prior_temperature", options.prior_temperature);
  file.write("update_interval", options.update_interval);
  file.write("inner_steps", options.inner_steps);
  file.write("learning_rate", options.learning_rate);
  file.write("reward_batch", options.reward_batch);
  file.write("seed", options.seed);
  save_update(file, options.update);
  file.write("optimizer", static_cast<Index>(options.optimizer));
  file.write("least_probability", options.least_probability);
  file.write("draw", static_cast<Index>(options.draw));
  file.write("replacement", static_cast<Index>(options.replacement));
  file.write("most_passes", options.most_passes);
  file.write("epoch_end", static_cast<Index>(options.epoch_end));
  file.write("epoch_steps", options.epoch_steps);
  file.write("tokens", options.tokens);
}

/// \param version  of the state's format: 1 had fewer options; the others are then what they were, the defaults
/// \throws CheckpointError if an option is out of its range (names it)
inline MosOptions load_options(ArchiveReader& file, std::uint32_t version) {
  const auto choice = [&](const char* name, Index last) {
    const auto value = file.read<Index>(name);
    if (value < 0 || value > last)
      raise<CheckpointError>("checkpoint: field '{}' is {}; needs to be in [0, {}]", name, value, last);
    return value;
  };
  MosOptions options;
  options.sizes = file.read_all<Index>("sizes");
  options.batch_size = file.read<Index>("batch_size");
  options.prior_temperature = file.read<double>("prior_temperature");
  options.update_interval = file.read<Index>("update_interval");
  options.inner_steps = file.read<Index>("inner_steps");
  options.learning_rate = file.read<double>("learning_rate");
  options.reward_batch = file.read<Index>("reward_batch");
  options.seed = file.read<std::uint64_t>("seed");
  if (version >= 2) {
    const std::string kind = file.read_text("update");
    options.update = load_update(kind, file.read_all<double>("update.parameters"));
    options.optimizer = static_cast<Optimizer>(choice("optimizer", 1));
    options.least_probability = file.read<double>("least_probability");
    options.draw = static_cast<Draw>(choice("draw", 1));
    options.replacement = choice("replacement", 1) != 0;
    options.most_passes = file.read<double>("most_passes");
    options.epoch_end = static_cast<EpochEnd>(choice("epoch_end", 2));
    options.epoch_steps = file.read<Index>("epoch_steps");
    options.tokens = file.read_all<double>("tokens");
  }
  try {
    validate(options);
  } catch (const Error& error) {
    raise<CheckpointError>("checkpoint: {}", error.what());
  }
  return options;
}

}  // namespace pickmix::inline v0::detail
