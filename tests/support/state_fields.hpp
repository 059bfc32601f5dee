// SPDX-License-Identifier: MIT
// A state's checkpoint, field by field, so that one field can be spoilt under a right checksum.
#pragma once

#include <pickmix/core/archive.hpp>
#include <pickmix/core/types.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

/// The fields of a state of two datasets after some steps and an update, in the order of the format.
struct StateFields {
  using Index = pickmix::Index;
  using Indices = std::vector<Index>;
  using Doubles = std::vector<double>;

  std::string_view archive_kind = "mos.state";
  std::uint32_t archive_version = 2;  ///< 1 is without the fields that came later, 2 without rows
  Indices sizes{10, 30};
  Indices batch_size{4};
  Doubles prior_temperature{std::numeric_limits<double>::infinity()};
  Indices update_interval{5};
  Indices inner_steps{1};
  Doubles learning_rate{0.0};
  Indices reward_batch{8};
  std::vector<std::uint64_t> seed{9};
  std::string_view update = "boltzmann";
  Doubles update_parameters{4.0, 0.3, 0.95};
  Indices optimizer{0};
  Doubles least_probability{0.1};
  Indices draw{0};
  Indices replacement{0};
  Doubles most_passes{std::numeric_limits<double>::infinity()};
  Indices epoch_end{0};
  Indices epoch_steps{0};
  Doubles tokens{100.0, 50.0};
  Indices step{7};
  Indices updates{1};
  Indices updated_at{5};
  Indices drawn{12, 16};
  Indices rows_since{6, 0};
  Indices rows_passes{1, 0};
  Indices rows_count{3, -1};
  Indices rows{2, 5, 9};
  Indices masked{0, 1};
  Doubles reported_sum{0.0, 2.5};
  Indices reported_count{0, 2};
  Doubles rewards{1.0, 3.0};
  std::string_view update_rule = "boltzmann";
  Doubles update_memory{0.25, 0.0};
  Indices memory{1};
  std::string_view memory_name = "level";
  Doubles memory_values{0.5, 0.25};
  std::string_view scorer = "logit";
  Doubles weights{-std::log(2.0), -std::log(2.0)};
  Indices adam_steps{1};
  Doubles adam_mean{-0.1, 0.1};
  Doubles adam_square{0.001, 0.001};
  bool one_more = false;  ///< a field behind the last

  std::string bytes() const {
    pickmix::ArchiveWriter out(archive_kind, archive_version);
    out.write("sizes", sizes);
    out.write("batch_size", batch_size);
    out.write("prior_temperature", prior_temperature);
    out.write("update_interval", update_interval);
    out.write("inner_steps", inner_steps);
    out.write("learning_rate", learning_rate);
    out.write("reward_batch", reward_batch);
    out.write("seed", seed);
    if (archive_version >= 2) {
      out.write("update", update);
      out.write("update.parameters", update_parameters);
      out.write("optimizer", optimizer);
      out.write("least_probability", least_probability);
      out.write("draw", draw);
      out.write("replacement", replacement);
      out.write("most_passes", most_passes);
      out.write("epoch_end", epoch_end);
      out.write("epoch_steps", epoch_steps);
      out.write("tokens", tokens);
    }
    out.write("step", step);
    out.write("updates", updates);
    out.write("updated_at", updated_at);
    out.write("drawn", drawn);
    if (archive_version >= 3) {
      out.write("rows.since", rows_since);
      out.write("rows.passes", rows_passes);
      out.write("rows.count", rows_count);
      out.write("rows", rows);
    }
    if (archive_version >= 2) {
      out.write("masked", masked);
      out.write("reported.sum", reported_sum);
      out.write("reported.count", reported_count);
    }
    out.write("rewards", rewards);
    if (archive_version >= 2) {
      out.write("update.rule", update_rule);
      out.write("update.memory", update_memory);
    }
    out.write("memory", memory);
    if (!memory.empty() && memory.front() > 0) {
      out.write("memory.name", memory_name);
      out.write("memory.values", memory_values);
    }
    out.write("scorer", scorer);
    out.write("logit.weights", weights);
    out.write("adam.steps", adam_steps);
    out.write("adam.mean", adam_mean);
    out.write("adam.square", adam_square);
    if (one_more) out.write("more", Index{1});
    std::ostringstream file;
    out.finish(file);
    return file.str();
  }
};
