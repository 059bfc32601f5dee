// SPDX-License-Identifier: MIT
// The sieves: every item is seen once, in any order; what they hold, and what they prove. See tests/property/budgets too.
#include <pickmix/submodular/sieve_streaming.hpp>

#include <pickmix/submodular/budget.hpp>
#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/lazy_greedy.hpp>

#include <property/greedy_laws.hpp>
#include <property/laws.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/objectives.hpp>
#include <support/thrown.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

namespace submodular_sieve_streaming_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using objectives::Coverage;
using objectives::Modular;

namespace {

/// Coverage that knows how many of its copies are alive, and which item may be asked for.
class Watched : public Coverage {
 public:
  explicit Watched(Coverage f) : Coverage(std::move(f)) {}

  double gain(Index j) const {
    if (j != *offered_) ++*asked_late_;
    return Coverage::gain(j);
  }
  Index copies() const { return alive_.use_count(); }
  Index asked_late() const { return *asked_late_; }
  void now(Index j) { *offered_ = j; }

 private:
  std::shared_ptr<Index> alive_ = std::make_shared<Index>(0), offered_ = std::make_shared<Index>(0),
                         asked_late_ = std::make_shared<Index>(0);
};

/// Item 3 has all of item 1, and 1 more.
struct Overlap {
  static constexpr bool diminishing_returns = true;
  bool held = false;
  Index size() const { return 4; }
  double gain(Index j) const {
    const double worth[] = {9.0, 40.0, 0.5, 41.0};
    return j == 3 && held ? 1.0 : worth[j];
  }
  void add(Index j) { held = held || j == 1; }
  void reset() { held = false; }
};

/// The sieve of one guess, as it is defined.
template <class F>
Selection one_sieve(F f, std::span<const Index> items, Index k, double guess) {
  Selection set;
  for (Index j : items) {
    const auto held = static_cast<Index>(set.indices.size());
    const double gain = f.gain(j);
    if (held == k || !(gain > 0.0) || gain < (guess / 2.0 - set.value) / static_cast<double>(k - held)) continue;
    f.add(j);
    set.indices.push_back(j);
    set.value += gain;
  }
  return set;
}

}  // namespace

TEST_CASE("The best set is that of the best guess, as defined, where the largest item comes first") {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const FacilityLocationObjective f(instances::real(seed, 12, 30));
    auto order = laws::shuffled(30, seed, 0);
    std::iter_swap(order.begin(), std::max_element(order.begin(), order.end(),
                                                   [&](Index a, Index b) { return f.gain(a) < f.gain(b); }));
    const double m = f.gain(order[0]);
    for (Index k : {1, 4, 9})
      for (double epsilon : {0.1, 0.3}) {
        Selection expected;
        for (int i = -200; i <= 200; ++i) {
          const double guess = std::pow(1.0 + epsilon, i);
          if (guess < m / (1.0 + epsilon) * (1.0 + 1e-9) || guess > 2.0 * static_cast<double>(k) * m) continue;
          const Selection s = one_sieve(f, order, k, guess);
          if (s.value > expected.value) expected = s;
        }
        Sieve<FacilityLocationObjective> sieve(f, k, epsilon);
        for (Index j : order) sieve.offer(j);
        CAPTURE(seed, k, epsilon);
        CHECK(sieve.best().indices == expected.indices);
        CHECK(sieve.best().value == expected.value);
        compared += static_cast<int>(expected.indices.size());
      }
  }
  CHECK(compared > 500);
}

TEST_CASE("Whatever the order of the items, the best is half of the optimum less epsilon, and the certificate holds") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto f = Coverage::random(seed, 10);
    const auto best = laws::optimum(10, [&](std::span<const Index> set) { return f.definition(set); });
    for (std::uint64_t chain = 0; chain < 4; ++chain)
      for (Index k : {1, 2, 4, 10})
        for (double epsilon : {0.05, 0.3}) {
          Sieve<Coverage> sieve(f, k, epsilon);
          for (Index j : laws::shuffled(10, seed, chain)) sieve.offer(j);
          const auto s = sieve.best();
          const double optimum = best[static_cast<std::size_t>(k)];
          CHECK(s.value >= (0.5 - epsilon) * optimum);
          CHECK(s.value <= optimum);
          CHECK(s.upper_bound >= optimum);
          CHECK(s.value == f.definition(s.indices));
          CHECK(s.value == std::accumulate(s.gains.begin(), s.gains.end(), 0.0));
          CHECK(static_cast<Index>(s.indices.size()) <= k);
        }
  }
}

