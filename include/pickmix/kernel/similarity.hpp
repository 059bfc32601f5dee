// SPDX-License-Identifier: MIT
// The kernel of one or two sets of embeddings.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/events.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/metric.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace pickmix::inline v0 {

/// How the entries of a kernel are kept.
enum class Storage {
  automatic,  ///< the first of the following that fits into `memory_limit`
  full,       ///< 4 bytes an entry
  half,       ///< 2 bytes an entry: rounded to 1/32767 of the largest possible similarity
  streamed,   ///< computed when asked for, from a copy of the embeddings
};

struct SimilarityOptions {
  Metric metric = Cosine{};
  Storage storage = Storage::full;
  std::uint64_t memory_limit = UINT64_MAX;  ///< bytes the entries may take
};

namespace detail {

/// Bytes of rows × columns entries; the largest number where that is more than a number can say.
inline std::uint64_t bytes_of(Index rows, Index columns, std::uint64_t entry) {
  const auto r = static_cast<std::uint64_t>(rows), c = static_cast<std::uint64_t>(columns);
  return c != 0 && r > UINT64_MAX / entry / c ? UINT64_MAX : r * c * entry;
}

inline Storage choose_storage(Index rows, Index columns, const SimilarityOptions& options) {
  const std::uint64_t full = bytes_of(rows, columns, 4), half = bytes_of(rows, columns, 2);
  if (options.storage == Storage::automatic)
    return full <= options.memory_limit   ? Storage::full
           : half <= options.memory_limit ? Storage::half
                                          : Storage::streamed;
  if ((options.storage == Storage::full && full > options.memory_limit) ||
      (options.storage == Storage::half && half > options.memory_limit))
    raise<CapacityError>(
        "similarity: {} x {} similarities take {}, and memory_limit is {}; raise it if the machine has the memory, or "
        "ask for Storage::streamed, which keeps only the embeddings",
        rows, columns, bytes_text(static_cast<double>(options.storage == Storage::full ? full : half)),
        bytes_text(static_cast<double>(options.memory_limit)));
  return options.storage;
}

/// The largest absolute value an entry can have.
inline double largest_similarity(const StreamedEntries& entries, const Metric& metric) {
  if (!std::holds_alternative<Dot>(metric)) return 1.0;
  const auto longest = [](const backend::PackedRows& rows) {
    double most = 0.0;
    for (Index r = 0; r < rows.rows(); ++r) {
      double squares = 0.0;
      for (Index k = 0; k < rows.features(); ++k) squares += static_cast<double>(rows(r, k)) * rows(r, k);
      most = std::max(most, squares);
    }
    return std::sqrt(most);
  };
  return longest(*entries.packed_rows()) * longest(*entries.packed_columns());
}

template <class... Observers>
std::optional<Kernel> similarity(Cpu executor, StreamedEntries::Packed rows, StreamedEntries::Packed columns,
                                 const SimilarityOptions& options, Observers&... observers) {
  const Index m = rows->rows(), n = columns->rows();
  const Storage storage = choose_storage(m, n, options);
  auto entries = std::make_shared<const StreamedEntries>(std::move(rows), std::move(columns), options.metric,
                                                         options.memory_limit, executor.instructions());
  if (storage == Storage::streamed) return Kernel(m, n, std::move(entries));
  const auto progress = [&](Index done) {
    return notify(Progress{"similarity", done, entries->column_blocks()}, observers...) == Flow::proceed;
  };
  if (storage == Storage::full) {
    auto out = Kernel::allocate<float>("similarity", m, n);
    const auto store = [&](Index j, Index first, const float* values, Index count) {
      std::copy_n(values, count, out.get() + j * m + first);
    };
    if (!for_each_column_part(executor, *entries, store, progress)) return std::nullopt;
    return Kernel(m, n, DenseEntries{std::move(out), m}, executor.instructions());
  }
  auto out = Kernel::allocate<std::int16_t>("similarity", m, n);
  const double largest = largest_similarity(*entries, options.metric);
  // Of the tiniest similarities the unit is larger: its inverse must be a float.
  const float unit = std::max(static_cast<float>(largest / 32767.0), 0x1p-126f), scale = 1.0f / unit;
  const auto store = [&](Index j, Index first, const float* values, Index count) {
    std::int16_t* const target = out.get() + j * m + first;
    for (Index i = 0; i < count; ++i)  // rounded to the nearest, halves away from zero
      target[i] = static_cast<std::int16_t>(std::clamp(values[i] * scale, -32767.0f, 32767.0f) +
                                            (values[i] < 0.0f ? -0.5f : 0.5f));
  };
  if (!for_each_column_part(executor, *entries, store, progress)) return std::nullopt;
  return Kernel(m, n, HalfEntries{std::move(out), unit, m}, executor.instructions());
}

inline void check_metric(const Metric& metric) {
  const auto* rbf = std::get_if<Rbf>(&metric);
  if (rbf == nullptr) return;
  const auto gamma = static_cast<float>(rbf->gamma);  // what is computed with
  if (!(gamma > 0.0f && std::isfinite(gamma)))
    raise<ValueError>("Rbf: gamma is {}; needs to be finite and above 0 as a float", rbf->gamma);
}

}  // namespace detail

