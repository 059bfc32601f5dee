// SPDX-License-Identifier: MIT
// Tiles of a streamed kernel of which only those entries are computed that may be above a threshold.
#pragma once

#include <pickmix/backend/above.hpp>
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
      for (Index panel = block * panels; panel < (block + 1) * panels; ++panel) {
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
        masks_(static_cast<std::size_t>(edge * words)) {}

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
    screen_.candidates(bytes_->rows->bytes, a * edge, row_limits_, width, masks_);
    pairs_.clear();
    for (Index c = 0; c < width; ++c)
      backend::for_each_bit(masks(c), words,
                            [&](Index i) { pairs_.push_back(static_cast<std::uint16_t>(c * edge + i)); });
    const double cost = static_cast<double>(pairs_.size()) / pairs_a_tile;
    cost > 1.0 ? entries_->tile(a, block_, out) : compute(a, out);
    tiles_ += 1.0;
    spent_ += backend::screening_cost(bytes_->products) + std::min(cost, 1.0);
  }

  /// Bit i % 64 of masks(c)[i / 64] is for row i of column c.
  const std::uint64_t* masks(Index c) const { return &masks_[static_cast<std::size_t>(c * words)]; }

 private:
  /// Pairs that cost as much as a tile in floats: measured, 3,000 with AVX-512 and 5,000 with AVX2.
  static constexpr double pairs_a_tile = 4000;

  /// The entries of `pairs_`, 16 at a time.
  void compute(Index a, StreamedEntries::Tile& out) const {
    constexpr std::size_t together = 16;
    const float* rows[together];
    const float* columns[together];
    float products[together];
    for (std::size_t first = 0; first < pairs_.size(); first += together) {
      const std::size_t count = std::min(together, pairs_.size() - first);
      for (std::size_t p = 0; p < together; ++p) {
        const Index place = pairs_[first + (p < count ? p : 0)];
        rows[p] = bytes_->rows->floats.row(a * edge + place % edge);
        columns[p] = bytes_->columns->floats.row(block_ * edge + place / edge);
      }
      backend::pair_products(rows, columns, entries_->packed_rows()->features(), products);
      for (std::size_t p = 0; p < count; ++p) out[pairs_[first + p]] = products[p];
    }
  }

  const StreamedEntries* entries_;
  const ScreenedRows* bytes_;
  Index block_;
  std::span<const float> thresholds_, of_columns_;
  std::vector<float> row_limits_, column_limits_;  // what products of bytes may be above
  backend::Screen screen_;
  std::vector<std::uint64_t> masks_;
  std::vector<std::uint16_t> pairs_;  // places in the tile that are to be computed
  double tiles_ = 0.0, spent_ = 0.0;  // tiles that were screened, and what they cost in tiles that are not
};

}  // namespace pickmix::inline v0::detail
