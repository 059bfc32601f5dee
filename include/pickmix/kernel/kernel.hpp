// SPDX-License-Identifier: MIT
// A matrix of pairwise similarities: how well candidate j stands for row i.
#pragma once

#include <pickmix/backend/large_array.hpp>
#include <pickmix/backend/line_vector.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pickmix::inline v0 {

/// All entries, column after column, 4 bytes each.
struct DenseEntries {
  std::shared_ptr<const float[]> entries;
  Index rows;

  const float* column(Index j) const { return entries.get() + j * rows; }
};

/// All entries, column after column, 2 bytes each: entry = unit · stored.
struct HalfEntries {
  std::shared_ptr<const std::int16_t[]> entries;
  float unit;
  Index rows;

  const std::int16_t* column(Index j) const { return entries.get() + j * rows; }
};

/// The entries that are kept, 8 bytes each, a column's together with rows rising; all others are zero. They lie in parts, so
/// that what was found piece by piece can stay where it is.
struct SparseEntries {
  struct Part {
    backend::LineVector<std::uint32_t> row;
    backend::LineVector<float> value;
  };
  std::vector<Part> parts;

  explicit SparseEntries(Index columns) : columns_(static_cast<std::size_t>(columns)) {}
  SparseEntries(const SparseEntries&) = delete;  // columns point into parts
  SparseEntries& operator=(const SparseEntries&) = delete;

  /// Takes the entries of some columns, which lie one behind the other in `part`, count[k] of columns[k].
  void take(Part part, std::span<const Index> columns, std::span<const std::size_t> count) {
    const Part& taken = parts.emplace_back(std::move(part));
    std::size_t begin = 0;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      columns_[static_cast<std::size_t>(columns[k])] = {taken.row.data() + begin, taken.value.data() + begin, count[k]};
      begin += count[k];
    }
  }

  std::span<const std::uint32_t> rows_of(Index j) const { return {column(j).row, column(j).count}; }
  std::span<const float> values_of(Index j) const { return {column(j).value, column(j).count}; }

 private:
  struct Column {
    const std::uint32_t* row = nullptr;
    const float* value = nullptr;
    std::size_t count = 0;
  };
  const Column& column(Index j) const { return columns_[static_cast<std::size_t>(j)]; }

  std::vector<Column> columns_;
};

/// Similarities of `rows()` items that are to be represented (rows) to `columns()` candidates (columns). It need be
/// neither square nor symmetric.
///
/// A kernel is a cheap handle: copies share one immutable storage, of four kinds: dense, dense in half the size, sparse,
/// or streamed (computed from embeddings when asked for). Distinct threads may read it at the same time.
class Kernel {
 public:
  using Storage = std::variant<DenseEntries, HalfEntries, std::shared_ptr<const SparseEntries>,
                               std::shared_ptr<const StreamedEntries>>;

  /// A kernel of one's own, copied.
  ///
  /// \shape matrix: rows × candidates, at least 1 × 1
  /// \throws ShapeError if `matrix` is empty; ValueError if an entry is not finite (names it);
  ///         CapacityError if the copy does not fit into memory
  explicit Kernel(MatrixView<const float> matrix) : rows_(matrix.rows()), columns_(matrix.columns()) {
    if (rows_ < 1 || columns_ < 1)
      raise<ShapeError>("Kernel: matrix is {} x {}; needs at least one row and one column", rows_, columns_);
    auto entries = allocate<float>("Kernel", rows_, columns_);
    for (Index i = 0; i < rows_; ++i)
      for (Index j = 0; j < columns_; ++j) {
        if (!std::isfinite(matrix(i, j)))
          raise<ValueError>("Kernel: matrix({}, {}) is {}; every entry must be finite", i, j, matrix(i, j));
        entries[j * rows_ + i] = matrix(i, j);
      }
    storage_ = DenseEntries{std::move(entries), rows_};
  }

  /// Takes over finished storage, all of whose entries are finite.
  ///
  /// \param instructions  what stored entries were computed with, if that was asked for
  [[gnu::noinline]] Kernel(Index rows, Index columns, Storage storage,  // inlined, GCC 12 for ARM warns of the storage
                           std::optional<InstructionSet> instructions = std::nullopt)
      : rows_(rows), columns_(columns), storage_(std::move(storage)), instructions_(instructions) {}

  Kernel(const Kernel&) = default;
  Kernel(Kernel&&) = default;
  Kernel& operator=(const Kernel&) = default;
  Kernel& operator=(Kernel&&) = default;
  [[gnu::noinline]] ~Kernel() = default;  // inlined, GCC 12 warns of the storage of an optional kernel that is none

  Index rows() const { return rows_; }
  Index columns() const { return columns_; }

