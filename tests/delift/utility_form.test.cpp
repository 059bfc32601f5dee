// SPDX-License-Identifier: MIT
// Utilities in the form objectives take: each option by its definition, on a case worked by hand.
#include <pickmix/delift/utility_form.hpp>

#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <vector>

namespace delift_utility_form_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::in_form;
using delift::UtilityDiagonal;
using delift::UtilityForm;
using delift::UtilitySymmetry;

namespace {

/// Rows are targets.
const Kernel measured = instances::kernel(3, 3, [](Index i, Index j) {
  static constexpr float u[3][3] = {{0.5f, 0.25f, -0.5f}, {-0.25f, 1.0f, 0.75f}, {-1.0f, -0.5f, -0.25f}};
  return u[i][j];
});

void check_rows(const Kernel& kernel, const std::vector<std::vector<float>>& expected) {
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j)
      CHECK(kernel(i, j) == expected[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]);
}

bool same(const Kernel& a, const Kernel& b) {
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < a.columns(); ++j)
      if (a(i, j) != b(i, j)) return false;
  return true;
}

}  // namespace

TEST_CASE("Scales: clipped as printed, each row by its largest, by the range of all, by the row's range, or none") {
  check_rows(in_form(measured, {}), {{0.5f, 0.25f, 0}, {0, 1, 0.75f}, {0, 0, 0}});
  check_rows(in_form(measured, {.scale = RowMax{}}), {{1, 0.5f, 0}, {0, 1, 0.75f}, {0, 0, 0}});
  check_rows(in_form(measured, {.scale = MinMax{}}), {{0.75f, 0.625f, 0.25f}, {0.375f, 1, 0.875f}, {0, 0.25f, 0.375f}});
  check_rows(in_form(measured, {.scale = RowMinMax{}}), {{1, 0.75f, 0}, {0, 1, 0.8f}, {0, 0.5f / 0.75f, 1}});
  check_rows(in_form(measured, {.scale = delift::AsMeasured{}}),
             {{0.5f, 0.25f, -0.5f}, {-0.25f, 1, 0.75f}, {-1, -0.5f, -0.25f}});
}

TEST_CASE("The scales are those of rescale(), and the presets those of paper and released code") {
  const Kernel u = instances::real(3, 7, 5);
  CHECK(same(in_form(u, delift::as_printed), rescale(u, ClipAtZero{})));
  CHECK(same(in_form(u, delift::as_released), rescale(u, MinMax{})));
  CHECK(same(in_form(u, {.scale = RowMinMax{}}), rescale(u, RowMinMax{})));
  CHECK(same(in_form(u, {.scale = RowMax{}}), rescale(u, RowMax{})));
}

TEST_CASE("The diagonal: kept, zero, or as good as the best other context") {
  const UtilityForm raw{.scale = delift::AsMeasured{}};
  UtilityForm form = raw;
  form.diagonal = UtilityDiagonal::zero;
  check_rows(in_form(measured, form), {{0, 0.25f, -0.5f}, {-0.25f, 0, 0.75f}, {-1, -0.5f, 0}});
  form.diagonal = UtilityDiagonal::largest_other;
  check_rows(in_form(measured, form), {{0.25f, 0.25f, -0.5f}, {-0.25f, 0.75f, 0.75f}, {-1, -0.5f, -0.5f}});
  const Kernel one = instances::kernel(1, 1, [](Index, Index) { return 0.5f; });
  CHECK(in_form(one, form)(0, 0) == 0.0f);
}

TEST_CASE("Symmetry: none, the mean, or the larger one, after the diagonal and before the scale") {
  check_rows(in_form(measured, {.scale = delift::AsMeasured{}, .symmetry = UtilitySymmetry::mean}),
             {{0.5f, 0, -0.75f}, {0, 1, 0.125f}, {-0.75f, 0.125f, -0.25f}});
  check_rows(in_form(measured, {.scale = delift::AsMeasured{}, .symmetry = UtilitySymmetry::max}),
             {{0.5f, 0.25f, -0.5f}, {0.25f, 1, 0.75f}, {-0.5f, 0.75f, -0.25f}});
  check_rows(
      in_form(measured, {.scale = RowMax{}, .diagonal = UtilityDiagonal::zero, .symmetry = UtilitySymmetry::max}),
      {{0, 1, 0}, {0.25f / 0.75f, 0, 1}, {0, 1, 0}});
}

TEST_CASE("Constant utilities are all ones in a range, and nothing where only help counts") {
  const Kernel constant = instances::kernel(2, 3, [](Index, Index) { return -0.5f; });
  CHECK(in_form(constant, {.scale = MinMax{}})(1, 2) == 1.0f);
  CHECK(in_form(constant, {.scale = RowMinMax{}})(1, 2) == 1.0f);
  CHECK(in_form(constant, {})(1, 2) == 0.0f);
  CHECK(in_form(constant, {.scale = RowMax{}})(1, 2) == 0.0f);
}

TEST_CASE("On the scale of constant utilities others are ones, but for those that are below them") {
  const Kernel constant = instances::kernel(1, 2, [](Index, Index) { return 0.5f; });
  for (const delift::UtilityScale& scale : {delift::UtilityScale{MinMax{}}, delift::UtilityScale{RowMinMax{}}}) {
    const delift::detail::RowScale in_scale = delift::detail::scales_of(constant, scale)[0];
    CHECK(in_scale(-0.25f) == 0.0f);
    CHECK(in_scale(0.25f) == 0.0f);
    CHECK(in_scale(0.5f) == 1.0f);
    CHECK(in_scale(0.75f) == 1.0f);
  }
}

TEST_CASE("Diagonal and symmetry need a square") {
  const Kernel wide = instances::real(1, 2, 3);
  CHECK_NOTHROW(in_form(wide, {}));
  CHECK_THAT(thrown<ShapeError>([&] { (void)in_form(wide, {.diagonal = UtilityDiagonal::zero}); }),
             ContainsSubstring("there are 2 and 3"));
  CHECK_THROWS_AS(in_form(wide, {.symmetry = UtilitySymmetry::mean}), ShapeError);
}

}