TEST_CASE("Rising items make old guesses too low: the largest comes last and is not missed") {
  Modular<true> f;
  for (int j = 0; j < 40; ++j) f.weights.push_back(std::exp2(j));  // the last is worth more than all before it
  for (double epsilon : {0.05, 0.3}) {
    Sieve<Modular<true>> sieve(f, 3, epsilon);
    for (Index j = 0; j < 40; ++j) {
      sieve.offer(j);
      CHECK(sieve.best().indices.back() == j);
    }
  }
}

TEST_CASE("The best never falls as items come, though the sieve that has it is dropped") {
  // Only the guess 1.4^10 is low enough to take item 0; the others fill up with 1 and 2. Item 3 ends that guess.
  Sieve<Overlap> sieve(Overlap{}, 2, 0.4);
  double last = 0.0;
  for (Index j = 0; j < 4; ++j) {
    sieve.offer(j);
    CHECK(sieve.best().value >= last);
    last = sieve.best().value;
  }
  CHECK(sieve.best().indices == std::vector<Index>{0, 1});
  CHECK(sieve.best().upper_bound >= 50.0);  // items 0 and 3
}

TEST_CASE("The bound at the end can be smaller than the sum of the largest gains, and the other way round") {
  // 20 copies of one item: a sieve that is not full knows that nothing is left.
  Sieve<Coverage> copies(Coverage(std::vector<std::uint32_t>(20, 0b1111)), 10, 0.1);
  for (Index j = 0; j < 20; ++j) copies.offer(j);
  CHECK(copies.best().value == 4.0);
  CHECK(copies.best().upper_bound <= 6.0);  // the lowest guess is at most 4
  CHECK(copies.best().reason == StopReason::pool_exhausted);

  Modular<true> f{{3.0, 1.0, 2.0}};
  CHECK(maximize(f, Count{2}, SieveStreaming{}).upper_bound == 5.0);
}

TEST_CASE("Items are asked for only when they are offered, and as few sets are held as promised") {
  for (Index k : {1, 5, 50})
    for (double epsilon : {0.1, 0.5}) {
      Watched f(Coverage::random(3, 400));
      Sieve<Watched> sieve(f, k, epsilon);
      const double guesses = std::log(2.0 * static_cast<double>(k)) / std::log1p(epsilon) + 3.0;
      Index most = 0;
      for (Index j = 0; j < 400; ++j) {
        f.now(j);
        sieve.offer(j);
        most = std::max(most, f.copies());
      }
      CHECK(f.asked_late() == 0);
      CHECK(static_cast<double>(most - 2) <= guesses);  // less f and the prototype
      CHECK(most > 2);
    }
}

TEST_CASE("The maximiser offers all items in order, and leaves the best set in the objective") {
  FacilityLocationObjective f(instances::real(5, 20, 50));
  Sieve<FacilityLocationObjective> sieve(f, 7, 0.2);
  for (Index j = 0; j < 50; ++j) sieve.offer(j);
  objectives::Counted counted(f);
  const auto s = maximize(counted, Count{7}, SieveStreaming{0.2});
  CHECK(laws::difference(s, sieve.best()) == "");
  CHECK(s.evaluations == counted.calls());
  CHECK(std::is_sorted(s.indices.begin(), s.indices.end()));
  for (Index j : s.indices) CHECK(counted.gain(j) == 0.0);
  CHECK(laws::threads_change_nothing(f, 7, SieveStreaming{0.2}) == "");
}

