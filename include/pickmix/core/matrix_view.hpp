// SPDX-License-Identifier: MIT
// A matrix somebody else owns, seen row by row.
#pragma once

#include <pickmix/core/types.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

namespace pickmix::inline v0 {

namespace detail {

/// A dense matrix of `T` in the manner of Eigen, whose storage order is known when it is compiled.
template <class M, class T>
concept EigenLike = requires(M& m) {
  { m.data() } -> std::convertible_to<T*>;
  { m.rows() } -> std::convertible_to<Index>;
  { m.cols() } -> std::convertible_to<Index>;
  { m.outerStride() } -> std::convertible_to<Index>;
  { m.innerStride() } -> std::convertible_to<Index>;
  {bool(std::remove_cvref_t<M>::IsRowMajor)};
};

template <class U, class T>
concept MutableOf = std::same_as<const U, T>;

}  // namespace detail

/// A non-owning view of a row-major matrix: rows × columns entries, `stride` entries from one row to the next.
///
/// It is how matrices cross the library's border, so that no algebra package is part of a signature. Row-major Eigen
/// matrices, maps and blocks convert to it implicitly; the view is valid as long as what it was made from.
template <class T>
class MatrixView {
 public:
  MatrixView() = default;

  /// \shape data: at least (rows - 1)·stride + columns entries, stride ≥ columns
  MatrixView(T* data, Index rows, Index columns, Index stride)
      : data_(data), rows_(rows), columns_(columns), stride_(stride) {}
  MatrixView(T* data, Index rows, Index columns) : MatrixView(data, rows, columns, columns) {}

  /// Views an Eigen matrix; implicit, as views are.
  template <detail::EigenLike<T> M>
  MatrixView(M&& matrix)
      : MatrixView(matrix.data(), static_cast<Index>(matrix.rows()), static_cast<Index>(matrix.cols()),
                   static_cast<Index>(matrix.outerStride())) {
    static_assert(std::remove_cvref_t<M>::IsRowMajor,
                  "pickmix reads matrices row by row: pass a row-major matrix (in Eigen: Eigen::RowMajor).");
    static_assert(std::remove_cvref_t<M>::InnerStrideAtCompileTime == 1,
                  "pickmix reads rows without gaps: pass a matrix whose columns lie next to each other.");
  }

  /// A view of mutable entries is also a view of constant ones.
  template <detail::MutableOf<T> U>
  MatrixView(const MatrixView<U>& other) : MatrixView(other.data(), other.rows(), other.columns(), other.stride()) {}

  T& operator()(Index row, Index column) const { return data_[row * stride_ + column]; }
  std::span<T> row(Index r) const { return {data_ + r * stride_, static_cast<std::size_t>(columns_)}; }

  T* data() const { return data_; }
  Index rows() const { return rows_; }
  Index columns() const { return columns_; }
  Index stride() const { return stride_; }

 private:
  T* data_ = nullptr;
  Index rows_ = 0;
  Index columns_ = 0;
  Index stride_ = 0;
};

}  // namespace pickmix::inline v0
