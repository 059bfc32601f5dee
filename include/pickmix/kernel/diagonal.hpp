// SPDX-License-Identifier: MIT
// How similar each item is to itself.
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <vector>

namespace pickmix::inline v0 {

/// s_jj for each candidate j of a square kernel.
///
/// \complexity n steps; d times as many for a streamed kernel
inline std::vector<double> diagonal(const Kernel& kernel) {
  std::vector<double> out;
  const StreamedEntries* streamed = kernel.streamed();
  for (Index j = 0; j < kernel.columns(); ++j) {
    if (streamed != nullptr && streamed->linear()) {
      const backend::PackedRows &rows = *streamed->packed_rows(), &columns = *streamed->packed_columns();
      double sum = 0.0;
      for (Index k = 0; k < rows.features(); ++k)
        sum += static_cast<double>(rows(j, k)) * static_cast<double>(columns(j, k));
      out.push_back(sum);
    } else if (streamed != nullptr && streamed->symmetric()) {
      out.push_back(1.0);  // Rbf at distance 0
    } else {
      out.push_back(static_cast<double>(kernel(j, j)));
    }
  }
  return out;
}

}  // namespace pickmix::inline v0
