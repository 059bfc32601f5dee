// SPDX-License-Identifier: MIT
// A weighted sum of objectives over one ground set.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/parallel.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/maximize.hpp>
#include <pickmix/submodular/objective.hpp>
#include <pickmix/submodular/weights.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_k w_k · f_k(A), w_k ≥ 0.
///
/// It has diminishing returns if all of its parts promise them, and is monotone if they are. The parts are its own
/// copies; it starts from the sets they hold.
///
/// \complexity  gain and add: those of the parts
/// \determinism that of the parts: a computed gain does not rise by a bit if none of the parts' does
/// \cite lin2012shells (mixtures of submodular shells)
template <SubmodularObjective... F>
class MixtureObjective {
 public:
  static_assert(sizeof...(F) > 0, "a mixture needs at least one objective");
  static constexpr bool diminishing_returns = (has_diminishing_returns<F> && ...);

  /// \shape  weights: one a part, or none for 1 each
  /// \throws ShapeError if the parts differ in size or there are not as many weights as parts; ValueError if a weight
  ///         is negative or not finite
  MixtureObjective(const std::vector<double>& weights, F... parts)
      : weights_(detail::weights_or_ones("Mixture", weights, static_cast<Index>(sizeof...(F)), "objectives")),
        parts_(std::move(parts)...) {
    const auto sizes = std::apply(
        [](const F&... part) { return std::array<Index, sizeof...(F)>{static_cast<Index>(part.size())...}; }, parts_);
    for (std::size_t k = 1; k < sizes.size(); ++k)
      if (sizes[k] != sizes[0])
        raise<ShapeError>("Mixture: objective {} has {} items and objective 0 has {}; all must have the same", k,
                          sizes[k], sizes[0]);
  }

  Index size() const { return static_cast<Index>(std::get<0>(parts_).size()); }

  double gain(Index j) const {
    return std::apply(
        [&](const F&... part) {
          double sum = 0.0;
          const double* weight = weights_.data();
          ((sum += *weight++ * static_cast<double>(part.gain(j))), ...);
          return sum;
        },
        parts_);
  }

  /// out[k] = gain(items[k]), by the parts' own way of computing many.
  void gains(Cpu executor, std::span<const Index> items, std::span<double> out) const
      requires(BatchedObjective<F> || ...) {
    std::fill(out.begin(), out.end(), 0.0);
    std::vector<double> of_part(items.size());
    const double* weight = weights_.data();
    const auto add_part = [&](const auto& part) {
      detail::compute_gains(executor, part, items, of_part);
      for (std::size_t k = 0; k < out.size(); ++k) out[k] += *weight * of_part[k];
      ++weight;
    };
    std::apply([&](const F&... part) { (add_part(part), ...); }, parts_);
  }
  Index batch() const requires(BatchedObjective<F> || ...) {
    Index most = 1;
    const auto consider = [&](const auto& part) {
      if constexpr (BatchedObjective<std::remove_cvref_t<decltype(part)>>) most = std::max<Index>(most, part.batch());
    };
    std::apply([&](const F&... part) { (consider(part), ...); }, parts_);
    return most;
  }

  /// \throws what the parts throw. If one's `gain` throws, for what is wrong with the item, nothing has changed; if an `add`
  ///         does, for want of memory, only `reset` makes the mixture of use again
  void add(Index j) {
    (void)gain(j);
    std::apply([j](F&... part) { (part.add(j), ...); }, parts_);
  }

  void reset() {
    std::apply([](F&... part) { (part.reset(), ...); }, parts_);
  }

  /// Whether all parts keep their promise on their data.
  bool diminishing_returns_hold() const {
    return std::apply([](const F&... part) { return (pickmix::diminishing_returns_hold(part) && ...); }, parts_);
  }

  /// Whether no part is ever lowered.
  bool monotone_holds() const {
    return std::apply([](const F&... part) { return (pickmix::monotone_holds(part) && ...); }, parts_);
  }

  /// Of the parts that look at near rows only, the smallest share of what matters that one sees; nothing if none does.
  std::optional<double> recall() const {
    std::optional<double> least;
    const auto consider = [&](const auto& part) {
      if constexpr (requires {
                      { part.recall() } -> std::same_as<std::optional<double>>;
                    })
        if (const std::optional<double> share = part.recall()) least = std::min(*share, least.value_or(*share));
    };
    std::apply([&](const F&... part) { (consider(part), ...); }, parts_);
    return least;
  }

  /// Lets the parts that want to reorganise themselves after a pick do so.
  template <class OnProgress>
  bool settle(Cpu executor, const OnProgress& on_progress) {
    const auto settle_part = [&](auto& part) {
      if constexpr (requires { part.settle(executor, on_progress); })
        return bool{part.settle(executor, on_progress)};
      else
        return true;
    };
    return std::apply([&](F&... part) { return (settle_part(part) && ...); }, parts_);
  }

 private:
  std::vector<double> weights_;
  std::tuple<F...> parts_;
};

/// The family of mixtures: `Mixture{.weights = {1.0, 0.5}}.of(coverage, diversity)`. Without weights, all weigh 1.
struct Mixture {
  std::vector<double> weights = {};

  template <SubmodularObjective... F>
  MixtureObjective<F...> of(F... parts) const {
    return MixtureObjective<F...>(weights, std::move(parts)...);
  }
};

}  // namespace pickmix::inline v0
