// SPDX-License-Identifier: MIT
// Tensors of xtensor in, and out again, where they lie. Not part of pickmix.hpp: include it where xtensor is there.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/distance.hpp>
#include <pickmix/kernel/kernel.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)  // since xtensor 0.26
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

namespace detail {

/// Whatever xtensor computes with: containers, adaptors, views, functions.
template <class E>
concept XtensorExpression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// One whose entries lie in memory, a fixed stride from each other along every dimension.
template <class E>
concept StridedXtensor = XtensorExpression<E> && requires(E& tensor) {
  { *(tensor.data() + tensor.data_offset()) } -> std::same_as<std::remove_pointer_t<decltype(tensor.data())>&>;
  { tensor.strides()[0] } -> std::convertible_to<std::ptrdiff_t>;
};

/// Whether these are a batch rather than the tokens of one example, which are spans already.
template <class... E>
concept XtensorBatch = (XtensorExpression<E> && ...) && (!(xt::get_rank<std::remove_cvref_t<E>>::value == 1) || ...);

/// A tensor's first entry, once it has `needed` dimensions.
template <class E>
auto* first_entry(std::string_view caller, std::string_view name, E& tensor, std::size_t needed) {
  static_assert(StridedXtensor<E>,
                "pickmix reads tensors where they lie: give a container, or a view of one whose slices are ranges; "
                "assign anything else to an xt::xtensor first.");
  if (tensor.dimension() != needed)
    raise<ShapeError>("{}: {} has {} dimensions; needs {}", caller, name, tensor.dimension(), needed);
  return tensor.data() + tensor.data_offset();
}

template <class E>
Index extent(const E& tensor, std::size_t dimension) {
  return static_cast<Index>(tensor.shape()[dimension]);
}

/// Entries from one to the next along a dimension; where there is only one, for which xtensor says 0, `alone`.
template <class E>
Index stride(const E& tensor, std::size_t dimension, Index alone) {
  return extent(tensor, dimension) > 1 ? static_cast<Index>(tensor.strides()[dimension]) : alone;
}

template <class E>
auto rows_of_tensor(std::string_view caller, std::string_view name, E& tensor) {
  auto* const first = first_entry(caller, name, tensor, 2);
  const Index rows = extent(tensor, 0), columns = extent(tensor, 1);
  if (rows == 0 || columns == 0) return MatrixView(first, rows, columns);
  const Index to_next_row = stride(tensor, 0, columns), to_next_entry = stride(tensor, 1, 1);
  if (to_next_row < columns || to_next_entry != 1)
    raise<ValueError>(
        "{}: {} ({} x {}) has strides {} and {}; needs at least {} and exactly 1: copy it to a row-major tensor",
        caller, name, rows, columns, to_next_row, to_next_entry, columns);
  return MatrixView(first, rows, columns, to_next_row);
}

}  // namespace detail

/// A tensor of two dimensions as the matrix that all of pickmix takes. It may be mutable or not, and a view of a larger
/// one (`xt::view(hidden, layer)`), as long as its rows have no gaps. Valid as long as the tensor's memory.
///
/// \throws ShapeError if it has not two dimensions; ValueError if it is column-major, transposed, reversed or broadcast
/// \complexity constant: nothing is copied
template <detail::XtensorExpression E>
auto matrix_view(E&& tensor) {
  return detail::rows_of_tensor("matrix_view", "tensor", tensor);
}

/// A tensor of one dimension as a span. (A contiguous tensor converts to std::span by itself, whatever its dimensions.)
///
/// \throws ShapeError if it has not one dimension; ValueError if its entries do not lie next to each other
/// \complexity constant: nothing is copied
template <detail::XtensorExpression E>
auto vector_view(E&& tensor) {
  auto* const first = detail::first_entry("vector_view", "tensor", tensor, 1);
  if (const Index to_next = detail::stride(tensor, 0, 1); to_next != 1)
    raise<ValueError>("vector_view: tensor has stride {}; needs 1: copy it to a new tensor", to_next);
  return std::span(first, tensor.shape()[0]);
}

/// The way back, for results (`tensor_view(selection.indices)`) and for what callbacks write (`tensor_view(out) = loss`):
/// a tensor over memory that stays where it is and has to outlive it. What is assigned has its shape, or, to a matrix,
/// can be broadcast to that; else xtensor throws.
///
/// \complexity constant: nothing is copied
template <class T>
auto tensor_view(std::span<T> vector) {
  return xt::adapt(vector.data(), vector.size(), xt::no_ownership(), std::array{vector.size()});
}
template <class T>
auto tensor_view(const std::vector<T>& vector) {
  return tensor_view(std::span<const T>(vector));
}
template <class T>
void tensor_view(std::vector<T>&& gone) = delete;
template <class T>
auto tensor_view(MatrixView<T> matrix) {
  // The rest of the last row need not be there: the view leaves it out.
  const std::array whole{static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.stride())};
  auto rows = xt::adapt(matrix.data(), whole[0] * whole[1], xt::no_ownership(), whole);
  return xt::view(std::move(rows), xt::all(), xt::range(Index{0}, matrix.columns()));
}

