// SPDX-License-Identifier: MIT
// Writes seeded embeddings into a .npy file: bench.generate SHAPE N FILE
#include <pickmix/io/npy.hpp>

#include "support/embeddings.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: bench.generate clustered|offset|decaying|none N FILE.npy\n", stderr);
    return EXIT_FAILURE;
  }
  try {
    const auto rows = measured::embeddings(argv[1], std::atoll(argv[2]));
    pickmix::write_npy(argv[3], rows);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
