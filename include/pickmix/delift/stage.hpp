// SPDX-License-Identifier: MIT
// The stages of fine-tuning: what a subset is selected for.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/matrix_view.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/delift/rows.hpp>
#include <pickmix/kernel/kernel.hpp>
#include <pickmix/kernel/reference.hpp>

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

namespace pickmix::inline v0::delift {

/// The target or the known data of a stage, given as the pool is: embeddings of the same model, similarities to the pool, or
/// rows that the callbacks know.
///
/// Embeddings are seen, not copied: they must live as long as the stage.
using ReferenceData = std::variant<MatrixView<const float>, Reference, Rows>;

/// What a stage's data are to it. A utility has a direction: candidates are to help a target, known data help the pool.
enum class Role { target, known };

/// Instruction tuning: a subset that represents the whole pool.
///
/// \cite agarwal2025delift (stage 1)
struct InstructionTuning {
  /// The objective of this stage in `family`: its plain form over the pool's kernel.
  template <class Family, class MakeReference>
  auto objective(const Family& family, const Kernel& kernel, const MakeReference&) const {
    return family.plain(kernel);
  }
  template <class Family>
  bool needs_pool(const Family&) const {
    return true;
  }
};

namespace detail {

/// \throws ValueError unless a stage's weight is at least 0 and finite as a float, which similarities are: before any
///         work, not after it
inline double checked_weight(const char* name, double weight) {
  if (!(weight >= 0.0 && weight <= static_cast<double>(std::numeric_limits<float>::max())))
    raise<ValueError>("{} is {}; needs to be finite and at least 0 as a float", name, weight);
  return weight;
}

inline ReferenceData reference_data(Reference reference) { return reference; }
inline ReferenceData reference_data(Rows rows) { return rows; }
inline ReferenceData reference_data(MatrixView<const float> rows) { return rows; }

/// What a stage can be told about another set of data: a Reference, Rows, or what converts to a view of embeddings.
template <class D>
concept AsReferenceData = std::same_as<std::remove_cvref_t<D>, Reference> ||
    std::same_as<std::remove_cvref_t<D>, Rows> || std::convertible_to<const D&, MatrixView<const float>>;

/// Whether a family's objective for a target looks at the pool's own similarities.
template <class Family>
bool target_needs_pool(const Family& family) {
  if constexpr (requires { family.target_needs_pool(); })
    return family.target_needs_pool();
  else
    return true;
}

}  // namespace detail

/// Task-specific fine-tuning: a subset that serves a target task, given by some examples of it.
///
/// The objective is the family's mutual information between the subset and the target; `eta` weighs the target's
/// relevance against its coverage (FLQMI, the default family's form).
///
/// \cite agarwal2025delift (stage 2), kothawade2022prism
struct TaskSpecific {
  ReferenceData target;
  double eta;

  template <detail::AsReferenceData D>
  explicit TaskSpecific(const D& target_data, double weight = 1.0)
      : target(detail::reference_data(target_data)), eta(detail::checked_weight("TaskSpecific: eta", weight)) {}

  template <class Family, class MakeReference>
  auto objective(const Family& family, const Kernel& kernel, const MakeReference& make) const {
    return family.mutual_information(kernel, make(Role::target, target), eta);
  }
  template <class Family>
  bool needs_pool(const Family& family) const {
    return detail::target_needs_pool(family);
  }
};

/// Continual fine-tuning: a subset that adds to what the model knows already.
///
/// The objective is the family's conditional gain given the known data; `nu` says how much of their similarity counts as
/// known.
///
/// \cite agarwal2025delift (stage 3), kothawade2022prism
struct Continual {
  ReferenceData known;
  double nu;

  template <detail::AsReferenceData D>
  explicit Continual(const D& known_data, double weight = 1.0)
      : known(detail::reference_data(known_data)), nu(detail::checked_weight("Continual: nu", weight)) {}

  template <class Family, class MakeReference>
  auto objective(const Family& family, const Kernel& kernel, const MakeReference& make) const {
    return family.conditional_gain(kernel, make(Role::known, known), nu);
  }
  template <class Family>
  bool needs_pool(const Family&) const {
    return true;
  }
};

/// A target and known data at once: a subset that serves the target with what the model does not know yet.
///
/// The objective is the family's conditional mutual information.
///
/// \cite kothawade2022prism
struct Composite {
  TaskSpecific target;
  Continual known;

  template <class Family, class MakeReference>
  auto objective(const Family& family, const Kernel& kernel, const MakeReference& make) const {
    return family.conditional_mutual_information(kernel, make(Role::target, target.target),
                                                 make(Role::known, known.known), target.eta, known.nu);
  }
  template <class Family>
  bool needs_pool(const Family&) const {
    return true;
  }
};

namespace detail {

/// Says what is wrong with a stage before any work: weights that were changed since, and what `check(role, data)` says of its
/// data. Stages of one's own are not looked into.
template <class Stage, class Check>
void check_stage(const Stage&, const Check&) {}
template <class Check>
void check_stage(const TaskSpecific& stage, const Check& check) {
  checked_weight("TaskSpecific: eta", stage.eta);
  check(Role::target, stage.target);
}
template <class Check>
void check_stage(const Continual& stage, const Check& check) {
  checked_weight("Continual: nu", stage.nu);
  check(Role::known, stage.known);
}
template <class Check>
void check_stage(const Composite& stage, const Check& check) {
  check_stage(stage.target, check);
  check_stage(stage.known, check);
}

}  // namespace detail

/// Says how to make a Reference of a stage's data, when a concept asks.
struct AnyReference {
  const Reference& operator()(Role role, const ReferenceData& data) const;
};

/// A stage makes an objective out of a family of objectives and the pool's kernel.
template <class S, class Family>
concept StageOf = requires(const S& stage, const Family& family, const Kernel& kernel, const AnyReference& make) {
  stage.objective(family, kernel, make);
  { stage.needs_pool(family) } -> std::same_as<bool>;
};

}  // namespace pickmix::inline v0::delift
