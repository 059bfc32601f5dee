// SPDX-License-Identifier: MIT
// How much may be selected: a number of items, a share, a cost, so many of each group; and among which items.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace pickmix::inline v0 {

/// The most that a set within a budget can be worth if values add up, and the items that it takes for it.
struct LargestSum {
  double sum = 0.0;
  std::vector<Index> items;
};

/// What is left of a budget while items are picked. `Budget::open(n)` makes one.
///
/// `most()`: no set within the budget has more items. `affords(j)`: j can still be picked; once it cannot, it never can.
/// `price(j)`: what a pick of j uses up; greedy takes the largest gain per price. `spend(j)`: j is picked.
/// `largest(values)`: over all sets within the *whole* budget, spent or not, a bound on the sum of the positive values.
template <class L>
concept Ledger = std::copy_constructible<L> &&
    requires(L& ledger, const L& constant, Index j, std::span<const double> values) {
  { constant.most() } -> std::same_as<Index>;
  { constant.affords(j) } -> std::same_as<bool>;
  { constant.price(j) } -> std::same_as<double>;
  { constant.largest(values) } -> std::same_as<LargestSum>;
  ledger.spend(j);
};

/// A budget over a ground set of `n` items; `open` refuses one that makes no sense.
template <class B>
concept Budget = requires(const B& budget, Index n) {
  { budget.open(n) } -> Ledger;
};

namespace detail {

/// The `count` items of `items` with the largest positive values are added to `total`.
inline void add_largest(std::span<const double> values, std::vector<Index> items, Index count, LargestSum& total) {
  std::erase_if(items, [&](Index j) { return !(values[static_cast<std::size_t>(j)] > 0.0); });
  const auto above = [&](Index a, Index b) {
    const double x = values[static_cast<std::size_t>(a)], y = values[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  };
  if (count < static_cast<Index>(items.size())) {
    std::nth_element(items.begin(), items.begin() + count, items.end(), above);
    items.resize(static_cast<std::size_t>(count));
  }
  std::sort(items.begin(), items.end(), above);  // the order of the sum
  for (Index j : items) total.sum += values[static_cast<std::size_t>(j)];
  total.items.insert(total.items.end(), items.begin(), items.end());
}

inline std::vector<Index> all_items(Index n) {
  std::vector<Index> items(static_cast<std::size_t>(n));
  std::iota(items.begin(), items.end(), Index{0});
  return items;
}

}  // namespace detail

/// Counts down a number of items.
class CountLedger {
 public:
  explicit CountLedger(Index items) : items_(items), left_(items) {}

  Index most() const { return items_; }
  bool affords(Index) const { return left_ > 0; }
  double price(Index) const { return 1.0; }
  void spend(Index) { --left_; }
  LargestSum largest(std::span<const double> values) const {
    LargestSum total;
    detail::add_largest(values, detail::all_items(static_cast<Index>(values.size())), items_, total);
    return total;
  }

 private:
  Index items_, left_;
};

/// `items` items. More than there are means all of them; none is a valid wish.
struct Count {
  Index items;

  /// \throws ValueError if items < 0
  CountLedger open(Index) const {
    if (items < 0) raise<ValueError>("Count: items is {}; needs at least 0", items);
    return CountLedger(items);
  }
};

/// The share `of_pool` of all items, rounded down, at least one.
struct Fraction {
  double of_pool;

  /// \throws ValueError unless 0 < of_pool ≤ 1
  CountLedger open(Index n) const {
    if (!(of_pool > 0.0 && of_pool <= 1.0))
      raise<ValueError>("Fraction: of_pool is {}; needs to be in (0, 1]", of_pool);
    const double exact = of_pool * static_cast<double>(n);
    const auto whole = static_cast<Index>(std::floor(exact * (1.0 + 1e-12)));  // 0.29 · 100 is 29, not 28
    return CountLedger(std::clamp<Index>(whole, 1, std::max<Index>(n, 1)));
  }
};

/// Counts down a sum of costs.
class CostLedger {
 public:
  CostLedger(double total, std::span<const double> of) : total_(total), left_(total), of_(of.begin(), of.end()) {
    std::vector<double> cheapest(of_);
    std::sort(cheapest.begin(), cheapest.end());
    const bool whole =
        total_ <= 0x1p53 && std::all_of(of_.begin(), of_.end(), [](double c) { return c == std::floor(c); });
    double sum = 0.0;
    for (double cost : cheapest) {
      // Costs that are not whole are rounded, each by half an epsilon of the total at most, here and where spent.
      const double slack = whole ? 0.0 : static_cast<double>(most_ + 1) * std::numeric_limits<double>::epsilon();
      if ((sum += cost) > total_ * (1.0 + slack)) break;
      ++most_;
    }
  }

  Index most() const { return most_; }
  bool affords(Index j) const { return price(j) <= left_; }
  double price(Index j) const { return of_[static_cast<std::size_t>(j)]; }
  void spend(Index j) { left_ -= price(j); }

  /// The fractional knapsack: by value per cost, the last item in part.
  LargestSum largest(std::span<const double> values) const {
    std::vector<Index> items = detail::all_items(static_cast<Index>(values.size()));
    const auto value = [&](Index j) { return values[static_cast<std::size_t>(j)]; };
    std::erase_if(items, [&](Index j) { return !(value(j) > 0.0) || price(j) > total_; });
    std::sort(items.begin(), items.end(), [&](Index a, Index b) {
      const double x = value(a) / price(a), y = value(b) / price(b);
      return x != y ? x > y : a < b;
    });
    LargestSum total;
    double left = total_;
    for (Index j : items) {
      if (!(left > 0.0)) break;
      total.sum += value(j) * std::min(1.0, left / price(j));
      left -= price(j);
      total.items.push_back(j);
    }
    return total;
  }

