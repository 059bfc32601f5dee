// SPDX-License-Identifier: MIT
// Tensors in and out: that nothing is copied, that what has no rows is refused, that numbers are those of the spans.
#include <pickmix/adapt/xtensor.hpp>

#include <pickmix/core/callbacks.hpp>
#include <pickmix/delift/select.hpp>
#include <pickmix/delift/utility.hpp>
#include <pickmix/kernel/similarity.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xmanipulation.hpp>
#endif

#include <cmath>
#include <concepts>
#include <cstddef>
#include <exception>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace adapt_xtensor_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::negative_log_likelihood;
using delift::probability_distance;

namespace {

constexpr float nan_float = std::numeric_limits<float>::quiet_NaN();

using Matrix = xt::xtensor<float, 2>;
using Mask = xt::xtensor<bool, 2>;
using Hidden = xt::xtensor<float, 3>;

Matrix two_rows() { return {{1, 2, 3}, {4, 5, 6}}; }

/// The message with which matrix_view refuses a tensor's layout.
template <class E>
std::string refused(E&& tensor) {
  return thrown<ValueError>([&] { (void)matrix_view(tensor); });
}

template <class... E>
concept HasDistance = requires(const E&... e) {
  probability_distance(e...);
};

// Lazy expressions have no memory to be seen, and a batch without a mask no meaning.
static_assert(pickmix::detail::StridedXtensor<Matrix> && pickmix::detail::StridedXtensor<const xt::xarray<float>>);
static_assert(!pickmix::detail::StridedXtensor<decltype(two_rows() + two_rows())>);
static_assert(HasDistance<Matrix, Mask> && !HasDistance<Matrix>);

}  // namespace

TEST_CASE("A row-major tensor is a matrix where it lies") {
  Matrix tensor = two_rows();
  const std::same_as<MatrixView<float>> auto view = matrix_view(tensor);
  CHECK(view.data() == tensor.data());
  CHECK((view.rows() == 2 && view.columns() == 3 && view.stride() == 3));
  view(1, 2) = 7;
  CHECK(tensor(1, 2) == 7);

  const std::same_as<MatrixView<const float>> auto constant = matrix_view(std::as_const(tensor));
  CHECK(constant.data() == tensor.data());
  const xt::xarray<bool> dynamic = {{true, false}};
  CHECK(matrix_view(dynamic)(0, 1) == false);
  xt::xtensor_fixed<double, xt::xshape<2, 1>> fixed = {{1}, {2}};
  CHECK(matrix_view(fixed)(1, 0) == 2);
}

TEST_CASE("A view of a tensor is a matrix if its rows have no gaps") {
  Hidden layers({2, 3, 4});
  std::iota(layers.begin(), layers.end(), 0.0f);
  const MatrixView<float> layer = matrix_view(xt::view(layers, 1));
  CHECK((layer.rows() == 3 && layer.columns() == 4 && layer(0, 0) == 12 && layer(2, 3) == 23));

  const MatrixView<float> inside = matrix_view(xt::view(layers, 1, xt::range(1, 3), xt::range(1, 3)));
  CHECK((inside.rows() == 2 && inside.columns() == 2 && inside.stride() == 4));
  CHECK((inside(0, 0) == 17 && inside(1, 1) == 22));

  const MatrixView<float> every_second = matrix_view(xt::view(layers, 0, xt::range(0, 3, 2), xt::all()));
  CHECK((every_second.rows() == 2 && every_second(1, 0) == 8));
  const MatrixView<float> column = matrix_view(xt::view(layers, 0, xt::all(), xt::range(2, 3)));
  CHECK((column.rows() == 3 && column.columns() == 1 && column(2, 0) == 10));
  const MatrixView<float> one_row = matrix_view(xt::view(layers, 0, xt::range(1, 2), xt::all()));
  CHECK((one_row.rows() == 1 && one_row(0, 3) == 7));
}

TEST_CASE("What does not lie row by row is refused by its strides") {
  Matrix tensor = two_rows();
  CHECK_THAT(refused(xt::transpose(tensor)),
             ContainsSubstring("matrix_view: tensor (3 x 2) has strides 1 and 3; needs at least 2 and exactly 1"));
  CHECK_THAT(refused(xt::xtensor<float, 2, xt::layout_type::column_major>(tensor)), ContainsSubstring("1 and 2"));
  CHECK_THAT(refused(xt::view(tensor, xt::all(), xt::range(0, 3, 2))), ContainsSubstring("3 and 2"));
  CHECK_THAT(refused(xt::view(tensor, xt::range(1, xt::placeholders::_, -1), xt::all())),
             ContainsSubstring("-3 and 1"));

  // A line is the same in any layout.
  CHECK(matrix_view(xt::xtensor<float, 2, xt::layout_type::column_major>({{1, 2}}))(0, 1) == 2);
}

