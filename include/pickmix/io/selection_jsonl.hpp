// SPDX-License-Identifier: MIT
// A selection as JSON Lines: one object for each pick.
#pragma once

#include <pickmix/core/error.hpp>
#include <pickmix/core/types.hpp>
#include <pickmix/submodular/selection.hpp>

#include <fmt/core.h>

#include <cmath>
#include <cstddef>
#include <ios>
#include <limits>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace pickmix::inline v0 {

/// What may be told about picks beside their gains. What is not given is not written.
struct SelectionDetails {
  std::optional<std::span<const Index>> dataset = {};  ///< for each item of the ground set, where it comes from
  std::optional<std::span<const Index>> nearest = {};  ///< for each pick, the earlier pick most similar to it: its item
  std::optional<std::span<const double>> similarity = {};  ///< for each pick, how similar that one is
  std::optional<std::span<const double>> cost = {};        ///< for each item of the ground set
};

namespace detail {

/// The shortest decimals that read back to the same double; with a point or an exponent, so that every reader takes
/// them for a double, and -0.0 keeps its sign.
inline std::string json_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// Checks `details` against `selection`, and that every number is one that JSON has.
inline void check_selection_details(const Selection& selection, const SelectionDetails& details) {
  const std::size_t picks = selection.indices.size();
  const auto each_pick = [picks](std::string_view name, std::size_t size) {
    if (size != picks) raise<ShapeError>("write_selection: {} has {} entries; the selection has {}", name, size, picks);
  };
  each_pick("gains", selection.gains.size());
  if (details.nearest) each_pick("nearest", details.nearest->size());
  if (details.similarity) each_pick("similarity", details.similarity->size());

  if (details.dataset && details.cost && details.dataset->size() != details.cost->size())
    raise<ShapeError>("write_selection: dataset has {} entries and cost has {}; each has one for each item",
                      details.dataset->size(), details.cost->size());
  const auto each_item = [&selection](std::string_view name, std::size_t size) {
    for (Index item : selection.indices)  // a negative one is a large one here
      if (static_cast<std::size_t>(item) >= size)
        raise<ShapeError>("write_selection: {} has {} entries, and item {} is selected", name, size, item);
  };
  if (details.dataset) each_item("dataset", details.dataset->size());
  if (details.cost) each_item("cost", details.cost->size());

  const auto number = [](std::string_view name, std::size_t pick, double value) {
    if (!(std::abs(value) <= std::numeric_limits<double>::max()))
      raise<ValueError>("write_selection: the {} of pick {} is {}; JSON has only finite numbers", name, pick + 1,
                        value);
  };
  double total = 0.0;
  for (std::size_t k = 0; k < picks; ++k) {
    number("gain", k, selection.gains[k]);
    number("value", k, total += selection.gains[k]);
    if (details.similarity && k > 0) number("similarity", k, (*details.similarity)[k]);
    if (details.cost) number("cost", k, (*details.cost)[static_cast<std::size_t>(selection.indices[k])]);
  }
}

}  // namespace detail

/// Writes one line for each pick, in order of selection:
///
///     {"rank":1,"row":17,"dataset":0,"gain":3.25,"value":3.25,"nearest":null,"similarity":null,"cost":120.0}
///     {"rank":2,"row":4,"dataset":1,"gain":1.5,"value":4.75,"nearest":17,"similarity":0.31,"cost":88.0}
///
/// `row` is the item, `value` the sum of the gains so far; `nearest` and `similarity` of the first pick, which has no
/// earlier one, are null. Every number reads back to the same double.
///
/// \shape      selection.gains, details.nearest, details.similarity: one entry for each pick;
///             details.dataset, details.cost: one for each item of the ground set
/// \complexity linear in the number of picks
/// \throws     ShapeError for a length that is none of these, ValueError for a number that is not finite (nothing is
///             written then), and FileError if the stream does not take all lines
inline void write_selection(std::ostream& out, const Selection& selection, const SelectionDetails& details = {}) {
  detail::check_selection_details(selection, details);
  try {
    double total = 0.0;
    for (std::size_t k = 0; k < selection.indices.size(); ++k) {
      const Index item = selection.indices[k];
      const auto at = static_cast<std::size_t>(item);
      std::string line = fmt::format("{{\"rank\":{},\"row\":{}", k + 1, item);
      const auto add = [&line](std::string_view key, std::string_view value) {
        line += fmt::format(",\"{}\":{}", key, value);
      };
      if (details.dataset) add("dataset", fmt::format("{}", (*details.dataset)[at]));
      add("gain", detail::json_number(selection.gains[k]));
      add("value", detail::json_number(total += selection.gains[k]));
      if (details.nearest) add("nearest", k == 0 ? "null" : fmt::format("{}", (*details.nearest)[k]));
      if (details.similarity) add("similarity", k == 0 ? "null" : detail::json_number((*details.similarity)[k]));
      if (details.cost) add("cost", detail::json_number((*details.cost)[at]));
      line += "}\n";
      out.write(line.data(), static_cast<std::streamsize>(line.size()));
    }
    if (out.flush()) return;
  } catch (const std::ios_base::failure&) {  // a stream told to throw says the same in its own way
  }
  raise<FileError>("write_selection: the stream did not take all {} lines", selection.indices.size());
}

}  // namespace pickmix::inline v0
