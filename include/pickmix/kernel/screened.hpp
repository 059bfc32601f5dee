// SPDX-License-Identifier: MIT
// Tiles of a streamed kernel of which only those entries are computed that may be above a threshold.
#pragma once

#include <pickmix/backend/byte_products.hpp>
#include <pickmix/backend/byte_rows.hpp>
#include <pickmix/backend/half_panel_products.hpp>
#include <pickmix/backend/screen.hpp>
#include <pickmix/core/instruction_set.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/streamed.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <vector>

namespace pickmix::inline v0::detail {

/// A streamed kernel's rows and columns in bytes, as the instructions want them that multiply these. A feature that is the
/// same in all rows, of a ShiftedCosine, is left out: as each row's largest number it would leave the others few of the bytes.
struct ScreenedRows {
  std::shared_ptr<const backend::ByteRows> rows, columns;
  InstructionSet products;
  float shift = 0.0f;  ///< what is left out adds no more than this to an entry

  /// Nothing where screening is of no use: without the instructions, where entries are more than inner products, where there
  /// are few features, or numbers so large that products may overflow; nor where there is no memory for it.
  ///
  /// \complexity O(rows · features); 1 byte a feature
  static std::optional<ScreenedRows> of(Cpu executor, const StreamedEntries& entries) {
    return of(executor, entries, entries.instructions());
  }

  /// With other instructions for the products of bytes than for all else, so that tests can try them emulated.
  static std::optional<ScreenedRows> of(Cpu executor, const StreamedEntries& entries, InstructionSet products) {
    const auto& packed = *entries.packed_rows();
    if (backend::screening_range(products) == 0 || !entries.linear()) return std::nullopt;
    if (packed.features() < 32 || packed.features() > 60000) return std::nullopt;
    // A half, and what rounding does to the square of √½, to the sum with it, and to limits less it.
    ScreenedRows out{nullptr, nullptr, products, entries.shifted() ? 0.5f + 0x1p-20f : 0.0f};
    out.rows = out.quantized(executor, packed);
    out.columns = entries.symmetric() ? out.rows : out.quantized(executor, *entries.packed_columns());
    if (out.rows == nullptr || out.columns == nullptr) return std::nullopt;
    return out;
  }

  /// The same of a kernel; of one that is stored, nothing.
  static std::optional<ScreenedRows> of(Cpu executor, const Kernel& kernel) {
    return kernel.streamed() == nullptr ? std::nullopt : of(executor, *kernel.streamed());
  }

  /// The same rows, and other columns.
  std::optional<ScreenedRows> with_columns(Cpu executor, const StreamedEntries& entries) const {
    ScreenedRows out{rows, quantized(executor, *entries.packed_columns()), products, shift};
    if (out.columns == nullptr) return std::nullopt;
    return out;
  }

 private:
  std::shared_ptr<const backend::ByteRows> quantized(Cpu executor, const backend::PackedRows& packed) const {
    std::shared_ptr<backend::ByteRows> bytes;
    try {
      bytes = std::make_shared<backend::ByteRows>(packed, backend::ByteLayout::of(products), shift > 0.0f ? 1 : 0);
    } catch (const std::bad_alloc&) {  // it can be done without
      return nullptr;
    }
    std::atomic<bool> usable{true};
    constexpr Index panels = backend::PackedRows::block / backend::PackedRows::panel;
    for_each_tile(executor, packed.blocks(), [&](Index block) {
      for (Index panel = block * panels; panel < (block + 1) * panels; ++panel)
        if (!bytes->quantize(packed, panel)) usable = false;
    });
    return usable ? bytes : nullptr;
  }
};

/// The tiles of one block of columns. For one thread.
class ScreenedTiles {
 public:
  static constexpr Index edge = StreamedEntries::edge, words = backend::Screen::words;