/// A dense kernel's entries, which it shares: rows × columns, column-major. Utilities always are dense.
/// For other kernels `kernel.read(items, matrix_view(out))` copies columns.
///
/// \throws ValueError if the kernel is not dense
/// \complexity constant: nothing is copied
inline auto tensor_view(const Kernel& kernel) {
  const DenseEntries* const dense = kernel.dense();
  if (dense == nullptr) {
    const auto* const kind = kernel.half() ? "of half size" : kernel.sparse() ? "sparse" : "streamed";
    raise<ValueError>("tensor_view: kernel is {}; needs a dense one: copy columns of it with Kernel::read", kind);
  }
  const std::size_t shape[] = {static_cast<std::size_t>(kernel.rows()), static_cast<std::size_t>(kernel.columns())};
  return xt::adapt_smart_ptr<xt::layout_type::column_major>(dense->entries.get(), shape, dense->entries);
}

/// Each example's hidden states, averaged over the tokens that count: what `Callbacks::embedding` is to give. Where no
/// token counts the row is 0, which `Cosine` finds similar to nothing. What does not count is not read: it may be NaN.
///
/// The sums are of doubles, token after token, so that they do not depend on strides.
///
/// \shape  hidden: examples × tokens × width, the entries of each token next to each other, but examples and tokens may
///         be swapped (a transposed tokens × examples × width); counts: examples × tokens; out: examples × width
/// \throws ShapeError if the dimensions or sizes differ from these; ValueError if the entries of a token or of a row of
///         the mask do not lie next to each other
/// \complexity one addition for each entry that counts
template <detail::XtensorExpression H, detail::XtensorExpression C>
void mean_over_tokens(const H& hidden, const C& counts, MatrixView<float> out) {
  const float* const first = detail::first_entry("mean_over_tokens", "hidden", hidden, 3);
  const MatrixView<const bool> mask = detail::rows_of_tensor("mean_over_tokens", "counts", counts);
  const Index examples = detail::extent(hidden, 0), tokens = detail::extent(hidden, 1);
  const Index width = detail::extent(hidden, 2);
  if (mask.rows() != examples || mask.columns() != tokens)
    raise<ShapeError>("mean_over_tokens: counts is {} x {} and hidden {} x {} x {}; needs one entry for each token",
                      mask.rows(), mask.columns(), examples, tokens, width);
  if (out.rows() != examples || out.columns() != width)
    raise<ShapeError>("mean_over_tokens: out is {} x {} and hidden {} x {} x {}; needs one row for each example",
                      out.rows(), out.columns(), examples, tokens, width);
  if (const Index to_next = detail::stride(hidden, 2, 1); to_next != 1)
    raise<ValueError>(
        "mean_over_tokens: hidden has stride {} along its last dimension; needs 1: copy it to a row-major tensor",
        to_next);

  std::vector<double> sum(static_cast<std::size_t>(width));
  for (Index e = 0; e < examples; ++e) {
    std::fill(sum.begin(), sum.end(), 0.0);
    Index counted = 0;
    for (Index t = 0; t < tokens; ++t)
      if (mask(e, t)) {
        const float* const state = first + e * detail::stride(hidden, 0, 0) + t * detail::stride(hidden, 1, 0);
        for (std::size_t w = 0; w < sum.size(); ++w) sum[w] += static_cast<double>(state[w]);
        ++counted;
      }
    const auto by = static_cast<double>(std::max<Index>(counted, 1));
    for (std::size_t w = 0; w < sum.size(); ++w) out.row(e)[w] = static_cast<float>(sum[w] / by);
  }
}

/// The same into a tensor of its own.
template <detail::XtensorExpression H, detail::XtensorExpression C>
xt::xtensor<float, 2> mean_over_tokens(const H& hidden, const C& counts) {
  (void)detail::first_entry("mean_over_tokens", "hidden", hidden, 3);
  auto out = xt::xtensor<float, 2>::from_shape({hidden.shape()[0], hidden.shape()[2]});
  mean_over_tokens(hidden, counts, matrix_view(out));
  return out;
}

namespace delift {

/// A batch's distances as a tensor: `probability_distance(p, counts, out)` of distance.hpp, for tensors.
///
/// \shape  p, counts: examples × tokens, floats and bools, row-major
/// \return one entry an example
/// \throws as there; besides ShapeError if one has not two dimensions, ValueError if one is not row-major
/// \complexity one term for each token that counts
template <class P, class C>
  requires pickmix::detail::XtensorBatch<P, C> xt::xtensor<float, 1> probability_distance(const P& p, const C& counts) {
    const MatrixView<const float> rows = pickmix::detail::rows_of_tensor("probability_distance", "p", p);
    const MatrixView<const bool> mask = pickmix::detail::rows_of_tensor("probability_distance", "counts", counts);
    auto out = xt::xtensor<float, 1>::from_shape({p.shape()[0]});
    probability_distance(rows, mask, vector_view(out));
    return out;
  }
template <class P, class C>
  requires pickmix::detail::XtensorBatch<P, C> xt::xtensor<float, 1> negative_log_likelihood(const P& p,
                                                                                             const C& counts) {
    const MatrixView<const float> rows = pickmix::detail::rows_of_tensor("negative_log_likelihood", "p", p);
    const MatrixView<const bool> mask = pickmix::detail::rows_of_tensor("negative_log_likelihood", "counts", counts);
    auto out = xt::xtensor<float, 1>::from_shape({p.shape()[0]});
    negative_log_likelihood(rows, mask, vector_view(out));
    return out;
  }

/// Without a mask a batch's padding would count; and std::span would take the batch for one long example.
template <class P>
  requires pickmix::detail::XtensorBatch<P>
void probability_distance(const P& p) = delete;
template <class P>
  requires pickmix::detail::XtensorBatch<P>
void negative_log_likelihood(const P& p) = delete;

}  // namespace delift

}  // namespace pickmix::inline v0
