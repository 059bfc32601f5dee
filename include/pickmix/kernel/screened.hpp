// SPDX-License-Identifier: MIT
// Tiles of a streamed kernel of which only those entries are computed that may be above a threshold.
#pragma once

#include <pickmix/backend/bit_positions.hpp>
#include <pickmix/backend/byte_products.hpp>
#include <pickmix/backend/byte_rows.hpp>
#include <pickmix/backend/pair_products.hpp>
#include <pickmix/backend/screen.hpp>
#include <pickmix/backend/unpacked_rows.hpp>
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

/// Rows in two forms: to look in for pairs that may matter, and to compute those.
struct RowsToScreen {
  backend::ByteRows bytes;
  backend::UnpackedRows floats;
};

/// A streamed kernel's rows and columns in bytes, as the instructions want them that multiply these, and unpacked. Of the
/// bytes a feature that is the same in all rows, of a ShiftedCosine, is left out: as each row's largest number it would leave
/// the others few of them.
struct ScreenedRows {
  std::shared_ptr<const RowsToScreen> rows, columns;
  InstructionSet products;
  float shift = 0.0f;  ///< what is left out adds no more than this to an entry

  /// Nothing where screening is of no use: without the instructions, where entries are more than inner products, where there
  /// are few features, or numbers so large that products may overflow; nor where there is no memory for it.
  ///
  /// \complexity O(rows · features); 5 bytes a feature
  static std::optional<ScreenedRows> of(Cpu executor, const StreamedEntries& entries) {
    return of(executor, entries, entries.instructions());
  }

  /// With other instructions for the products of bytes than for all else, so that tests can try them emulated.
  ///
  /// \pre the processor has them, and was asked with `has` (the system gives AMX only who asks), or they are emulated; entries
  /// are made with fused multiply-adds, as pairs are
  static std::optional<ScreenedRows> of(Cpu executor, const StreamedEntries& entries, InstructionSet products) {
    const auto& packed = *entries.packed_rows();
    if (backend::screening_range(products) == 0 || !entries.linear()) return std::nullopt;
    if (packed.features() < 32 || packed.features() > 60000) return std::nullopt;
    // A half, and what rounding does to the square of √½, to the sum with it, and to limits less it.
    ScreenedRows out{nullptr, nullptr, products, entries.shifted() ? 0.5f + 0x1p-20f : 0.0f};
    out.rows = out.prepared(executor, packed);
    out.columns = entries.symmetric() ? out.rows : out.prepared(executor, *entries.packed_columns());
    if (out.rows == nullptr || out.columns == nullptr) return std::nullopt;
    return out;
  }

  /// The same of a kernel; of one that is stored, nothing.
  static std::optional<ScreenedRows> of(Cpu executor, const Kernel& kernel) {
    return kernel.streamed() == nullptr ? std::nullopt : of(executor, *kernel.streamed());
  }

  /// The same rows, and other columns.
  std::optional<ScreenedRows> with_columns(Cpu executor, const StreamedEntries& entries) const {
    ScreenedRows out{rows, prepared(executor, *entries.packed_columns()), products, shift};
    if (out.columns == nullptr) return std::nullopt;
    return out;
  }

 private:
  std::shared_ptr<const RowsToScreen> prepared(Cpu executor, const backend::PackedRows& packed) const {
    std::shared_ptr<RowsToScreen> out;
    try {
      out = std::make_shared<RowsToScreen>(
          RowsToScreen{backend::ByteRows(packed, backend::ByteLayout::of(products), shift > 0.0f ? 1 : 0),
                       backend::UnpackedRows(packed)});
    } catch (const std::bad_alloc&) {  // it can be done without
      return nullptr;
    }
    std::atomic<bool> usable{true};
    constexpr Index panels = backend::PackedRows::block / backend::PackedRows::panel;
    for_each_tile(executor, packed.blocks(), [&](Index block) {
      for (Index panel = block * panels; usable && panel < (block + 1) * panels; ++panel) {
        if (!out->bytes.quantize(packed, panel)) usable = false;
        out->floats.unpack(packed, panel);
      }
    });
    return usable ? out : nullptr;
  }
};

