// SPDX-License-Identifier: MIT
// Compiled for OpenMP, where Eigen starts threads of its own for products of matrices: in a selection it gets none to make.
#include <pickmix/pickmix.hpp>

#include <Eigen/Core>

#include <fmt/format.h>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <span>

#ifndef _OPENMP
#error "this program is about OpenMP"
#endif

namespace {

using namespace pickmix;

constexpr Index n = 240, width = 48;
constexpr float at(Index row, Index k) {
  return static_cast<float>((row * 7919 + k * 104729 + row * k * 31) % 1000) / 1000.0f;
}

std::ptrdiff_t threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

Callbacks callbacks() {
  return {.loss =
              [](std::span<const Example> examples, std::span<float> out) {
                for (std::size_t k = 0; k < examples.size(); ++k)
                  out[k] = 2.0f - (examples[k].context < 0 ? 0.0f : at(examples[k].row, examples[k].context));
              },
          .embedding =
              [](std::span<const Example> examples, MatrixView<float> out) {
                for (Index r = 0; r < out.rows(); ++r)
                  for (Index k = 0; k < width; ++k) out(r, k) = at(examples[static_cast<std::size_t>(r)].row, k);
              },
          .embedding_size = width};
}

}  // namespace

int main() {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Rows pool(n, width);
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < width; ++k) pool(i, k) = at(i, k);
  const MatrixView<const float> all(pool), known(pool.data(), n / 2, width);

  for (const delift::UtilityStrategy strategy :
       {delift::UtilityStrategy::adaptive, delift::UtilityStrategy::completion}) {
    delift::Options options{.utility_calls = n + n * n / 2};
    options.utility.strategy = strategy;
    (void)delift::select(n, callbacks(), delift::InstructionTuning{}, Count{20}, FacilityLocation{}, options);
  }
  (void)delift::select(all, delift::Continual{known}, Count{20}, LogDeterminant{});
  (void)delift::select(all, delift::InstructionTuning{}, Count{20}, LogDeterminant{});
  (void)delift::select(all, delift::Continual{known}, Count{20}, FacilityLocation{});
  (void)delift::select(all, delift::TaskSpecific{known}, Count{20}, GraphCut{});
  const std::ptrdiff_t ours = threads();
  if (ours != 1) {
    fmt::print("after selections on one thread there are {}\n", ours);
    return 1;
  }
  Eigen::setNbThreads(2);  // whatever the machine has
  const Rows product = pool * pool.transpose();
  if (!(product(0, 0) > 0.0f) || threads() < 2) {
    fmt::print("Eigen started no thread for a product of its own: this program shows nothing\n");
    return 1;
  }
  fmt::print("ok\n");
}
