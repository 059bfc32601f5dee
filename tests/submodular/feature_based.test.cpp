// SPDX-License-Identifier: MIT
// Feature-based functions: values computed by hand, the definition, the laws.
#include <pickmix/submodular/feature_based.hpp>

#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace submodular_feature_based_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;
using set_function::Items;

static_assert(SubmodularObjective<FeatureBasedObjective> && has_diminishing_returns<FeatureBasedObjective>);

namespace {

struct Definition {
  Matrix features;
  Concave concave = Concave::square_root;
  std::vector<double> weights = {};

  double operator()(Items set) const {
    double value = 0.0;
    for (Index f = 0; f < features.columns; ++f) {
      double x = 0.0;
      for (Index j : set_function::items(set)) x += static_cast<double>(features.view()(j, f));
      const double g = concave == Concave::square_root ? std::sqrt(x)
                       : concave == Concave::logarithm ? std::log(1.0 + x)
                                                       : 1.0 - 1.0 / (1.0 + x);
      value += (weights.empty() ? 1.0 : weights[static_cast<std::size_t>(f)]) * g;
    }
    return value;
  }
};

void check(const Definition& definition, double tolerance = 1e-9) {
  const FeatureBased family{definition.concave, definition.weights};
  set_function::check_monotone_submodular(family.plain(definition.features.view()), definition, tolerance);
}

}  // namespace

TEST_CASE("The values of three items with two features are those computed by hand") {
  const Matrix features{3, 2, {4, 0, 5, 9, 0, 7}};
  auto root = FeatureBased{}.plain(features.view());
  CHECK(root.size() == 3);
  CHECK(root.gain(0) == 2.0);
  CHECK(root.gain(1) == Approx(std::sqrt(5.0) + 3.0));
  root.add(0);
  CHECK(root.gain(1) == 1.0 + 3.0);
  root.add(1);
  CHECK(root.gain(2) == 1.0);

  auto inverse = FeatureBased{.concave = Concave::inverse, .weights = {1.0, 2.0}}.plain(features.view());
  CHECK(inverse.gain(0) == Approx(0.8));
  CHECK(inverse.gain(2) == Approx(2.0 * 7.0 / 8.0));
  inverse.add(0);
  CHECK(inverse.gain(1) == Approx(0.9 - 0.8 + 2.0 * 0.9));

  const auto logarithm = FeatureBased{.concave = Concave::logarithm}.plain(features.view());
  CHECK(logarithm.gain(1) == Approx(std::log(6.0) + std::log(10.0)));
}

TEST_CASE("Feature-based functions keep the laws, with every concave function") {
  const auto concave = GENERATE(Concave::square_root, Concave::logarithm, Concave::inverse);
  check({set_function::uniform(1, 20, 5), concave});
  check({set_function::uniform(2, 14, 19), concave, std::vector<double>(19, 0.3)});
  check({set_function::quarters(3, 16, 3), concave, {0.0, 1.0, 2.5}});
  check({set_function::thrice(set_function::uniform(4, 5, 4)), concave});
}

TEST_CASE("Gains do not rise by a bit where features are of all sizes") {
  const auto concave = GENERATE(Concave::square_root, Concave::logarithm, Concave::inverse);
  const auto seed = GENERATE(range(1, 6));
  const auto features = set_function::of_all_sizes(static_cast<std::uint64_t>(seed), 60, 9);
  const auto f = FeatureBased{.concave = concave}.plain(features.view());
  CHECK(laws::diminishing_returns(f) == "");
  CHECK(laws::monotone(f) == "");
  CHECK(laws::lazy_is_naive(f, 60) == "");
}

TEST_CASE("One item with one feature") {
  auto f = FeatureBased{}.plain(Matrix{1, 1, {0.25f}}.view());
  CHECK(f.gain(0) == 0.5);
  f.add(0);
  CHECK(f.gain(0) == 0.0);
}

TEST_CASE("The features are copied, row by row whatever the stride, and copies have sets of their own") {
  Matrix features{2, 3, {4, 9, -1, 16, 25, -1}};  // the third column is not part of the view
  auto f = FeatureBased{}.plain(MatrixView<const float>(features.entries.data(), 2, 2, 3));
  features(0, 0) = 100.0f;
  auto other = f;
  other.add(1);
  CHECK(f.gain(0) == 2.0 + 3.0);
  CHECK(f.gain(1) == 4.0 + 5.0);
  CHECK(other.gain(1) == 0.0);
}

TEST_CASE("Features that are negative or not finite are refused by name") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (float bad : {-0.5f, infinity, nan}) {
    const Matrix features{2, 2, {0, 1, 2, bad}};
    CHECK_THAT(thrown<ValueError>([&] { FeatureBased{}.plain(features.view()); }),
               ContainsSubstring("FeatureBased: features(1, 1) is "));
  }
}

TEST_CASE("No items, no features and other numbers of weights are refused") {
  const Matrix features{2, 3};
  CHECK_THAT(thrown<ShapeError>([&] { FeatureBased{}.plain(MatrixView<const float>(nullptr, 0, 3)); }),
             ContainsSubstring("features is 0 x 3"));
  CHECK_THAT(thrown<ShapeError>([&] { FeatureBased{}.plain(MatrixView<const float>(nullptr, 2, 0)); }),
             ContainsSubstring("features is 2 x 0"));
  CHECK_THAT(thrown<ShapeError>([&] { FeatureBased{.weights = {1.0}}.plain(features.view()); }),
             ContainsSubstring("weights has 1 entries") && ContainsSubstring("3 features"));
  CHECK_THAT(thrown<ValueError>([&] {
               FeatureBased{.weights = {1.0, -2.0, 1.0}}.plain(features.view());
             }),
             ContainsSubstring("FeatureBased: weights[1] is -2"));
}

}
