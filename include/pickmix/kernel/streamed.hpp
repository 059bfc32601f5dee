// SPDX-License-Identifier: MIT
// Similarities that are computed when they are asked for: n·d floats in the place of n².
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/error.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/metric.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// The embeddings behind a kernel, and how an entry is made of them. Immutable.
///
/// Everything is computed in tiles of 192 × 192, entry by entry in one order of operations: an entry has the same bits in
/// whatever tile it is computed, and so have its mirror image and the entries of equal rows.
class StreamedEntries {
 public:
  static constexpr Index edge = backend::PackedRows::block;
  using Packed = std::shared_ptr<const backend::PackedRows>;
  using Tile = Eigen::ArrayXf;  ///< edge · edge entries; entry [c·edge + r] is row r, column c of the tile

  /// \param rows, columns  packed by `metric`; the same pointer if the kernel is symmetric
  /// \param memory_limit   bytes that parts of the kernel may take when an algorithm keeps them
  /// \param instructions   what entries are computed with: their bits depend on it, so whoever asks gets the same
  StreamedEntries(Packed rows, Packed columns, const Metric& metric, std::uint64_t memory_limit,
                  InstructionSet instructions)
      : rows_(std::move(rows)),
        columns_(std::move(columns)),
        memory_limit_(memory_limit),
        instructions_(instructions),
        shifted_(std::holds_alternative<ShiftedCosine>(metric)),
        non_negative_(shifted_ || std::holds_alternative<Rbf>(metric)) {
    const auto* rbf = std::get_if<Rbf>(&metric);
    if (rbf == nullptr) return;
    gamma_ = static_cast<float>(rbf->gamma);
    row_squares_ = squares(*rows_);
    column_squares_ = rows_ == columns_ ? row_squares_ : squares(*columns_);
  }

  Index rows() const { return rows_->rows(); }
  Index columns() const { return columns_->rows(); }
  bool symmetric() const { return rows_ == columns_; }
  std::uint64_t memory_limit() const { return memory_limit_; }
  InstructionSet instructions() const { return instructions_; }

  /// Whether an entry is the inner product of the packed rows, and no more.
  bool linear() const { return gamma_ == 0.0f; }
  /// Whether the last of the features is √½ in every row, which adds ½ to every entry.
  bool shifted() const { return shifted_; }
  /// Whether, but for rounding, no entry can be negative.
  bool non_negative() const { return non_negative_; }
  const Packed& packed_rows() const { return rows_; }
  const Packed& packed_columns() const { return columns_; }

  Index row_blocks() const { return rows_->blocks(); }
  Index column_blocks() const { return columns_->blocks(); }
  Index rows_in(Index block) const { return std::min(edge, rows() - block * edge); }
  Index columns_in(Index block) const { return std::min(edge, columns() - block * edge); }

  /// The entries of one block of rows and one block of columns. What lies beyond the last row or column has no meaning.
  void tile(Index row_block, Index column_block, Tile& out) const {
    const Index width = (columns_in(column_block) + 47) / 48 * 48;
    tile(row_block, *columns_, column_block * edge, width, column_squares_, out);
  }

  /// The columns of some candidates, to be asked for tile by tile.
  class Columns {
   public:
    static constexpr Index width = 48;  ///< columns in a tile: fewer than 192, so that few candidates waste little
    Index size() const { return packed_.rows(); }
    Index blocks() const { return (size() + width - 1) / width; }
    Index columns_in(Index block) const { return std::min(width, size() - block * width); }
    void tile(Index row_block, Index block, Tile& out) const {
      entries_->tile(row_block, packed_, block * width, width, squares_, out);
    }

   private:
    friend class StreamedEntries;
    Columns(const StreamedEntries& entries, std::span<const Index> items)
        : entries_(&entries), packed_(entries.columns_->gather(items)) {
      if (entries.linear()) return;
      squares_ = Eigen::ArrayXf::Zero(packed_.blocks() * edge);
      for (std::size_t c = 0; c < items.size(); ++c)
        squares_[static_cast<Index>(c)] = entries.column_squares_[items[c]];
    }
    const StreamedEntries* entries_;
    backend::PackedRows packed_;
    Eigen::ArrayXf squares_;
  };
  Columns gather(std::span<const Index> items) const { return Columns(*this, items); }

  /// out(c, i) = entry (i, items[c]).
  ///
  /// \shape out: items.size() × rows()
  void read(std::span<const Index> items, MatrixView<float> out, Cpu executor = cpu) const {
    const Columns wanted = gather(items);
    constexpr Index together = 16;  // row blocks in a task
    for_each_tile(executor, (row_blocks() + together - 1) / together, [&](Index task) {
      Tile buffer(edge * Columns::width);
      for (Index a = task * together; a < std::min((task + 1) * together, row_blocks()); ++a)
        for (Index b = 0; b < wanted.blocks(); ++b) {
          wanted.tile(a, b, buffer);
          for (Index c = 0; c < wanted.columns_in(b); ++c)
            std::copy_n(buffer.data() + c * edge, rows_in(a), out.row(b * Columns::width + c).data() + a * edge);
        }
    });
  }

  /// The same similarities, with rows and columns exchanged.
  StreamedEntries transposed() const {
    StreamedEntries out(*this);
    std::swap(out.rows_, out.columns_);
    std::swap(out.row_squares_, out.column_squares_);
    return out;
  }

