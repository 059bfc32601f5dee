// SPDX-License-Identifier: MIT
// The results as tables: mean ± standard deviation over seeds, the best of each column marked.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "experiment.hpp"

namespace finetune_demo {

/// Everything there is to tell.
struct Story {
  std::string source;
  bool generated;
  const Corpus* corpus;
  Settings settings;
  const Results* results;
};

struct Cell {
  std::string text;
  bool best = false;
};

struct Table {
  std::string title, note;
  std::vector<std::string> header, verdicts;
  std::vector<std::vector<Cell>> rows;  // the first cell names the row
};

struct Statistic {
  double mean = 0, deviation = 0;
  std::size_t count = 0;

  explicit Statistic(const std::vector<double>& values) : mean(finetune_demo::mean(values)), count(values.size()) {
    for (double x : values) deviation += (x - mean) * (x - mean);
    deviation = count > 1 ? std::sqrt(deviation / static_cast<double>(count - 1)) : 0.0;
  }

  /// "3.14 ± 0.02", or the mean alone where there is one value; a dash where nothing was to be measured.
  std::string text(int digits, bool sign = false) const {
    if (!std::isfinite(mean)) return "–";
    const std::string value = sign ? fmt::format("{:+.{}f}", mean, digits) : fmt::format("{:.{}f}", mean, digits);
    return count > 1 ? fmt::format("{} ± {:.{}f}", value, deviation, digits) : value;
  }
};

namespace detail {

/// A number per seed, from one method's run and another's with the same seed.
inline std::vector<double> by_seed(const Results& results, Method method, Method other,
                                   const std::function<double(const Run&, const Run&)>& of) {
  std::vector<double> values;
  for (std::size_t at = 0; at < results.runs.size(); at += methods)
    values.push_back(
        of(results.runs[at + static_cast<std::size_t>(method)], results.runs[at + static_cast<std::size_t>(other)]));
  return values;
}

inline Statistic over_seeds(const Results& results, Method method, const std::function<double(const Run&)>& of) {
  return Statistic(by_seed(results, method, method, [&](const Run& run, const Run&) { return of(run); }));
}

/// How the mean loss differs, seed by seed: "MoS against uniform: +0.0232 ± 0.0075 nats a token, better in 0 of 3 seeds."
inline std::string verdict(const Results& results, Method method, Method other, const std::string& other_name) {
  const auto values =
      by_seed(results, method, other, [](const Run& a, const Run& b) { return mean(a.loss) - mean(b.loss); });
  const auto better = std::count_if(values.begin(), values.end(), [](double x) { return x < 0; });
  return fmt::format("{} against {}: {} nats a token, better in {} of {} seed{}.", method_names[method], other_name,
                     Statistic(values).text(4, true), better, values.size(), values.size() == 1 ? "" : "s");
}

/// Held-out perplexity per dataset and its geometric mean, and how the last of the methods does against the others.
inline Table perplexities(const Story& story, std::string title,
                          const std::vector<std::pair<Method, std::string>>& rows) {
  const std::size_t datasets = story.corpus->datasets.size();
  Table table{std::move(title), {}, {"held-out perplexity"}, {}, {}};
  for (const Dataset& dataset : story.corpus->datasets) table.header.push_back(dataset.name);
  table.header.push_back("mean");
  for (const auto& [method, name] : rows) {
    std::vector<Cell>& cells = table.rows.emplace_back();
    const auto cell = [&, method = method](const std::function<double(const Run&)>& loss) {
      const auto perplexity = [&](const Run& run) { return std::exp(loss(run)); };
      cells.push_back({over_seeds(*story.results, method, perplexity).text(3)});
    };
    cells.push_back({name});
    for (std::size_t d = 0; d < datasets; ++d) cell([d](const Run& run) { return run.loss[d]; });
    cell([](const Run& run) { return mean(run.loss); });
    if (method != rows.back().first) table.verdicts.push_back(verdict(*story.results, rows.back().first, method, name));
  }
  for (std::size_t column = 1; column <= datasets + 1; ++column) {
    const auto value = [&](const std::vector<Cell>& row) {  // as it is shown
      return row[column].text == "–" ? std::numeric_limits<double>::infinity() : std::stod(row[column].text);
    };
    double best = value(table.rows.front());
    for (const auto& row : table.rows) best = std::min(best, value(row));
    for (auto& row : table.rows) row[column].best = value(row) == best;
  }
  return table;
}

}  // namespace detail

inline Table mix_table(const Story& story) {
  Table table = detail::perplexities(story, "Mix: which dataset each batch comes from",
                                     {{proportional, method_names[proportional]},
                                      {temperature, method_names[temperature]},
                                      {uniform, method_names[uniform]},
                                      {mos, method_names[mos]}});
  table.note = "mean: geometric mean over datasets, exp of the mean loss. Every run: the same number of tokens.";
  return table;
}

inline Table pick_table(const Story& story) {
  Table table = detail::perplexities(
      story, "Pick: which rows are trained on",
      {{proportional, "all rows"}, {random_rows, method_names[random_rows]}, {delift_rows, method_names[delift_rows]}});
  table.note =
      "Every run: the same number of tokens, so the picked rows are seen more often. Drawn in proportion to size.";
  return table;
}

inline Table cost_table(const Story& story) {
  const Results& results = *story.results;
  const auto picking = [&](const std::function<double(const Picking&)>& of) {
    std::vector<double> values;
    for (const Picking& p : results.pickings) values.push_back(of(p));
    return Statistic(values);
  };
  const auto spent = [](const Picking& p) { return p.warm_up_seconds + p.embedding_seconds + p.selection_seconds; };
  const double per_token = detail::over_seeds(results, proportional, [&](const Run& run) {
                             return run.train_seconds / static_cast<double>(run.tokens - results.warm_up);
                           }).mean;
  const auto saved = [&](const Picking& p) { return p.left_out_tokens * per_token; };
  Table table{"What choosing costs",
              "Seconds of processor time, on one thread. Saved by the selection: one pass over the rows left out.",
              {"", "mean"},
              {},
              {}};
  const auto row = [&](std::string name, const std::string& value) {
    table.rows.push_back({{std::move(name)}, {value}});
  };
  row("DELIFT: warming up the model, s", picking([](const Picking& p) { return p.warm_up_seconds; }).text(2));
  row("DELIFT: embedding the rows, s", picking([](const Picking& p) { return p.embedding_seconds; }).text(2));
  row("DELIFT: selection, s", picking([](const Picking& p) { return p.selection_seconds; }).text(2));
  row("one training pass over the rows left out, s", picking(saved).text(2));
  row("DELIFT: time spent / time saved in one pass, %",
      picking([&](const Picking& p) { return 100 * spent(p) / saved(p); }).text(0));
  row("DELIFT: the same without the warm-up, %",
      picking([&](const Picking& p) { return 100 * (spent(p) - p.warm_up_seconds) / saved(p); }).text(0));
  row("DELIFT: value / upper bound of any selection as large, %",
      picking([](const Picking& p) { return 100 * p.selection.value / p.selection.upper_bound; }).text(2));
  row("MoS: time for rewards / time for training, %", detail::over_seeds(results, mos, [](const Run& run) {
                                                        return 100 * run.reward_seconds / run.train_seconds;
                                                      }).text(1));
  return table;
}

inline std::vector<Table> all_tables(const Story& story) {
  return {mix_table(story), pick_table(story), cost_table(story)};
}

namespace detail {

/// Columns a terminal needs for UTF-8 text without wide characters.
inline std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace detail

/// For a terminal; a star marks the best.
inline std::string as_text(const Table& table) {
  std::vector<std::vector<std::string>> lines{table.header};
  for (const auto& row : table.rows) {
    lines.emplace_back();
    for (const Cell& cell : row) lines.back().push_back(cell.text + (cell.best ? " *" : "  "));
  }
  for (std::size_t c = 1; c < lines.front().size(); ++c) lines.front()[c] += "  ";
  std::vector<std::size_t> widths(table.header.size(), 0);
  for (const auto& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], detail::columns(line[c]));
  std::string out = table.title + "\n";
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string gap(widths[c] - detail::columns(line[c]), ' ');
      text += c == 0 ? "  " + line[c] + gap : "  " + gap + line[c];
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  for (const std::string& verdict : table.verdicts) out += "  " + verdict + "\n";
  return out + "  " + table.note + "\n";
}

}  // namespace finetune_demo