TEST_CASE("Another number of dimensions is refused") {
  xt::xarray<float> line = {1, 2, 3};
  CHECK_THAT(thrown<ShapeError>([&] { (void)matrix_view(line); }),
             ContainsSubstring("matrix_view: tensor has 1 dimensions; needs 2"));
  CHECK_THAT(thrown<ShapeError>([] { (void)matrix_view(Hidden({1, 1, 1})); }), ContainsSubstring("3 dimensions"));
  CHECK_THAT(thrown<ShapeError>([] { (void)vector_view(two_rows()); }),
             ContainsSubstring("vector_view: tensor has 2 dimensions; needs 1"));
}

TEST_CASE("Empty tensors are empty matrices and spans") {
  const MatrixView<float> no_rows = matrix_view(Matrix({0, 3}));
  CHECK((no_rows.rows() == 0 && no_rows.columns() == 3));
  const MatrixView<float> no_columns = matrix_view(Matrix({2, 0}));
  CHECK((no_columns.rows() == 2 && no_columns.columns() == 0));
  CHECK(matrix_view(xt::xtensor<float, 2, xt::layout_type::column_major>::from_shape({0, 3})).columns() == 3);
  CHECK(vector_view(xt::xtensor<float, 1>::from_shape({0})).empty());
}

TEST_CASE("A tensor of one dimension is a span") {
  xt::xtensor<Index, 1> rows = {4, 2, 0};
  const std::same_as<std::span<Index>> auto span = vector_view(rows);
  CHECK((span.data() == rows.data() && span.size() == 3));
  const std::same_as<std::span<const Index>> auto constant = vector_view(std::as_const(rows));
  CHECK(constant[1] == 2);
  CHECK(vector_view(xt::view(rows, xt::range(1, 3)))[0] == 2);

  CHECK_THAT(thrown<ValueError>([&] { (void)vector_view(xt::view(rows, xt::range(0, 3, 2))); }),
             ContainsSubstring("vector_view: tensor has stride 2; needs 1"));
  Matrix matrix = two_rows();
  CHECK_THROWS_AS(vector_view(xt::view(matrix, xt::all(), 1)), ValueError);
  CHECK(vector_view(xt::view(matrix, 1))[0] == 4);
}

TEST_CASE("Distances of a batch are those of its examples' spans") {
  const Matrix p = {{1.0f, 0.5f, 0.0f, nan_float}, {0.125f, 0.75f, 0.5f, 1.0f}, {2.0f, 2.0f, 2.0f, 2.0f}};
  const Mask counts = {{false, true, true, false}, {true, true, true, true}, {false, false, false, false}};
  const xt::xtensor<float, 1> distance = probability_distance(p, counts);
  REQUIRE(distance.size() == 3);
  CHECK(distance(0) == Approx(std::sqrt(1.25 / 2)));
  CHECK(distance(1) == probability_distance(vector_view(xt::view(p, 1))));
  CHECK(distance(2) == 0.0f);

  const xt::xtensor<float, 1> loss = negative_log_likelihood(p, counts);
  CHECK(loss(1) == Approx(std::log(64.0 / 3) / 4));
  for (std::size_t e = 0; e < 3; ++e)
    CHECK(loss(e) == negative_log_likelihood(vector_view(xt::view(p, e)), vector_view(xt::view(counts, e))));

  // A padded batch cut to its longest response, and tensors that know their dimensions only when they run.
  CHECK(probability_distance(xt::view(p, xt::all(), xt::range(0, 3)),
                             xt::view(counts, xt::all(), xt::range(0, 3)))(0) == distance(0));
  CHECK((probability_distance(xt::xarray<float>(p), xt::xarray<bool>(counts)) == distance));
  CHECK(probability_distance(Matrix({0, 3}), Mask({0, 3})).size() == 0);

  // The tokens of one example still are spans.
  const xt::xtensor<float, 1> tokens = {1.0f, 0.5f};
  CHECK(probability_distance(tokens, xt::xtensor<bool, 1>{false, true}) == 0.5f);
  CHECK(negative_log_likelihood(tokens) == Approx(std::log(2.0) / 2));
}

