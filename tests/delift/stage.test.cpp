// SPDX-License-Identifier: MIT
// Stages make objectives out of a family and a kernel.
#include <pickmix/delift/stage.hpp>

#include <pickmix/submodular/facility_location.hpp>
#include <pickmix/submodular/objective.hpp>
#include <support/catch.hpp>
#include <support/instances.hpp>
#include <support/thrown.hpp>

#include <fmt/format.h>
#include <Eigen/Core>

#include <string>
#include <type_traits>
#include <variant>

namespace delift_stage_test {

using namespace pickmix;
using Catch::Matchers::ContainsSubstring;

namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr auto no_reference = [](delift::Role, const delift::ReferenceData&) -> Reference { throw 0; };

/// Says which of its forms was asked for, and with what.
struct Family {
  bool pool_needed = true;

  std::string plain(const Kernel& kernel) const { return fmt::format("plain of {} rows", kernel.rows()); }
  std::string mutual_information(const Kernel&, const Reference& target, double eta) const {
    return fmt::format("{} target rows, eta {}", target.to_pool.rows(), eta);
  }
  std::string conditional_gain(const Kernel&, const Reference& known, double nu) const {
    return fmt::format("{} known rows, nu {}", known.to_pool.rows(), nu);
  }
  std::string conditional_mutual_information(const Kernel&, const Reference& target, const Reference& known, double eta,
                                             double nu) const {
    return fmt::format("{} target rows and {} known, eta {}, nu {}", target.to_pool.rows(), known.to_pool.rows(), eta,
                       nu);
  }
  bool target_needs_pool() const { return pool_needed; }
};
struct PlainOnly {
  int plain(const Kernel& kernel) const { return static_cast<int>(kernel.rows()); }
};

const Reference three_rows{instances::real(2, 3, 5)};

}  // namespace

static_assert(delift::StageOf<delift::InstructionTuning, FacilityLocation>);
static_assert(delift::StageOf<delift::TaskSpecific, FacilityLocation>);
static_assert(delift::StageOf<delift::Continual, FacilityLocation>);
static_assert(delift::StageOf<delift::Composite, FacilityLocation>);
static_assert(delift::StageOf<delift::InstructionTuning, PlainOnly> && !delift::StageOf<int, FacilityLocation>);
static_assert(std::is_constructible_v<delift::TaskSpecific, Rows> && std::is_constructible_v<delift::Continual, Rows>);
static_assert(std::is_constructible_v<delift::TaskSpecific, MatrixView<float>, double>);
static_assert(!std::is_constructible_v<delift::TaskSpecific, int> &&
              !std::is_constructible_v<delift::Continual, Kernel>);
static_assert(!std::is_convertible_v<Reference, delift::TaskSpecific>);

TEST_CASE("Instruction tuning asks a family for its plain objective over the whole pool") {
  const auto kernel = instances::real(1, 5, 5);
  CHECK(delift::InstructionTuning{}.objective(Family{}, kernel, no_reference) == "plain of 5 rows");
  const auto f = delift::InstructionTuning{}.objective(FacilityLocation{}, kernel, no_reference);
  CHECK(f.gain(2) == FacilityLocationObjective(kernel).gain(2));
}

TEST_CASE("The other stages ask for their form, with their data and weight, which is 1 if nothing is said") {
  const auto kernel = instances::real(1, 5, 5);
  delift::Role asked{};
  const auto make = [&](delift::Role role, const delift::ReferenceData& data) {
    asked = role;
    return std::get<Reference>(data);
  };
  CHECK(delift::TaskSpecific{three_rows, 0.5}.objective(Family{}, kernel, make) == "3 target rows, eta 0.5");
  CHECK((asked == delift::Role::target));
  CHECK(delift::Continual{three_rows, 0.25}.objective(Family{}, kernel, make) == "3 known rows, nu 0.25");
  CHECK((asked == delift::Role::known));
  CHECK(delift::TaskSpecific{three_rows}.eta == 1.0);
  CHECK(delift::Continual{three_rows}.nu == 1.0);
}

TEST_CASE("A weight that a float cannot hold is refused by name") {
  CHECK_THAT(thrown<ValueError>([] {
               (void)delift::TaskSpecific{three_rows, 1e39};
             }),
             ContainsSubstring("TaskSpecific: eta is 1e+39; needs to be finite and at least 0 as a float"));
  CHECK_THAT(thrown<ValueError>([] {
               (void)delift::Continual{three_rows, 1e39};
             }),
             ContainsSubstring("Continual: nu is 1e+39"));
  CHECK(delift::TaskSpecific{three_rows, 1e38}.eta == 1e38);
}

TEST_CASE("A target and known data at once ask for the conditional mutual information") {
  const auto kernel = instances::real(1, 5, 5);
  const auto make = [](delift::Role, const delift::ReferenceData& data) { return std::get<Reference>(data); };
  const delift::Composite stage{delift::TaskSpecific{three_rows, 0.5}, delift::Continual{Reference{kernel}, 0.25}};
  CHECK(stage.objective(Family{}, kernel, make) == "3 target rows and 5 known, eta 0.5, nu 0.25");
  CHECK(stage.needs_pool(Family{.pool_needed = false}));
}

TEST_CASE("Rows that callbacks know are kept as they are") {
  CHECK(std::get<delift::Rows>(delift::Continual{delift::Rows{7, 3}}.known) == delift::Rows{7, 3});
}

TEST_CASE("Embeddings are seen, not copied") {
  const Rows rows = Rows::Ones(3, 2);
  const auto seen = std::get<MatrixView<const float>>(delift::TaskSpecific{rows}.target);
  CHECK(seen.data() == rows.data());
  CHECK(seen.rows() == 3);
  CHECK(std::get<MatrixView<const float>>(delift::Continual{rows}.known).columns() == 2);
}

TEST_CASE("Only a target may do without the pool's own similarities, if the family says so") {
  CHECK(delift::InstructionTuning{}.needs_pool(Family{false}));
  CHECK(delift::Continual{three_rows}.needs_pool(Family{false}));
  CHECK_FALSE(delift::TaskSpecific{three_rows}.needs_pool(Family{false}));
  CHECK(delift::TaskSpecific{three_rows}.needs_pool(Family{true}));
  CHECK(delift::TaskSpecific{three_rows}.needs_pool(PlainOnly{}));
}

}
