// SPDX-License-Identifier: MIT
// Predicted utilities: known ones stay, structure is found, and drawn matrices scatter as the errors do.
#include <pickmix/kernel/completion.hpp>

#include <pickmix/core/permutation.hpp>
#include <support/catch.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kernel_completion_test {

using namespace pickmix;

namespace {

constexpr Index n = 60, topics = 4;

/// Examples in topics; a context helps its topic, some contexts more than others, plus noise.
struct World {
  Eigen::MatrixXf utility{n, n};
  PairDescription<float> pairs;

  explicit World(float noise, std::uint64_t seed = 1) {
    RandomStream random(seed, 9);
    Eigen::VectorXf worth(n);
    Eigen::MatrixXf place(n, topics);
    for (Index j = 0; j < n; ++j) {
      worth(j) = 0.2f + 0.8f * static_cast<float>(random.uniform());
      for (Index t = 0; t < topics; ++t)
        place(j, t) = (j % topics == t ? 1.0f : 0.0f) + 0.1f * static_cast<float>(random.normal());
      place.row(j).normalize();
    }
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < n; ++i)
        utility(i, j) = (i % topics == j % topics ? worth(j) : 0.0f) + noise * static_cast<float>(random.normal());
    for (Index i = 0; i < n; ++i) utility(i, i) = 1.7f;
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> embeddings = 3.0f * place;
    const std::vector<float> alone(static_cast<std::size_t>(n), 2.0f);
    pairs = PairDescription<float>::of(cpu, embeddings, embeddings, alone, true);
  }

  /// The diagonal and one in `share` of all pairs.
  KnownEntries<float> known(Index share) const {
    KnownEntries<float> out(n, n);
    for (Index i = 0; i < n; ++i) out.set(i, i, utility(i, i));
    const Permutation order(n * n, RandomStream(5, 9));
    for (Index p = 0; p < n * n / share; ++p) {
      const Index i = order(p) % n, j = order(p) / n;
      if (!out.has(i, j)) out.set(i, j, utility(i, j));
    }
    return out;
  }
};

double error_of_unknown(const Eigen::MatrixXf& a, const Eigen::MatrixXf& b, const KnownEntries<float>& known) {
  double squares = 0.0;
  Index count = 0;
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i)
      if (!known.has(i, j)) {
        const auto error = static_cast<double>(a(i, j)) - static_cast<double>(b(i, j));
        squares += error * error;
        ++count;
      }
  return std::sqrt(squares / static_cast<double>(count));
}

}  // namespace

TEST_CASE("Known entries stay, and the others are predicted far better than by their mean") {
  const World world(0.02f);
  const KnownEntries<float> known = world.known(10);
  const Completion<float> c = UtilityRegression<float>(cpu, world.pairs).complete(known);
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i)
      if (known.has(i, j)) REQUIRE(c.predicted(i, j) == world.utility(i, j));
  const double by_mean = error_of_unknown(Eigen::MatrixXf::Constant(n, n, world.utility.mean()), world.utility, known);
  CHECK(error_of_unknown(c.predicted, world.utility, known) < 0.4 * by_mean);
}

TEST_CASE("More entries make better predictions") {
  const World world(0.05f);
  const UtilityRegression<float> regression(cpu, world.pairs);
  const KnownEntries<float> few = world.known(20), many = world.known(4);
  CHECK(error_of_unknown(regression.complete(many).predicted, world.utility, many) <
        error_of_unknown(regression.complete(few).predicted, world.utility, few));
}

TEST_CASE("Drawn matrices keep what is known and scatter about as far as predictions are off") {
  const World world(0.1f);
  const KnownEntries<float> known = world.known(8);
  const Completion<float> c = UtilityRegression<float>(cpu, world.pairs).complete(known);
  const Eigen::MatrixXf drawn = c.draw(RandomStream(1, 2), known);
  for (Index i = 0; i < n; ++i) REQUIRE(drawn(i, i) == world.utility(i, i));
  const double scatter = error_of_unknown(drawn, c.predicted, known),
               off = error_of_unknown(c.predicted, world.utility, known);
  CHECK(scatter > 0.6 * off);
  CHECK(scatter < 1.6 * off);
  CHECK(c.draw(RandomStream(1, 2), known) == drawn);
  CHECK(c.draw(RandomStream(2, 2), known) != drawn);
}

TEST_CASE("Predictions and drawn matrices have the same bits at every thread count") {
  const World world(0.1f);
  const KnownEntries<float> known = world.known(8);
  const Completion<float> one = UtilityRegression<float>(cpu, world.pairs).complete(known);
  for (const Index threads : {2, 3, 7}) {
    const Completion<float> many = UtilityRegression<float>(cpu.threads(threads), world.pairs).complete(known);
    CHECK(many.predicted == one.predicted);
    CHECK(many.draw(RandomStream(1, 2), known) == one.draw(RandomStream(1, 2), known));
  }
}

TEST_CASE("Targets that are no contexts have no diagonal") {
  const World world(0.02f);
  constexpr Index targets = 10;
  PairDescription<float> pairs = world.pairs;
  pairs.between = world.pairs.between.topRows(targets);
  pairs.of_targets = world.pairs.of_targets.topLeftCorner(targets, targets);
  pairs.alone = world.pairs.alone.head(targets);
  pairs.square = false;
  KnownEntries<float> known(targets, n);
  for (Index p = 0; p < targets * n; p += 3)
    known.set(p % targets, p / targets, world.utility(p % targets, p / targets));
  const Completion<float> c = UtilityRegression<float>(cpu, pairs).complete(known);
  double squares = 0.0;
  for (Index j = targets; j < n; ++j)
    for (Index i = 0; i < targets; ++i)
      squares += std::pow(static_cast<double>(c.predicted(i, j)) - static_cast<double>(world.utility(i, j)), 2);
  CHECK(std::sqrt(squares / (targets * (n - targets))) < 0.2);
}

TEST_CASE("Losses alone of 0 give finite predictions, however large utilities are beside them") {
  World world(0.0f);
  world.pairs.alone.setZero();
  const UtilityRegression<float> regression(cpu, world.pairs);
  for (const float diagonal : {0.0f, -5.0f}) {
    KnownEntries<float> known(n, n);
    for (Index i = 0; i < n; ++i) known.set(i, i, diagonal);
    for (Index j = 0; j < n; j += 2)
      for (Index i = 0; i < n; ++i)
        if (i != j) known.set(i, j, i % 3 == 0 ? -5.0f : -0.5f);
    CHECK(regression.complete(known).predicted.allFinite());
    CHECK(regression.complete(known).draw(RandomStream(1, 1), known).allFinite());
  }
}

TEST_CASE("Nothing known, one entry, and entries that are all the same give finite predictions") {
  const World world(0.0f);
  const UtilityRegression<float> regression(cpu, world.pairs);
  KnownEntries<float> known(n, n);
  CHECK(regression.complete(known).predicted.isZero());
  CHECK(regression.complete(known).draw(RandomStream(1, 1), known).isZero());
  known.set(3, 7, 0.5f);
  CHECK(regression.complete(known).predicted.allFinite());
  CHECK(regression.complete(known).draw(RandomStream(1, 1), known).allFinite());
  KnownEntries<float> constant(n, n);
  for (Index j = 0; j < n; j += 2)
    for (Index i = 0; i < n; ++i) constant.set(i, j, -0.25f);
  const Completion<float> c = regression.complete(constant);
  CHECK(c.predicted.allFinite());
  CHECK(c.predicted(2, 1) == Approx(-0.25));
}

}