  /// One entry. For work on many, `read` or the storage is faster.
  float operator()(Index i, Index j) const {
    if (const auto* dense = std::get_if<DenseEntries>(&storage_)) return dense->column(j)[i];
    if (const auto* half = std::get_if<HalfEntries>(&storage_))
      return half->unit * static_cast<float>(half->column(j)[i]);
    if (const auto* sparse = this->sparse()) {
      const auto rows = sparse->rows_of(j);
      const auto at = std::lower_bound(rows.begin(), rows.end(), static_cast<std::uint32_t>(i));
      const bool there = at != rows.end() && *at == static_cast<std::uint32_t>(i);
      return there ? sparse->values_of(j)[static_cast<std::size_t>(at - rows.begin())] : 0.0f;
    }
    return (*streamed())(i, j);
  }

  /// out(c, i) = entry (i, items[c]): whole columns of some candidates.
  ///
  /// \shape out: items.size() × rows()
  void read(std::span<const Index> items, MatrixView<float> out, Cpu executor = cpu) const {
    if (const auto* streamed = this->streamed()) return streamed->read(items, out, executor);
    for (std::size_t c = 0; c < items.size(); ++c) {
      const Index j = items[c];
      float* const target = out.row(static_cast<Index>(c)).data();
      if (const auto* dense = std::get_if<DenseEntries>(&storage_)) {
        std::copy_n(dense->column(j), rows_, target);
      } else if (const auto* half = std::get_if<HalfEntries>(&storage_)) {
        for (Index i = 0; i < rows_; ++i) target[i] = half->unit * static_cast<float>(half->column(j)[i]);
      } else {
        std::fill_n(target, rows_, 0.0f);
        const auto rows = sparse()->rows_of(j);
        for (std::size_t e = 0; e < rows.size(); ++e) target[rows[e]] = sparse()->values_of(j)[e];
      }
    }
  }

  /// The similarities of some items to each other, dense. For a kernel whose rows are its candidates.
  ///
  /// \throws CapacityError if they do not fit into memory, std::bad_alloc if a copy of their embeddings does not
  Kernel among(Cpu executor, std::span<const Index> items) const {
    const auto n = static_cast<Index>(items.size());
    auto out = allocate<float>("Kernel::among", n, n);
    if (const auto* streamed = this->streamed()) {
      const StreamedEntries some = streamed->among(items);
      for_each_column_part(
          executor, some,
          [&](Index j, Index first, const float* values, Index count) {
            std::copy_n(values, count, out.get() + j * n + first);
          },
          [](Index) { return true; });
    } else {
      std::vector<float> column(static_cast<std::size_t>(rows_));
      for (Index c = 0; c < n; ++c) {
        read(items.subspan(static_cast<std::size_t>(c), 1), MatrixView<float>(column.data(), 1, rows_));
        for (Index r = 0; r < n; ++r)
          out[c * n + r] = column[static_cast<std::size_t>(items[static_cast<std::size_t>(r)])];
      }
    }
    return Kernel(n, n, DenseEntries{std::move(out), n}, instructions());
  }

  /// The storage, for algorithms that have a faster way with one kind: a null pointer if it is of another kind.
  const DenseEntries* dense() const { return std::get_if<DenseEntries>(&storage_); }
  const HalfEntries* half() const { return std::get_if<HalfEntries>(&storage_); }
  const SparseEntries* sparse() const {
    const auto* entries = std::get_if<std::shared_ptr<const SparseEntries>>(&storage_);
    return entries == nullptr ? nullptr : entries->get();
  }
  const StreamedEntries* streamed() const {
    const auto* entries = std::get_if<std::shared_ptr<const StreamedEntries>>(&storage_);
    return entries == nullptr ? nullptr : entries->get();
  }

  /// What the entries were computed with, or the largest there is; whoever goes on to compute with them uses the same.
  InstructionSet instructions() const {
    if (streamed() != nullptr) return streamed()->instructions();
    return instructions_ ? *instructions_ : largest_instruction_set();
  }

  /// Memory for rows × columns entries, not initialised.
  ///
  /// \throws CapacityError instead of std::bad_alloc, and where the size is beyond all addresses; names `caller`
  template <class Entry>
  static std::shared_ptr<Entry[]> allocate(std::string_view caller, Index rows, Index columns) {
    constexpr Index largest = PTRDIFF_MAX / static_cast<Index>(sizeof(Entry));
    try {
      if (columns == 0 || rows <= largest / columns)
        return backend::large_array<Entry>(static_cast<std::size_t>(rows * columns));
    } catch (const std::bad_alloc&) {  // said better below
    }
    raise<CapacityError>("{}: {} x {} similarities need {} of memory, which could not be had; use fewer rows", caller,
                         rows, columns,
                         detail::bytes_text(static_cast<double>(rows) * static_cast<double>(columns) * sizeof(Entry)));
  }

 private:
  Index rows_;
  Index columns_;
  Storage storage_;
  std::optional<InstructionSet> instructions_;
};

}  // namespace pickmix::inline v0