/// Similarities of all pairs of rows of `pool`.
///
/// \shape       pool: n × d, n ≥ 1, d ≥ 1; result: n × n, symmetric
/// \param observers  told of `Progress`; one that answers `Flow::stop` ends the work
/// \return      the kernel, or nothing if an observer stopped the work
/// \throws      ShapeError if `pool` has no row or no column; ValueError if an entry is not finite (names row and column)
///              or the metric makes no sense; CapacityError if the entries take more than `memory_limit` or cannot be had
/// \complexity  n²d operations (one triangle); 4n², 2n² or 4nd bytes; beside them a copy of the embeddings
/// \determinism the same bits at every thread count, in every storage but `half`, for equal rows, and for rows in another
///              order; they depend on the processor's instruction set
template <class... Observers>
std::optional<Kernel> similarity(Cpu executor, MatrixView<const float> pool, const SimilarityOptions& options,
                                 Observers&... observers) {
  detail::check_metric(options.metric);
  auto packed = std::make_shared<const backend::PackedRows>(detail::pack(executor, "pool", pool, options.metric));
  return detail::similarity(executor, packed, packed, options, observers...);
}

/// Similarities of `rows`, which are to be represented, to the candidates `columns`.
///
/// \shape  rows: m × d, columns: n × d; result: m × n
/// \throws as above, and ShapeError if the rows have different lengths
template <class... Observers>
std::optional<Kernel> similarity(Cpu executor, MatrixView<const float> rows, MatrixView<const float> columns,
                                 const SimilarityOptions& options, Observers&... observers) {
  detail::check_metric(options.metric);
  if (rows.columns() != columns.columns())
    raise<ShapeError>("similarity: rows have {} entries and columns {}; both must be embeddings of the same model",
                      rows.columns(), columns.columns());
  auto packed_rows = std::make_shared<const backend::PackedRows>(detail::pack(executor, "rows", rows, options.metric));
  auto packed_columns =
      std::make_shared<const backend::PackedRows>(detail::pack(executor, "columns", columns, options.metric));
  return detail::similarity(executor, packed_rows, packed_columns, options, observers...);
}

inline Kernel similarity(MatrixView<const float> pool, const SimilarityOptions& options = {}) {
  return *similarity(cpu, pool, options);
}
inline Kernel similarity(MatrixView<const float> rows, MatrixView<const float> columns,
                         const SimilarityOptions& options = {}) {
  return *similarity(cpu, rows, columns, options);
}

}  // namespace pickmix::inline v0