  /// The entries of some items among each other.
  StreamedEntries among(std::span<const Index> items) const {
    if (!symmetric()) return of_rows(items).of_columns(items);
    StreamedEntries out(*this);
    out.rows_ = out.columns_ = std::make_shared<const backend::PackedRows>(columns_->gather(items));
    if (!linear()) out.row_squares_ = out.column_squares_ = squares(*out.rows_);
    return out;
  }

  /// The entries of some rows, all columns.
  StreamedEntries of_rows(std::span<const Index> rows) const {
    StreamedEntries out(*this);
    out.rows_ = std::make_shared<const backend::PackedRows>(rows_->gather(rows));
    if (!linear()) out.row_squares_ = squares(*out.rows_);
    return out;
  }

  /// The entries of all rows, some columns.
  StreamedEntries of_columns(std::span<const Index> columns) const {
    StreamedEntries out(*this);
    out.columns_ = std::make_shared<const backend::PackedRows>(columns_->gather(columns));
    if (!linear()) out.column_squares_ = squares(*out.columns_);
    return out;
  }

  /// Inner products of some rows with one column become entries, where an entry is more than that: always eight together, so
  /// that each has the same bits wherever it is asked for.
  ///
  /// \param row_squares, column_square  ‖x‖² of the rows and the column, as `column_square` gives them
  /// \pre count is a multiple of eight
  void finish(const float* row_squares, float column_square, float* column, Index count) const {
    for (const float* const end = column + count; column != end; column += 8, row_squares += 8) {
      Eigen::Array<float, 8, 1> exponent;
      for (Index r = 0; r < 8; ++r)
        exponent[r] = -gamma_ * std::max(column_square + row_squares[r] - 2.0f * column[r], 0.0f);
      Eigen::Map<Eigen::Array<float, 8, 1>>{column} = exponent.exp();
    }
  }
  float column_square(Index j) const { return column_squares_[j]; }

  float operator()(Index i, Index j) const {
    const float product = backend::inner_product(*columns_, j, *rows_, i, instructions_);
    if (linear()) return product;
    std::array<float, 8> squares, entry;
    squares.fill(row_squares_[i]);
    entry.fill(product);
    finish(squares.data(), column_squares_[j], entry.data(), 8);
    return entry[0];
  }

 private:
  Eigen::ArrayXf squares(const backend::PackedRows& rows) const {
    Eigen::ArrayXf out(rows.blocks() * edge);
    Eigen::Array<float, 16 * 48, 1> products;
    for (Index first = 0; first < out.size(); first += 48)
      for (Index row = first; row < first + 48; row += 16) {
        backend::inner_products(rows, row, 16, rows, first, 48, products.data(), 48, instructions_);
        for (Index r = 0; r < 16; ++r) out[row + r] = products[r * 48 + row - first + r];
      }
    return out;
  }

  void tile(Index row_block, const backend::PackedRows& columns, Index first_column, Index width,
            const Eigen::ArrayXf& column_squares, Tile& out) const {
    backend::inner_products(columns, first_column, width, *rows_, row_block * edge, edge, out.data(), edge,
                            instructions_);
    if (linear()) return;
    for (Index c = 0; c < width; ++c)
      finish(row_squares_.data() + row_block * edge, column_squares[first_column + c], out.data() + c * edge, edge);
  }

  Packed rows_, columns_;
  std::uint64_t memory_limit_;
  InstructionSet instructions_;
  bool shifted_, non_negative_;
  float gamma_ = 0.0f;
  Eigen::ArrayXf row_squares_, column_squares_;
};

/// Calls store(column, first row, values, number of rows) for every part of every column, tile by tile; parts of one
/// column may come from different threads. A symmetric kernel is computed once for both halves.
///
/// \param progress  told how many block columns are done, of `entries.column_blocks()`; returns false to stop
/// \return false if `progress` said stop
template <class Store, class OnProgress>
bool for_each_column_part(Cpu executor, const StreamedEntries& entries, const Store& store, OnProgress&& progress) {
  const Index column_blocks = entries.column_blocks();
  const bool symmetric = entries.symmetric();
  constexpr Index edge = StreamedEntries::edge;
  const auto compute = [&](Index task) {
    const Index b = column_blocks - 1 - task;  // in the symmetric case the last has the most tiles: long tasks first
    StreamedEntries::Tile tile(edge * edge), mirror(symmetric ? edge * edge : 0);
    for (Index a = 0; a < (symmetric ? b + 1 : entries.row_blocks()); ++a) {
      entries.tile(a, b, tile);
      const Index height = entries.rows_in(a), width = entries.columns_in(b);
      for (Index c = 0; c < width; ++c) store(b * edge + c, a * edge, tile.data() + c * edge, height);
      if (!symmetric || a == b) continue;
      Eigen::Map<Eigen::MatrixXf>(mirror.data(), edge, edge).topRows(width) =
          Eigen::Map<const Eigen::MatrixXf>(tile.data(), edge, edge).leftCols(width).transpose();
      for (Index r = 0; r < height; ++r) store(a * edge + r, b * edge, mirror.data() + r * edge, width);
    }
  };
  return for_each_tile(executor, column_blocks, compute, progress);
}

}  // namespace pickmix::inline v0
