// SPDX-License-Identifier: MIT
// Utilities of a selection: each measured once, whoever asks.
#include <pickmix/delift/utilities.hpp>

#include <support/callbacks.hpp>
#include <support/catch.hpp>
#include <support/thrown.hpp>

namespace delift_utilities_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;
using delift::ReferenceData;
using delift::Role;
using delift::Rows;

namespace {

double loss(const Example& e) {
  return 1.0 + static_cast<double>(e.row) + (e.context == no_context ? 0.0 : 0.5 * static_cast<double>(e.context));
}

}  // namespace

TEST_CASE("Parts of the pool come from what was measured, others are asked for") {
  const Callbacks callbacks = loss_callback(loss);
  const SelectionObservers nobody;
  delift::detail::Utilities utilities(cpu, {0, 5}, callbacks, {}, nobody);
  CHECK(utilities.pool()(2, 3) == -1.5f);
  CHECK(utilities.asked() == 30);
  CHECK(utilities.of_target({1, 2}).rows() == 2);
  CHECK(utilities.of_target({1, 2})(0, 4) == -2.0f);
  CHECK(utilities.of_known({3, 2}).columns() == 2);
  CHECK(utilities.of_known({3, 2})(0, 1) == -2.0f);
  CHECK(utilities.asked() == 30);
  CHECK(utilities.of_known({5, 3})(0, 2) == -3.5f);  // the pool's losses alone are known
  CHECK(utilities.asked() == 30 + 15);
  CHECK(utilities.of_target({5, 3})(2, 1) == -0.5f);
  CHECK(utilities.asked() == 30 + 15 + 3 + 15);
}

TEST_CASE("Of rows that are partly the pool's only the others are asked for, in every form") {
  for (const auto diagonal :
       {delift::UtilityDiagonal::keep, delift::UtilityDiagonal::zero, delift::UtilityDiagonal::largest_other}) {
    const delift::Options options{.form = {.diagonal = diagonal}};
    const Callbacks callbacks = loss_callback(loss);
    const SelectionObservers nobody;
    const Rows pool{0, 5}, rows{3, 4};
    delift::detail::Utilities apart(cpu, pool, callbacks, options, nobody);
    delift::detail::Utilities utilities(cpu, pool, callbacks, options, nobody);
    const Kernel target = apart.of_target(rows), behind = apart.of_known({5, 2});  // all measured: the pool is not
    const Kernel pool_utility = utilities.pool();
    CHECK(utilities.asked() == 30);
    const auto same = [](const Kernel& a, const Kernel& b) {
      CHECK((a.rows() == b.rows() && a.columns() == b.columns()));
      for (Index j = 0; j < a.columns(); ++j)
        for (Index i = 0; i < a.rows(); ++i) CHECK(a(i, j) == b(i, j));
    };
    same(utilities.of_target(rows), target);
    CHECK(utilities.asked() == 30 + 2 + 2 * 5);
    const Kernel known = utilities.of_known(rows);
    CHECK(utilities.asked() == 30 + 2 + 2 * 5 + 2 * 5);
    REQUIRE((known.rows() == 5 && known.columns() == 4));
    for (Index i = 0; i < 5; ++i)
      for (Index k = 0; k < 4; ++k) CHECK(known(i, k) == (k < 2 ? pool_utility(i, 3 + k) : behind(i, k - 2)));
  }
}

TEST_CASE("An observer that says stop ends it") {
  const Callbacks callbacks = loss_callback(loss);
  auto stop = [](const Progress&) { return Flow::stop; };
  const auto observers = SelectionObservers::of(stop);
  delift::detail::Utilities utilities(cpu, {0, 5}, callbacks, {}, observers);
  CHECK_THROWS_AS(utilities.pool(), delift::detail::Stopped);
}

TEST_CASE("Only rows are data that callbacks know") {
  CHECK(delift::detail::checked_rows(Role::target, Rows{4, 2}) == Rows{4, 2});
  CHECK_THAT(thrown<ValueError>([] { (void)delift::detail::checked_rows(Role::known, MatrixView<const float>{}); }),
             ContainsSubstring("known is given by embeddings and the pool by callbacks"));
  CHECK_THAT(thrown<ValueError>([] {
               (void)delift::detail::checked_rows(Role::known, Rows{4, 0});
             }),
             ContainsSubstring("known has 0 rows"));
}

}
