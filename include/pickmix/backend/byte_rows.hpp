// SPDX-License-Identifier: MIT
// Rows in a byte a number, and what that leaves out: enough to find the inner products that may be large.
#pragma once

#include <pickmix/backend/inner_products.hpp>
#include <pickmix/core/types.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pickmix::inline v0::backend {

/// x_i = scale_i · q_i + r_i with whole numbers |q| ≤ most, kept as the bytes q + most + 1 as `Screen` wants them: panels of 16
/// rows as in PackedRows, within a panel four features after four, 4 bytes a row. Features are added up to a multiple of 8, with
/// q = 0.
///
/// \complexity 1 byte a feature and 16 a row
class ByteRows {
 public:
  /// \param most  127, or less where sums of products would not fit
  ByteRows(const PackedRows& rows, int most)
      : most_(most),
        features_((rows.features() + 7) / 8 * 8),
        bytes_(static_cast<std::size_t>(rows.blocks() * PackedRows::block * features_),
               static_cast<std::uint8_t>(most + 1)),
        scales_(Eigen::ArrayXf::Ones(rows.blocks() * PackedRows::block)),
        norms_(Eigen::ArrayXf::Zero(scales_.size())),
        errors_(norms_),
        sums_(Eigen::ArrayXi::Zero(scales_.size())) {}

  /// Quantises the 16 rows of a panel. Different panels may be quantised at the same time.
  ///
  /// \return false if a number is so large that products of its row may not be finite: then nothing can be said of it
  bool quantize(const PackedRows& rows, Index panel) {
    constexpr Index height = PackedRows::panel;
    using Column = Eigen::Array<float, height, 1>;
    const Eigen::Map<const Eigen::Array<float, height, Eigen::Dynamic>> x(rows.from(panel * height), height,
                                                                          rows.features());
    const Column largest = x.abs().rowwise().maxCoeff();
    if (!(largest < 1e15f).all()) return false;
    const Column scale = (largest > 1e-30f).select(largest / static_cast<float>(most_), 1.0f);
    const Column inverse = (largest > 1e-30f).select(scale.inverse(), 0.0f);
    Eigen::Array<double, height, 1> squares = Eigen::Array<double, height, 1>::Zero(), left = squares;
    Eigen::Array<int, height, 1> sum = Eigen::Array<int, height, 1>::Zero();
    std::uint8_t* const out = bytes_.data() + panel * height * features_;
    for (Index k = 0; k < rows.features(); ++k) {
      const Column limit = Column::Constant(static_cast<float>(most_));
      const Column q = (x.col(k) * inverse).round().min(limit).max(-limit);
      for (Index r = 0; r < height; ++r)
        out[k / 4 * 4 * height + r * 4 + k % 4] = static_cast<std::uint8_t>(static_cast<int>(q(r)) + offset());
      sum += q.cast<int>();
      squares += x.col(k).cast<double>().square();
      left += (x.col(k).cast<double>() - scale.cast<double>() * q.cast<double>()).square();
    }
    if (!(squares < 1e31 * static_cast<double>(rows.features())).all()) return false;  // NaN, which has no largest
    constexpr double up = 1.0 + 1e-6, least = 1e-37;  // what rounding to floats can take away, denormal ones too
    scales_.segment<height>(panel * height) = scale;
    norms_.segment<height>(panel * height) = (squares.sqrt() * up + least).cast<float>();
    errors_.segment<height>(panel * height) = (left.sqrt() * up + least).cast<float>();
    sums_.segment<height>(panel * height) = sum;
    return true;
  }

  Index features() const { return features_; }
  int offset() const { return most_ + 1; }  ///< of the bytes

  /// The panel that begins with `row`, a multiple of 16.
  const std::uint8_t* from(Index row) const { return bytes_.data() + row * features_; }

  const Eigen::ArrayXf& scales() const { return scales_; }
  const Eigen::ArrayXf& norms() const { return norms_; }    ///< ‖x_i‖, or a little more
  const Eigen::ArrayXf& errors() const { return errors_; }  ///< ‖r_i‖, or a little more
  const Eigen::ArrayXi& sums() const { return sums_; }      ///< Σ_k q_ik

 private:
  int most_;
  Index features_;
  std::vector<std::uint8_t> bytes_;
  Eigen::ArrayXf scales_, norms_, errors_;
  Eigen::ArrayXi sums_;
};

}  // namespace pickmix::inline v0::backend
