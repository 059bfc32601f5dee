// SPDX-License-Identifier: MIT
// The family of graph-cut objectives: its definitions, in double precision.
#include <pickmix/submodular/graph_cut.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>
#include <support/set_function.hpp>
#include <support/thrown.hpp>

#include <limits>
#include <vector>

namespace submodular_graph_cut_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using set_function::Items;

namespace {

constexpr double lambda = 0.3, weight = 0.8;

struct Definition {
  Kernel s;
  std::vector<double> offset;

  double operator()(Items list) const {
    const auto set = set_function::items(list);
    double value = 0.0;
    for (Index j : set) {
      value += offset.empty() ? 0.0 : offset[static_cast<std::size_t>(j)];
      for (Index i = 0; i < s.rows(); ++i) value += static_cast<double>(s(i, j));
      for (Index i : set) value -= lambda * static_cast<double>(s(i, j));
    }
    return value;
  }
};

std::vector<double> sums(const Kernel& to_pool, double by) {
  std::vector<double> out;
  for (Index j = 0; j < to_pool.columns(); ++j) {
    out.push_back(0.0);
    for (Index i = 0; i < to_pool.rows(); ++i) out.back() += by * static_cast<double>(to_pool(i, j));
  }
  return out;
}

}  // namespace

TEST_CASE("The plain objective and the conditional gain are those of their definitions, on kernels of one's own") {
  const Kernel kernel = set_function::kernel(set_function::uniform(1, 20, 20));
  const Reference known{set_function::kernel(set_function::uniform(2, 6, 20))};
  set_function::check_submodular(GraphCut{lambda}.plain(kernel), Definition{kernel, {}}, 1e-12);
  set_function::check_submodular(GraphCut{lambda}.conditional_gain(kernel, known, weight),
                                 Definition{kernel, sums(known.to_pool, -2.0 * lambda * weight)}, 1e-12);
}

TEST_CASE("Mutual information is modular, and eta scales it") {
  const Kernel kernel = set_function::kernel(set_function::uniform(1, 20, 20));
  const Reference target{set_function::kernel(set_function::uniform(3, 5, 20))};
  const auto scaled = [&](double eta) {
    return [by = sums(target.to_pool, 2.0 * lambda * eta)](Items list) {
      double value = 0.0;
      for (Index j : set_function::items(list)) value += by[static_cast<std::size_t>(j)];
      return value;
    };
  };
  set_function::check_monotone_submodular(GraphCut{lambda}.mutual_information(kernel, target), scaled(1.0), 1e-12);
  set_function::check_monotone_submodular(GraphCut{lambda}.mutual_information(kernel, target, weight), scaled(weight),
                                          1e-12);
  CHECK_FALSE(GraphCut{}.target_needs_pool());
}

TEST_CASE("References may be streamed") {
  const auto pool = instances::normal(4, 30, 7), known = instances::normal(5, 6, 7);
  for (const Metric& metric : {Metric{ShiftedCosine{}}, Metric{Rbf{0.1}}}) {
    const auto of = [&](Storage storage) {
      const SimilarityOptions options{.metric = metric, .storage = storage};
      return GraphCut{lambda}.conditional_gain(similarity(pool.view(), options),
                                               {similarity(known.view(), pool.view(), options)}, weight);
    };
    auto streamed = of(Storage::streamed), stored = of(Storage::full);
    for (Index j : {3, 17, 8}) {
      for (Index i = 0; i < 30; ++i) CHECK(streamed.gain(i) == Approx(stored.gain(i)).margin(1e-5));
      streamed.add(j);
      stored.add(j);
    }
  }
}

TEST_CASE("Graph cut: what does not fit or makes no sense is refused by name") {
  const Kernel square = set_function::kernel(set_function::uniform(1, 3, 3));
  const Kernel oblong = set_function::kernel(set_function::uniform(1, 2, 3));
  const Reference fits{oblong}, other{set_function::kernel(set_function::uniform(1, 2, 4))};
  CHECK_THAT(thrown<ShapeError>([&] { GraphCut{}.plain(oblong); }), ContainsSubstring("GraphCut: kernel is 2 x 3"));
  CHECK_THAT(thrown<ShapeError>([&] { GraphCut{}.conditional_gain(square, other); }), ContainsSubstring("4 columns"));
  CHECK_THAT(thrown<ShapeError>([&] { GraphCut{}.mutual_information(square, other); }), ContainsSubstring("4 columns"));
  for (double bad : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THAT(thrown<ValueError>([&] { GraphCut{bad}.plain(square); }), ContainsSubstring("lambda is"));
    CHECK_THAT(thrown<ValueError>([&] { GraphCut{bad}.mutual_information(square, fits); }),
               ContainsSubstring("lambda is"));
    CHECK_THAT(thrown<ValueError>([&] { GraphCut{bad}.conditional_gain(square, fits); }),
               ContainsSubstring("lambda is"));
    CHECK_THAT(thrown<ValueError>([&] { GraphCut{}.mutual_information(square, fits, bad); }),
               ContainsSubstring("eta is"));
    CHECK_THAT(thrown<ValueError>([&] { GraphCut{}.conditional_gain(square, fits, bad); }), ContainsSubstring("nu is"));
  }
}

}
