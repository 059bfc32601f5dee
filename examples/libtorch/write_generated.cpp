// SPDX-License-Identifier: MIT
// Writes the demonstration's generated datasets as JSONL: `write_generated DIR`.
#include <pickmix/pickmix.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "../finetune_demo/generated.hpp"

int main(int count, char** values) {
  if (count != 2) {
    std::fputs("usage: write_generated DIR\n", stderr);
    return EXIT_FAILURE;
  }
  for (const auto& dataset : finetune_demo::generated_corpus().datasets)
    for (const auto& [part, samples] : {std::pair{"train", &dataset.train}, std::pair{"test", &dataset.test}}) {
      const auto folder = std::filesystem::path(values[1]) / part;
      std::filesystem::create_directories(folder);
      std::ofstream out(folder / (dataset.name + ".jsonl"), std::ios::binary);
      for (const auto& sample : *samples)
        out << nlohmann::json{{"instruction", sample.prompt.substr(0, sample.prompt.size() - 1)},
                              {"output", sample.response}}
            << '\n';
      if (!out.flush()) {
        std::fprintf(stderr, "write_generated: %s cannot be written\n", folder.c_str());
        return EXIT_FAILURE;
      }
    }
}
