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
  std::uint32_t archive_version = 1;
  Indices sizes{10, 30};
  Indices batch_size{4};
  Doubles prior_temperature{std::numeric_limits<double>::infinity()};
  Indices update_interval{5};
  Indices inner_steps{1};
  Doubles learning_rate{0.0};
  Indices reward_batch{8};
  std::vector<std::uint64_t> seed{9};
  Indices step{7};
  Indices updates{1};
  Indices updated_at{5};
  Indices drawn{12, 16};
  Doubles rewards{1.0, 3.0};
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
    out.write("step", step);
    out.write("updates", updates);
    out.write("updated_at", updated_at);
    out.write("drawn", drawn);
    out.write("rewards", rewards);
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