 private:
  double total_, left_;
  std::vector<double> of_;
  Index most_ = 0;
};

/// Items whose costs add up to at most `total`; `of[j]` is the cost of item j: its tokens, say.
///
/// Greedy then takes the largest gain per cost, and the best single item if that alone is worth more.
/// \cite khuller1999, leskovec2007 (cost-effective lazy forward selection)
struct Cost {
  double total;
  std::span<const double> of;

  static constexpr double least = 1e-100, largest = 1e100;  ///< of a cost, so that gains per cost are doubles

  /// \throws ShapeError unless there is one cost for each item; ValueError if a cost is not in [least, largest] (names
  ///         it) or `total` is negative or not finite
  CostLedger open(Index n) const {
    if (static_cast<Index>(of.size()) != n)
      raise<ShapeError>("Cost: of has {} costs and there are {} items; needs one for each", of.size(), n);
    if (!(total >= 0.0) || !std::isfinite(total))
      raise<ValueError>("Cost: total is {}; needs to be finite and at least 0", total);
    for (std::size_t j = 0; j < of.size(); ++j)
      if (!(of[j] >= least && of[j] <= largest))
        raise<ValueError>("Cost: of[{}] is {}; costs must be in [{}, {}]", j, of[j], least, largest);
    return CostLedger(total, of);
  }
};

/// Counts down a number of items for each group.
class QuotaLedger {
 public:
  QuotaLedger(std::span<const Index> group, std::span<const Index> limit)
      : group_(group.begin(), group.end()), limit_(limit.begin(), limit.end()), left_(limit_) {
    std::vector<Index> members(limit_.size(), 0);
    for (Index g : group_) ++members[static_cast<std::size_t>(g)];
    for (std::size_t g = 0; g < limit_.size(); ++g) most_ += std::min(limit_[g], members[g]);
  }

  Index most() const { return most_; }
  bool affords(Index j) const { return left_[group_of(j)] > 0; }
  double price(Index) const { return 1.0; }
  void spend(Index j) { --left_[group_of(j)]; }
  LargestSum largest(std::span<const double> values) const {
    std::vector<std::vector<Index>> members(limit_.size());
    for (Index j = 0; j < static_cast<Index>(values.size()); ++j) members[group_of(j)].push_back(j);
    LargestSum total;
    for (std::size_t g = 0; g < members.size(); ++g)
      detail::add_largest(values, std::move(members[g]), limit_[g], total);
    return total;
  }

 private:
  std::size_t group_of(Index j) const { return static_cast<std::size_t>(group_[static_cast<std::size_t>(j)]); }

  std::vector<Index> group_, limit_, left_;
  Index most_ = 0;
};

/// At most `limit[g]` items of group g; `group[j]` is the group of item j: its dataset, its class.
///
/// The value of greedy is then at least half the optimum of a monotone submodular objective.
/// \cite fisher1978 (An analysis of approximations for maximizing submodular set functions II: a partition matroid)
struct Quotas {
  std::span<const Index> group;
  std::vector<Index> limit;

  /// \throws ShapeError unless there is one group for each item; ValueError if a group has no limit or a limit is
  ///         negative
  QuotaLedger open(Index n) const {
    if (static_cast<Index>(group.size()) != n)
      raise<ShapeError>("Quotas: group has {} entries and there are {} items; needs one for each", group.size(), n);
    const auto groups = static_cast<Index>(limit.size());
    for (std::size_t j = 0; j < group.size(); ++j)
      if (group[j] < 0 || group[j] >= groups)
        raise<ValueError>("Quotas: group[{}] is {}; there are {} limits, so it needs to be in [0, {})", j, group[j],
                          groups, groups);
    for (std::size_t g = 0; g < limit.size(); ++g)
      if (limit[g] < 0) raise<ValueError>("Quotas: limit[{}] is {}; needs at least 0", g, limit[g]);
    return QuotaLedger(group, limit);
  }
};

/// Another ledger, for some of the items only.
template <Ledger L>
class AmongLedger {
 public:
  AmongLedger(L ledger, std::vector<bool> candidate)
      : ledger_(std::move(ledger)),
        candidate_(std::move(candidate)),
        candidates_(static_cast<Index>(std::count(candidate_.begin(), candidate_.end(), true))) {}

  Index most() const { return std::min(ledger_.most(), candidates_); }
  bool affords(Index j) const { return candidate_[static_cast<std::size_t>(j)] && ledger_.affords(j); }
  double price(Index j) const { return ledger_.price(j); }
  void spend(Index j) { ledger_.spend(j); }
  LargestSum largest(std::span<const double> values) const {
    std::vector<double> allowed(values.begin(), values.end());
    for (std::size_t j = 0; j < allowed.size(); ++j)
      if (!candidate_[j]) allowed[j] = 0.0;
    return ledger_.largest(allowed);
  }

 private:
  L ledger_;
  std::vector<bool> candidate_;
  Index candidates_;
};

/// `budget`, spent on `candidates` only: a mask on the ground set.
template <Budget B>
struct Among {
  B budget;
  std::span<const Index> candidates;

  /// \throws ValueError if a candidate is not in the ground set; what `budget` throws
  auto open(Index n) const {
    std::vector<bool> candidate(static_cast<std::size_t>(n), false);
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      if (candidates[k] < 0 || candidates[k] >= n)
        raise<ValueError>("Among: candidates[{}] is {}; needs to be in [0, {})", k, candidates[k], n);
      candidate[static_cast<std::size_t>(candidates[k])] = true;
    }
    return AmongLedger(budget.open(n), std::move(candidate));
  }
};
template <Budget B>
Among(B, std::span<const Index>) -> Among<B>;

}  // namespace pickmix::inline v0