TEST_CASE("A stream goes on from what the objective holds") {
  Coverage f({0b0011, 0b1100, 0b11100});
  f.add(1);
  const auto s = maximize(f, Count{2}, SieveStreaming{});
  CHECK(s.indices == std::vector<Index>{0, 2});
  CHECK(s.value == 3.0);
}

TEST_CASE("What adds nothing, duplicates and losses are passed over") {
  Coverage f({0, 0b11, 0b11, 0, 0b100});
  const auto s = maximize(f, Count{4}, SieveStreaming{});
  CHECK(s.indices == std::vector<Index>{1, 4});
  CHECK(s.reason == StopReason::pool_exhausted);
  Modular<true> losses{{-1.0, -2.0, 0.0}};
  CHECK(maximize(losses, Count{2}, SieveStreaming{}).indices.empty());
  CHECK(maximize(losses, Count{2}, SieveStreaming{}).upper_bound == 0.0);
}

TEST_CASE("Small and empty ground sets and budgets of a stream") {
  Coverage none({}), one({0b11});
  CHECK(maximize(none, Count{0}, SieveStreaming{}).reason == StopReason::budget_reached);
  CHECK(maximize(none, Count{2}, SieveStreaming{}).reason == StopReason::pool_exhausted);
  CHECK(maximize(one, Count{0}, SieveStreaming{}).evaluations == 0);
  CHECK(maximize(one, Count{1}, SieveStreaming{}).indices == std::vector<Index>{0});
  one.reset();
  CHECK(maximize(one, Count{3}, SieveStreaming{}).reason == StopReason::pool_exhausted);
}

TEST_CASE("Gains of any size find their guesses") {
  for (double size : {1e-300, 1e300}) {
    Modular<true> f{std::vector<double>(20, size)};
    CHECK(maximize(f, Count{5}, SieveStreaming{}).indices.size() == 5);
  }
}

TEST_CASE("Without diminishing returns a stream has no certificate") {
  Modular<false> f{{1.0, 2.0}};
  CHECK(maximize(f, Count{1}, SieveStreaming{}).upper_bound == std::numeric_limits<double>::infinity());
}

TEST_CASE("What a sieve cannot work with is refused by name") {
  const Coverage f({1, 2});
  for (double epsilon : {0.0, 1.0, -0.5, 1e-16, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(thrown<ValueError>([&] { Sieve<Coverage>(f, 1, epsilon); }), ContainsSubstring("Sieve: epsilon is"));
  Modular<true> fine{{1.0, 2.0}};
  CHECK_THAT(thrown<ValueError>([&] { (void)maximize(fine, Count{1}, SieveStreaming{.epsilon = 1e-16}); }),
             ContainsSubstring("1 + epsilon above 1"));
  CHECK_THAT(thrown<ValueError>([&] { Sieve<Coverage>(f, -1, 0.1); }), ContainsSubstring("Sieve: k is -1"));
  Modular<true> bad{{1.0, std::numeric_limits<double>::quiet_NaN()}};
  CHECK_THAT(thrown<ValueError>([&] { (void)maximize(bad, Count{1}, SieveStreaming{}); }),
             ContainsSubstring("gain(1)"));
}

TEST_CASE("Observers are told when the stream has ended, may stop the steps, and may throw") {
  Modular<true> f{{1.0, 1.0, 1.0}};
  std::vector<Index> picked;
  const auto s = maximize(f, Count{3}, SieveStreaming{}, [&](const SelectionStep& step) {
    picked.push_back(step.picked);
    return step.picked == 2 ? Flow::stop : Flow::proceed;
  });
  CHECK(picked == std::vector<Index>{1, 2});
  CHECK(s.value == 2.0);
  CHECK(s.upper_bound >= 3.0);
  CHECK(s.reason == StopReason::stopped_by_observer);
  const auto fail = [](const SelectionStep&) { throw std::logic_error("enough"); };
  CHECK(thrown<std::logic_error>([&] { (void)maximize(f, Count{3}, SieveStreaming{}, fail); }) == "enough");
}

}
