// SPDX-License-Identifier: MIT
// The safetensors format: a header in JSON, then the numbers of all tensors.
#pragma once

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

struct Safetensors {
  std::filesystem::path file;
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;

  [[noreturn]] void refuse(const std::string& why) const { throw std::runtime_error(file.string() + ": " + why); }

  const torch::Tensor& tensor(const std::string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end()) refuse("has no tensor '" + name + "'");
    return found->second;
  }
  const std::string& text(const std::string& name) const {
    const auto found = metadata.find(name);
    if (found == metadata.end()) refuse("has no '" + name + "' in its metadata; prepare.py writes it");
    return found->second;
  }
  /// A number of the metadata. \throws std::runtime_error if it is none, or not above 0
  double number(const std::string& name) const {
    double value = 0.0;
    try {
      value = std::stod(text(name));
    } catch (const std::logic_error&) {
    }
    if (!(value > 0.0)) refuse("its '" + name + "' is '" + text(name) + "'; needs a number above 0");
    return value;
  }
};

/// Reads a whole file. \throws std::runtime_error, naming it, if it is missing, truncated or says what cannot be
inline Safetensors read_safetensors(const std::filesystem::path& path) {
  Safetensors result{.file = path, .tensors = {}, .metadata = {}};
  std::ifstream in(path, std::ios::binary);
  if (!in) result.refuse("cannot be opened");
  const auto size = static_cast<std::uint64_t>(std::filesystem::file_size(path));
  std::uint64_t header_size = 0;
  in.read(reinterpret_cast<char*>(&header_size), 8);
  if (!in || header_size > size - 8) result.refuse("ends within its header");
  std::string header(static_cast<std::size_t>(header_size), ' ');
  in.read(header.data(), static_cast<std::streamsize>(header_size));
  const std::uint64_t begin = 8 + header_size;

  static const std::map<std::string, torch::ScalarType> types{{"F32", torch::kFloat32},
                                                              {"F16", torch::kFloat16},
                                                              {"BF16", torch::kBFloat16},
                                                              {"I32", torch::kInt32},
                                                              {"I64", torch::kInt64}};
  try {
    const auto described = nlohmann::json::parse(header);
    for (const auto& [name, entry] : described.items()) {
      if (name == "__metadata__") {
        result.metadata = entry.get<std::map<std::string, std::string>>();
        continue;
      }
      const auto type = types.find(entry.at("dtype").get<std::string>());
      if (type == types.end()) result.refuse("'" + name + "' is of a type that is not read here");
      const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
      const auto [first, last] = entry.at("data_offsets").get<std::pair<std::uint64_t, std::uint64_t>>();
      std::uint64_t bytes = torch::elementSize(type->second);
      for (const std::int64_t extent : shape) {
        if (extent < 0 || (extent > 0 && bytes > size / static_cast<std::uint64_t>(extent)))
          result.refuse("'" + name + "' has an impossible shape");
        bytes *= static_cast<std::uint64_t>(extent);
      }
      if (first > last || last - first != bytes)
        result.refuse("'" + name + "' has not as many numbers as its shape says");
      if (last > size - begin) result.refuse("ends within '" + name + "'; get or make it again");
      torch::Tensor values = torch::empty(shape, type->second);
      in.seekg(static_cast<std::streamoff>(begin + first));
      in.read(static_cast<char*>(values.data_ptr()), static_cast<std::streamsize>(bytes));
      if (!in) result.refuse("cannot be read to its end");
      result.tensors.emplace(name, std::move(values));
    }
  } catch (const nlohmann::json::exception&) {
    result.refuse("its header is damaged");
  }
  return result;
}