TEST_CASE("A batch that does not fit is refused by the name of what does not") {
  const Matrix p = {{1.0f, 0.5f}, {0.25f, 2.0f}};
  CHECK_THAT(thrown<ShapeError>([&] {
               (void)probability_distance(p, Mask({2, 3}));
             }),
             ContainsSubstring("counts is 2 x 3 and p 2 x 2"));
  CHECK_THAT(thrown<ShapeError>([&] {
               (void)probability_distance(p, xt::xtensor<bool, 1>{true, true});
             }),
             ContainsSubstring("probability_distance: counts has 1 dimensions; needs 2"));
  CHECK_THAT(thrown<ShapeError>([&] {
               (void)negative_log_likelihood(Hidden({1, 2, 2}), Mask({1, 2}));
             }),
             ContainsSubstring("negative_log_likelihood: p has 3 dimensions; needs 2"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)negative_log_likelihood(xt::transpose(p), Mask({2, 2}));
             }),
             ContainsSubstring("negative_log_likelihood: p (2 x 2) has strides 1 and 2"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)probability_distance(p, Mask({2, 2}, true));
             }),
             ContainsSubstring("the probability of token 1 is 2"));
}

TEST_CASE("Hidden states are averaged over the tokens that count") {
  const Hidden hidden = {
      {{1, 10}, {3, 30}, {nan_float, nan_float}}, {{5, 6}, {nan_float, nan_float}, {7, 9}}, {{1, 1}, {1, 1}, {1, 1}}};
  const Mask counts = {{true, true, false}, {true, false, true}, {false, false, false}};
  const Matrix mean = mean_over_tokens(hidden, counts);
  CHECK((mean == Matrix{{2, 20}, {6, 7.5f}, {0, 0}}));

  SECTION("in any order of examples and tokens") {
    const Hidden tokens_first = xt::transpose(hidden, {1, 0, 2});
    CHECK((mean_over_tokens(xt::transpose(tokens_first, {1, 0, 2}), counts) == mean));
  }
  SECTION("into the part of a larger matrix") {
    Matrix out({3, 4}, -1.0f);
    mean_over_tokens(hidden, counts, matrix_view(xt::view(out, xt::all(), xt::range(1, 3))));
    CHECK((out == Matrix{{-1, 2, 20, -1}, {-1, 6, 7.5f, -1}, {-1, 0, 0, -1}}));
  }
  SECTION("a row without tokens is similar to nothing") {
    const Kernel kernel = similarity(matrix_view(mean));
    CHECK((kernel(2, 2) == 0 && kernel(2, 0) == 0 && kernel(0, 0) == Approx(1)));
  }
  SECTION("sums are of doubles") {
    const Hidden long_sum({1, 3, 1}, 16777217.0f);  // rounds to 2^24
    Hidden parts = long_sum;
    parts(0, 1, 0) = parts(0, 2, 0) = 1.0f;
    CHECK(mean_over_tokens(parts, Mask({1, 3}, true))(0, 0) == static_cast<float>((16777216.0 + 2.0) / 3));
  }
}

TEST_CASE("Hidden states with no examples, tokens or width") {
  CHECK(mean_over_tokens(Hidden({0, 3, 2}), Mask({0, 3})).shape() == Matrix({0, 2}).shape());
  CHECK((mean_over_tokens(Hidden({2, 0, 2}), Mask({2, 0})) == Matrix({2, 2}, 0.0f)));
  CHECK(mean_over_tokens(Hidden({2, 3, 0}), Mask({2, 3}, true)).size() == 0);
  CHECK(mean_over_tokens(Hidden({1, 1, 1}, 3.0f), Mask({1, 1}, true))(0, 0) == 3);
}

TEST_CASE("Hidden states that do not fit are refused") {
  const Hidden hidden({2, 3, 4}, 1.0f);
  const Mask counts({2, 3}, true);
  CHECK_THAT(thrown<ShapeError>([&] { (void)mean_over_tokens(two_rows(), counts); }),
             ContainsSubstring("mean_over_tokens: hidden has 2 dimensions; needs 3"));
  CHECK_THAT(thrown<ShapeError>([&] {
               (void)mean_over_tokens(hidden, Mask({3, 2}, true));
             }),
             ContainsSubstring("counts is 3 x 2 and hidden 2 x 3 x 4"));
  Matrix narrow({2, 3});
  CHECK_THAT(thrown<ShapeError>([&] { mean_over_tokens(hidden, counts, matrix_view(narrow)); }),
             ContainsSubstring("out is 2 x 3 and hidden 2 x 3 x 4"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)mean_over_tokens(xt::transpose(hidden, {0, 2, 1}), Mask({2, 4}, true));
             }),
             ContainsSubstring("hidden has stride 4 along its last dimension"));
  CHECK_THAT(thrown<ValueError>([&] {
               (void)mean_over_tokens(hidden, xt::transpose(Mask({3, 2}, true)));
             }),
             ContainsSubstring("counts (2 x 3) has strides 1 and 2"));
}

