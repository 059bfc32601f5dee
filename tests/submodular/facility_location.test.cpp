// SPDX-License-Identifier: MIT
// The family of facility-location objectives: each published form against its definition.
#include <pickmix/submodular/facility_location.hpp>

#include <pickmix/kernel/similarity.hpp>
#include <pickmix/submodular/objective.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/storages.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace submodular_facility_location_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using instances::Matrix;

namespace {

using Set = std::vector<Index>;

/// Embeddings around a mean, so that most cosines are positive.
Matrix embeddings(std::uint64_t seed, Index rows) {
  Matrix m = instances::normal(seed, rows, 8);
  for (float& x : m.entries) x += 0.3f;
  return m;
}

/// Cosines in double precision.
struct Cosines {
  Index rows, columns;
  std::vector<double> entries;

  Cosines(const Matrix& a, const Matrix& b) : rows(a.rows), columns(b.rows) {
    const auto product = [](const Matrix& x, Index i, const Matrix& y, Index j) {
      double sum = 0.0;
      for (Index k = 0; k < x.columns; ++k)
        sum += static_cast<double>(x.view()(i, k)) * static_cast<double>(y.view()(j, k));
      return sum;
    };
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < columns; ++j)
        entries.push_back(product(a, i, b, j) / std::sqrt(product(a, i, a, i) * product(b, j, b, j)));
  }
  double operator()(Index i, Index j) const { return entries[static_cast<std::size_t>(i * columns + j)]; }
  double best(Index i, const Set& set) const {
    double top = 0.0;
    for (Index j : set) top = std::max(top, (*this)(i, j));
    return top;
  }
  /// The largest similarity to candidate j, at least 0.
  double relevance(Index j) const {
    double top = 0.0;
    for (Index i = 0; i < rows; ++i) top = std::max(top, (*this)(i, j));
    return top;
  }
};

const Matrix pool = embeddings(1, 40), target = embeddings(2, 5), known = embeddings(3, 6);
constexpr FacilityLocation query{}, of_pool{TargetForm::pool}, with_relevance{TargetForm::relevance};

struct Kernels {
  std::string name;
  Kernel pool;
  Reference target, known;
};

std::vector<Kernels> kernels() {
  std::vector<Kernels> out;
  for (const auto& [name, storage] :
       {std::pair{"dense", Storage::full}, {"half", Storage::half}, {"streamed", Storage::streamed}}) {
    const auto to_pool = [how = SimilarityOptions{.storage = storage}](const Matrix& rows) {
      return Reference{*similarity(cpu, rows.view(), pool.view(), how)};
    };
    out.push_back({name, *similarity(cpu, pool.view(), {.storage = storage}), to_pool(target), to_pool(known)});
  }
  const auto& dense = out.front();
  out.push_back({"sparse",
                 storages::positive(dense.pool),
                 {storages::positive(dense.target.to_pool)},
                 {storages::positive(dense.known.to_pool)}});
  return out;
}

}  // namespace

TEST_CASE("Every form is its definition, in every storage") {
  const Cosines s(pool, pool), q(target, pool), p(known, pool);
  const double eta = GENERATE(0.0, 0.5, 1.0, 2.0), nu = GENERATE(0.0, 0.8, 1.5);
  const Set a = GENERATE(Set{}, Set{9}, Set{4, 31, 7, 22}, Set{0, 39, 1, 38, 2, 37, 3, 36, 4});
  double plain = 0, flqmi = 0, flvmi = 0, relevant = 0, flcg = 0, flcmi = 0;
  for (Index i = 0; i < 40; ++i) {
    plain += s.best(i, a);
    flvmi += std::min(s.best(i, a), eta * q.relevance(i));
    flcg += std::max(s.best(i, a) - nu * p.relevance(i), 0.0);
    flcmi += std::max(std::min(s.best(i, a), eta * q.relevance(i)) - nu * p.relevance(i), 0.0);
  }
  for (Index i = 0; i < 5; ++i) flqmi += q.best(i, a);
  relevant = plain;
  for (Index j : a) flqmi += eta * q.relevance(j), relevant += eta * q.relevance(j);

  for (const auto& [name, kernel, to_target, to_known] : kernels()) {
    CAPTURE(name, eta, nu, a);
    // In half the size, each of up to 40 rows is off by up to three halves of 1/32767.
    const double margin = kernel.half() != nullptr ? 40 * 1.5 / 32767 : 1e-5;
    const auto near = [&a, margin](FacilityLocationObjective f) {
      return Approx(evaluate(f, a)).margin(margin).epsilon(0);
    };
    CHECK(plain == near(query.plain(kernel)));
    CHECK(flqmi == near(query.mutual_information(kernel, to_target, eta)));
    CHECK(flvmi == near(of_pool.mutual_information(kernel, to_target, eta)));
    CHECK(relevant == near(with_relevance.mutual_information(kernel, to_target, eta)));
    CHECK(flcg == near(query.conditional_gain(kernel, to_known, nu)));
    CHECK(flcmi == near(query.conditional_mutual_information(kernel, to_target, to_known, eta, nu)));
  }
}

