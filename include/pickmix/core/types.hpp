// SPDX-License-Identifier: MIT
// The words everything else is said in: an index, an example.
#pragma once

#include <cstdint>

namespace pickmix::inline v0 {

/// A position or a count. Signed, so that differences are safe; the same on every platform, so that checkpoints are.
using Index = std::int64_t;

/// `Example::context` of an example that is shown on its own.
inline constexpr Index no_context = -1;

/// One training example: row `row` of dataset `dataset`, optionally with pool row `context` shown before it as an
/// in-context example. Where there is only one dataset, `dataset` is 0.
struct Example {
  Index dataset = 0;
  Index row = 0;
  Index context = no_context;

  friend bool operator==(const Example&, const Example&) = default;
};

}  // namespace pickmix::inline v0
