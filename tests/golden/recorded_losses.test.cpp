// SPDX-License-Identifier: MIT
// Losses that a language model gave, kept in a file: what the definitions and the selection make of them. The file's bytes
// are as `remembered` wrote them, and stay readable.
#include <pickmix/delift/select_by_utility.hpp>
#include <pickmix/delift/utility.hpp>
#include <pickmix/io/remembered_losses.hpp>

#include <support/catch.hpp>
#include <support/scratch_directory.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace golden_recorded_losses_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using support::ScratchDirectory;

namespace {

constexpr Index n = 25, of_a_skill = 5;

/// A copy: `remembered` appends to its file, and mends its end.
std::filesystem::path recording(const ScratchDirectory& scratch) {
  const auto copy = scratch.path() / "losses.bin";
  std::filesystem::copy_file(std::filesystem::path(PICKMIX_TEST_DATA) / "smollm2_losses.bin", copy);
  return copy;
}

/// The model is not here: asking it is an error.
Callbacks nobody() {
  return {.loss = [](std::span<const Example>, std::span<float>) { throw std::runtime_error("the model was asked"); }};
}

}  // namespace

TEST_CASE("Utilities of a real model: an example helps itself most, then those of its skill") {
  const ScratchDirectory scratch;
  const Kernel u = delift::utility(n, n, remembered(nobody(), recording(scratch)));
  double own = 0.0, same = 0.0, other = 0.0;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      CHECK((u(i, j) >= -1.0f && u(i, j) <= 1.0f));
      (i == j ? own : i / of_a_skill == j / of_a_skill ? same : other) += static_cast<double>(u(i, j));
    }
  own /= n;
  same /= n * (of_a_skill - 1);
  other /= n * (n - of_a_skill);
  CHECK(own > 5 * same);
  CHECK(same > 2 * other);
}

TEST_CASE("A selection by a real model's utilities is greedy on their definition, and asks for nothing more") {
  const ScratchDirectory scratch;
  const auto file = recording(scratch);
  const Kernel u = delift::utility(n, n, remembered(nobody(), file));
  std::vector<double> best(n, 0.0);
  std::vector<Index> expected;
  for (int pick = 0; pick < 6; ++pick) {
    std::vector<double> gains(n, 0.0);
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < n; ++i)
        gains[static_cast<std::size_t>(j)] +=
            std::max(static_cast<double>(u(i, j)) - best[static_cast<std::size_t>(i)], 0.0);
    expected.push_back(std::max_element(gains.begin(), gains.end()) - gains.begin());
    for (Index i = 0; i < n; ++i)
      best[static_cast<std::size_t>(i)] =
          std::max(best[static_cast<std::size_t>(i)], static_cast<double>(u(i, expected.back())));
  }
  const Selection selection = delift::select(n, remembered(nobody(), file), delift::InstructionTuning{}, Count{6});
  CHECK(selection.indices == expected);
  CHECK(selection.loss_calls == n * (n + 1));
}

TEST_CASE("Of a recording cut anywhere, what is whole is kept and the rest is asked for again") {
  const ScratchDirectory scratch;
  const auto file = recording(scratch);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  CHECK_THAT(thrown<std::runtime_error>([&] { (void)delift::utility(n, n, remembered(nobody(), file)); }),
             ContainsSubstring("the model was asked"));
  const ScratchDirectory other;
  const auto damaged = recording(other);
  std::fstream bytes(damaged, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(5000);
  bytes.put(static_cast<char>(0x5A));
  bytes.close();
  CHECK_THAT(thrown<FileError>([&] { (void)remembered(nobody(), damaged); }), ContainsSubstring("damaged"));
}

}