TEST_CASE("Weights are 1 where nothing is said, and the query is the form") {
  const auto [name, kernel, to_target, to_known] = kernels().front();
  CHECK(query.mutual_information(kernel, to_target).gain(3) ==
        query.mutual_information(kernel, to_target, 1.0).gain(3));
  CHECK(query.conditional_gain(kernel, to_known).gain(3) == query.conditional_gain(kernel, to_known, 1.0).gain(3));
  CHECK(query.form == TargetForm::query);
  CHECK_FALSE(query.target_needs_pool());
  CHECK(of_pool.target_needs_pool());
  CHECK(with_relevance.target_needs_pool());
}

TEST_CASE("A reference that sees another number of candidates is refused by name") {
  const auto kernel = instances::real(1, 6, 6);
  const Reference other{instances::real(2, 3, 5)}, right{instances::real(2, 3, 6)};
  const std::string sizes = "to_pool has 5 columns and the kernel 6 candidates";
  for (const auto& family : {query, of_pool, with_relevance})
    CHECK_THAT(thrown<ShapeError>([&] { (void)family.mutual_information(kernel, other); }), ContainsSubstring(sizes));
  CHECK_THAT(thrown<ShapeError>([&] { (void)query.conditional_gain(kernel, other); }), ContainsSubstring(sizes));
  CHECK_THAT(thrown<ShapeError>([&] { (void)query.conditional_mutual_information(kernel, other, right); }),
             ContainsSubstring(sizes));
  CHECK_THAT(thrown<ShapeError>([&] { (void)query.conditional_mutual_information(kernel, right, other); }),
             ContainsSubstring(sizes));
}

TEST_CASE("A weight that is negative or not finite is refused by name") {
  const auto kernel = instances::real(1, 6, 6);
  const Reference reference{instances::real(2, 3, 6)};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (double bad : {-1e-9, -infinity, infinity, std::numeric_limits<double>::quiet_NaN()}) {
    CAPTURE(bad);
    const auto is = [&](const char* symbol) { return ContainsSubstring(fmt::format("{} is {}", symbol, bad)); };
    for (const auto& family : {query, of_pool, with_relevance})
      CHECK_THAT(thrown<ValueError>([&] { (void)family.mutual_information(kernel, reference, bad); }), is("eta"));
    CHECK_THAT(thrown<ValueError>([&] { (void)query.conditional_gain(kernel, reference, bad); }), is("nu"));
    const auto both = [&](double eta, double nu) {
      return thrown<ValueError>(
          [&] { (void)query.conditional_mutual_information(kernel, reference, reference, eta, nu); });
    };
    CHECK_THAT(both(bad, 1.0), is("eta"));
    CHECK_THAT(both(1.0, bad), is("nu"));
  }
}

TEST_CASE("Forms that compare rows with references of the candidates need a square kernel, the others do not") {
  const auto wide = instances::real(1, 4, 6);
  const Reference reference{instances::real(2, 3, 6)};
  const auto square = ContainsSubstring("kernel is 4 x 6; it must be square");
  CHECK_THAT(thrown<ShapeError>([&] { (void)of_pool.mutual_information(wide, reference); }), square);
  CHECK_THAT(thrown<ShapeError>([&] { (void)query.conditional_gain(wide, reference); }), square);
  CHECK_THAT(thrown<ShapeError>([&] { (void)query.conditional_mutual_information(wide, reference, reference); }),
             square);
  CHECK(query.plain(wide).size() == 6);
  CHECK(query.mutual_information(wide, reference).size() == 6);
  CHECK(with_relevance.mutual_information(wide, reference).size() == 6);
}

}
