// SPDX-License-Identifier: MIT
// Set cover: the weight of the concepts that the set has between its items.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// f(A) = Σ_u w_u · [some j∈A has concept u].
///
/// Monotone, with diminishing returns. Copies share the items' concepts and not the set. `SetCover` makes them.
///
/// \complexity  gain and add: one step for each concept of the item; memory: 8 bytes for each of them, and a concept
/// \determinism bits do not depend on threads; a computed gain never rises when items are added, to the last bit: terms
///              of its sum turn into zeros, and rounding is monotone
/// \cite iyer2021 (set cover and its information measures), kaushal2022
class SetCoverObjective {
 public:
  static constexpr bool diminishing_returns = true;
  static constexpr bool monotone = true;

  /// Takes over what is checked already.
  ///
  /// \shape concepts: a list for each item, without repetitions, of positions in `weights`
  SetCoverObjective(std::vector<std::vector<Index>> concepts, const std::vector<double>& weights)
      : data_(std::make_shared<const Data>(Data{std::move(concepts), weights})), uncovered_(weights) {}

  Index size() const { return static_cast<Index>(data_->concepts.size()); }

  double gain(Index j) const {
    double sum = 0.0;
    for (Index u : of(j)) sum += uncovered_[static_cast<std::size_t>(u)];
    return sum;
  }

  void add(Index j) {
    for (Index u : of(j)) uncovered_[static_cast<std::size_t>(u)] = 0.0;
  }

  void reset() { uncovered_ = data_->weights; }

 private:
  struct Data {
    std::vector<std::vector<Index>> concepts;
    std::vector<double> weights;
  };

  const std::vector<Index>& of(Index j) const { return data_->concepts[static_cast<std::size_t>(j)]; }

  std::shared_ptr<const Data> data_;
  std::vector<double> uncovered_;  // of each concept the weight, or 0 once it is covered
};

/// The family of set-cover objectives, over items whose concepts are numbered from 0: `weights[u]` is that of concept
/// u, and without weights every concept has 1. That an item names a concept twice changes nothing.
///
/// In all of them f(A) is the weight of what A covers; they differ in the concepts that count: the others weigh
/// nothing.
///
/// \throws ShapeError if there is no item; ValueError if a concept is negative or has no weight though there are
///         weights, or if a weight is negative or not finite (names it)
/// \complexity of making one: c·log c for c concepts of all items
/// \cite iyer2021 (set cover: mutual information, conditional gain, conditional mutual information)
struct SetCover {
  using Concepts = std::vector<Index>;

  std::vector<double> weights = {};

  SetCoverObjective plain(const std::vector<Concepts>& concepts) const {
    return make(concepts, [](Index) { return true; });
  }

  /// I(A; Q) = f(A) + f(Q) − f(A ∪ Q): only the query's concepts count.
  SetCoverObjective mutual_information(const std::vector<Concepts>& concepts, const Concepts& query) const {
    return make(concepts, [wanted = sorted("query", query)](Index u) { return contains(wanted, u); });
  }

  /// f(A | P) = f(A ∪ P) − f(P): the known concepts do not count.
  SetCoverObjective conditional_gain(const std::vector<Concepts>& concepts, const Concepts& known) const {
    return make(concepts, [old = sorted("known", known)](Index u) { return !contains(old, u); });
  }

  /// I(A; Q | P): the query's concepts count, the known ones among them do not.
  SetCoverObjective conditional_mutual_information(const std::vector<Concepts>& concepts, const Concepts& query,
                                                   const Concepts& known) const {
    return make(concepts, [wanted = sorted("query", query), old = sorted("known", known)](Index u) {
      return contains(wanted, u) && !contains(old, u);
    });
  }

 private:
  static bool contains(const Concepts& ordered, Index u) {
    return std::binary_search(ordered.begin(), ordered.end(), u);
  }

  static void sort_out(Concepts& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  /// The list in order, without repetitions. `name` is what a message calls it.
  Concepts sorted(const std::string& name, Concepts list) const {
    for (std::size_t k = 0; k < list.size(); ++k) {
      if (list[k] < 0) raise<ValueError>("SetCover: {}[{}] is {}; concepts are numbered from 0", name, k, list[k]);
      if (!weights.empty() && list[k] >= static_cast<Index>(weights.size()))
        raise<ValueError>("SetCover: {}[{}] is {}; there are weights for {} concepts, numbered from 0", name, k,
                          list[k], weights.size());
    }
    sort_out(list);
    return list;
  }

  template <class Counts>
  SetCoverObjective make(const std::vector<Concepts>& concepts, const Counts& counts) const {
    if (concepts.empty()) raise<ShapeError>("SetCover: concepts is empty; needs the concepts of at least one item");
    detail::check_weights("SetCover", weights);
    std::vector<Concepts> kept;
    Concepts used;  // those that occur, so that memory does not depend on how large a number is
    for (std::size_t j = 0; j < concepts.size(); ++j) {
      kept.push_back(sorted("concepts[" + std::to_string(j) + "]", concepts[j]));
      std::erase_if(kept.back(), [&](Index u) { return !counts(u); });
      used.insert(used.end(), kept.back().begin(), kept.back().end());
    }
    sort_out(used);
    for (Concepts& list : kept)
      for (Index& u : list) u = std::lower_bound(used.begin(), used.end(), u) - used.begin();
    std::vector<double> weight;
    for (Index u : used) weight.push_back(weights.empty() ? 1.0 : weights[static_cast<std::size_t>(u)]);
    return SetCoverObjective(std::move(kept), weight);
  }
};

}  // namespace pickmix::inline v0