/// The tiles of one block of columns. For one thread.
class ScreenedTiles {
 public:
  static constexpr Index edge = StreamedEntries::edge, words = backend::Screen::words;
  static_assert(edge <= 256);  // a byte says which row

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
        screen_(bytes.products, entries.instructions(), bytes.columns->bytes, block * edge, column_limits_),
        masks_(static_cast<std::size_t>(edge * words)),
        rows_(static_cast<std::size_t>(edge * edge + 64)),
        columns_(rows_.size()) {}

  /// An entry, and where it is in the tile.
  struct Entry {
    std::uint8_t row, column;
    float value;
  };

  /// Those entries of the tile in row block `a` that may be above a threshold, all that are among them: column after column,
  /// in each from the first row to the last. Nothing if that would take longer than to compute all of them, into `whole`. To
  /// the bit as StreamedEntries::tile computes them.
  std::optional<std::span<const Entry>> tile(Index a, StreamedEntries::Tile& whole) {
    if (tiles_ >= 3 && spent_ > 0.95 * tiles_) {  // most of these data cannot be told apart in bytes
      entries_->tile(a, block_, whole);
      return std::nullopt;
    }
    look_for_pairs(a);
    const double cost = static_cast<double>(pairs_) / pairs_a_tile();
    tiles_ += 1.0;
    spent_ += backend::screening_cost(bytes_->products) + std::min(cost, 1.0);
    if (cost > 1.0) {
      entries_->tile(a, block_, whole);
      return std::nullopt;
    }
    compute_pairs(a);
    return found_;
  }

 private:
  /// Pairs that cost as much as a tile in floats, measured on x86-64.
  double pairs_a_tile() const { return entries_->instructions() >= InstructionSet::avx512 ? 3000.0 : 5000.0; }

  /// Those whose bound is above a threshold.
  void look_for_pairs(Index a) {
    const auto less = [this](float threshold) { return threshold - bytes_->shift; };
    const auto of_rows = thresholds_.subspan(static_cast<std::size_t>(a * edge), edge);
    std::transform(of_rows.begin(), of_rows.end(), row_limits_.begin(), less);
    std::transform(of_columns_.begin(), of_columns_.end(), column_limits_.begin(), less);
    const Index width = entries_->columns_in(block_);
    screen_.candidates(bytes_->rows->bytes, a * edge, row_limits_, width, masks_);
    pairs_ = static_cast<std::size_t>(
        backend::bit_positions<words>(entries_->instructions(), masks_.data(), width, rows_.data(), columns_.data()));
  }

  /// Their values, 16 at a time.
  void compute_pairs(Index a) {
    constexpr std::size_t together = 16;
    const float* rows[together];
    const float* columns[together];
    float products[together];
    found_.resize(pairs_);
    for (std::size_t first = 0; first < pairs_; first += together) {
      const std::size_t count = std::min(together, pairs_ - first);
      for (std::size_t p = 0; p < together; ++p) {
        const std::size_t pair = first + (p < count ? p : 0);
        rows[p] = bytes_->rows->floats.row(a * edge + rows_[pair]);
        columns[p] = bytes_->columns->floats.row(block_ * edge + columns_[pair]);
      }
      backend::pair_products(rows, columns, entries_->packed_rows()->features(), products);
      for (std::size_t p = 0; p < count; ++p) found_[first + p] = {rows_[first + p], columns_[first + p], products[p]};
    }
  }

  const StreamedEntries* entries_;
  const ScreenedRows* bytes_;
  Index block_;
  std::span<const float> thresholds_, of_columns_;
  std::vector<float> row_limits_, column_limits_;  // what products of bytes may be above
  backend::Screen screen_;
  std::vector<std::uint64_t> masks_;
  std::vector<std::uint8_t> rows_, columns_;  // of the pairs that are left
  std::size_t pairs_ = 0;
  std::vector<Entry> found_;
  double tiles_ = 0.0, spent_ = 0.0;  // tiles that were screened, and what they cost in tiles that are not
};

}  // namespace pickmix::inline v0::detail