TEST_CASE("A selection is a tensor, without a copy") {
  const Matrix embeddings = {{1, 0}, {0, 1}, {1, 0.1f}, {0.1f, 1}};
  const Selection selection = delift::select(cpu, matrix_view(embeddings), delift::InstructionTuning{}, Count{2});
  const auto indices = tensor_view(selection.indices);
  const auto gains = tensor_view(selection.gains);
  CHECK((indices.data() == selection.indices.data() && indices.dimension() == 1 && indices.size() == 2));
  CHECK((gains.data() == selection.gains.data() && gains(1) == selection.gains[1]));

  const Matrix picked = xt::view(embeddings, xt::keep(indices), xt::all());
  CHECK(picked(1, 0) == embeddings(static_cast<std::size_t>(selection.indices[1]), 0));
  const Selection nothing;
  CHECK(tensor_view(nothing.indices).size() == 0);
}

TEST_CASE("What a callback is to write is a tensor that can be assigned to") {
  const Hidden hidden = {{{1, 2, 3}, {3, 4, 5}}, {{5, 6, 7}, {0, 0, 0}}};
  const Mask counts = {{true, true}, {true, false}};
  const Callbacks callbacks{
      .loss =
          [](std::span<const Example>, std::span<float> out) {
            const xt::xtensor<float, 1> losses = {0.5f, 2.0f};
            tensor_view(out) = 2.0f * losses;
          },
      .embedding = [&](std::span<const Example>, MatrixView<float> out) { mean_over_tokens(hidden, counts, out); },
      .embedding_size = 3};
  const Example examples[] = {{.row = 0}, {.row = 1}};
  CHECK(ask_losses(callbacks, examples, "test") == std::vector{1.0f, 4.0f});
  CHECK(ask_embeddings(callbacks, examples, "test") == std::vector<float>{2, 3, 4, 5, 6, 7});

  Callbacks wrong = callbacks;
  wrong.loss = [](std::span<const Example>, std::span<float> out) {
    tensor_view(out) = xt::xtensor<float, 1>{1, 2, 3};
  };
  CHECK_THROWS_AS(ask_losses(wrong, examples, "test"), std::exception);
}

TEST_CASE("A matrix is a tensor, gaps left alone") {
  float memory[] = {0, 0, 0, -1, 0, 0, 0};
  const MatrixView<float> matrix(memory, 2, 3, 4);
  auto tensor = tensor_view(matrix);
  CHECK((tensor.shape(0) == 2 && tensor.shape(1) == 3 && &tensor(1, 0) == memory + 4));
  tensor = two_rows() + 1.0f;
  tensor(0, 0) = 9;
  CHECK(std::vector<float>(memory, memory + 7) == std::vector<float>{9, 3, 4, -1, 5, 6, 7});
  CHECK(matrix_view(tensor).data() == memory);

  CHECK_THROWS_AS(tensor = Matrix({3, 3}), std::exception);
  CHECK(tensor_view(MatrixView<const float>()).size() == 0);
}

TEST_CASE("A dense kernel is a tensor that shares its entries") {
  std::optional<Kernel> kernel(delift::utility(
      2, 3, loss_callback([](const Example& e) { return static_cast<double>(10 * e.row - e.context); })));
  const auto utilities = tensor_view(*kernel);
  CHECK(utilities.data() == kernel->dense()->entries.get());
  REQUIRE((utilities.shape(0) == 2 && utilities.shape(1) == 3));
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(utilities(i, j) == (*kernel)(static_cast<Index>(i), static_cast<Index>(j)));
  const float last = utilities(1, 2);
  kernel.reset();
  CHECK(utilities(1, 2) == last);

  const Matrix embeddings = two_rows();
  const Kernel half = similarity(matrix_view(embeddings), {.storage = Storage::half});
  CHECK_THAT(thrown<ValueError>([&] { (void)tensor_view(half); }),
             ContainsSubstring("tensor_view: kernel is of half size; needs a dense one"));
  const Index both[] = {0, 1};
  Matrix columns({2, 2});
  half.read(both, matrix_view(columns));
  CHECK(columns(0, 1) == half(1, 0));
}

}