  /// \param thresholds  of the rows, padded to whole blocks
  /// \param of_columns  of the block's 192 columns, where an entry may matter to its column: read anew for each tile
  ScreenedTiles(const StreamedEntries& entries, const ScreenedRows& bytes, Index block,
                std::span<const float> thresholds, std::span<const float> of_columns = {})
      : entries_(&entries),
        bytes_(&bytes),
        block_(block),
        thresholds_(thresholds),
        of_columns_(of_columns),
        row_limits_(static_cast<std::size_t>(edge)),
        column_limits_(row_limits_.size(), std::numeric_limits<float>::infinity()),
        screen_(bytes.products, entries.instructions(), *bytes.columns, block * edge, column_limits_),
        masks_(static_cast<std::size_t>(edge * words)) {
    const auto& columns = *entries.packed_columns();
    columns_.resize(static_cast<std::size_t>(edge * columns.features()));
    for (Index c = 0; c < edge; ++c)
      for (Index k = 0; k < columns.features(); ++k)
        columns_[static_cast<std::size_t>(c * columns.features() + k)] = columns(block * edge + c, k);
  }

  /// Computes entries of the tile in row block `a`: those whose bit is set in `masks(c)`, all that are above a threshold among
  /// them; others hold anything. To the bit as StreamedEntries::tile computes them.
  void tile(Index a, StreamedEntries::Tile& out) {
    const Index width = entries_->columns_in(block_);
    if (tiles_ >= 3 && spent_ > 0.95 * tiles_) {  // most of these data cannot be told apart in bytes
      entries_->tile(a, block_, out);
      std::fill_n(masks_.begin(), width * words, ~std::uint64_t{0});
      return;
    }
    const auto less = [this](float threshold) { return threshold - bytes_->shift; };
    const auto of_rows = thresholds_.subspan(static_cast<std::size_t>(a * edge), edge);
    std::transform(of_rows.begin(), of_rows.end(), row_limits_.begin(), less);
    std::transform(of_columns_.begin(), of_columns_.end(), column_limits_.begin(), less);
    screen_.candidates(*bytes_->rows, a * edge, row_limits_, width, masks_);
    Index eights = 0;
    for (Index row = 0; row < edge; row += 8) eights += compute(a, row, width, out);
    tiles_ += 1.0;
    spent_ += backend::screening_cost(bytes_->products) + static_cast<double>(eights) / eights_a_tile;
  }

  /// Bit i % 64 of masks(c)[i / 64] is for row i of column c.
  const std::uint64_t* masks(Index c) const { return &masks_[static_cast<std::size_t>(c * words)]; }

 private:
  static constexpr double eights_a_tile = 512;  ///< calls of half_panel_products that cost as much as a tile, measured

  /// Eight rows of those columns that may be above in one of them, eight columns at a time; how many times.
  Index compute(Index a, Index row, Index width, StreamedEntries::Tile& out) const {
    const auto& rows = *entries_->packed_rows();
    const float* const panel = rows.from(a * edge + row / 16 * 16) + row % 16;
    constexpr std::size_t together = 8;
    const float* column[together];
    float* to[together];
    float unused[8];
    std::size_t count = 0;
    Index times = 0;
    const auto flush = [&] {
      ++times;
      for (std::size_t p = count; p < together; ++p) column[p] = column[0], to[p] = unused;
      backend::half_panel_products(panel, column, rows.features(), to);
      count = 0;
    };
    for (Index c = 0; c < width; ++c) {
      if (((masks(c)[row / 64] >> (row % 64)) & 0xFF) == 0) continue;
      column[count] = &columns_[static_cast<std::size_t>(c * rows.features())];
      to[count] = out.data() + c * edge + row;
      if (++count == together) flush();
    }
    if (count > 0) flush();
    return times;
  }

  const StreamedEntries* entries_;
  const ScreenedRows* bytes_;
  Index block_;
  std::span<const float> thresholds_, of_columns_;
  std::vector<float> row_limits_, column_limits_;  // what products of bytes may be above
  backend::Screen screen_;
  std::vector<std::uint64_t> masks_;
  std::vector<float> columns_;        // of this block, feature after feature
  double tiles_ = 0.0, spent_ = 0.0;  // tiles that were screened, and what they cost in tiles that are not
};

}  // namespace pickmix::inline v0::detail
