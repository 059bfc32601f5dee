// SPDX-License-Identifier: MIT
// A page of what the runs in a folder have shown: tables, and pictures of losses and mixtures.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../finetune_demo/chart.hpp"

namespace report {

using finetune_demo::escape;
using Row = std::map<std::string, std::string>;

inline std::vector<Row> read_csv(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path.string() + ": cannot be opened");
  const auto cells = [](const std::string& line) {
    std::vector<std::string> found{""};
    for (const char c : line)
      if (c == ',')
        found.emplace_back();
      else
        found.back() += c;
    return found;
  };
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> names = cells(line);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    const auto values = cells(line);
    if (values.size() != names.size()) continue;  // a run was killed while it was written
    Row& row = rows.emplace_back();
    for (std::size_t k = 0; k < names.size(); ++k) row[names[k]] = values[k];
  }
  return rows;
}

/// Of the points of finished runs the last of each: a run that was killed while it wrote its own has written them twice.
inline std::vector<Row> last_of(const std::vector<Row>& points, const std::vector<Row>& runs) {
  const auto key = [](const Row& row, std::initializer_list<const char*> names) {
    std::string text;
    for (const char* name : names) text += row.at(name) + ",";
    return text;
  };
  std::set<std::string> finished, seen;
  for (const Row& run : runs) finished.insert(key(run, {"experiment", "method", "part", "seed"}));
  std::vector<Row> last;
  for (auto point = points.rbegin(); point != points.rend(); ++point)
    if (finished.count(key(*point, {"experiment", "method", "part", "seed"})) > 0 &&
        seen.insert(key(*point, {"experiment", "method", "part", "seed", "rows", "step", "dataset"})).second)
      last.push_back(*point);
  std::reverse(last.begin(), last.end());
  return last;
}

inline double number(const Row& row, const char* name) {
  const std::string& text = row.at(name);
  return text.empty() ? std::nan("") : std::stod(text);
}

/// Mean and, from two on, standard deviation.
inline std::string statistic(const std::vector<double>& values, int digits = 3) {
  double mean = 0.0, squares = 0.0;
  for (const double x : values) mean += x / static_cast<double>(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  return values.size() < 2 ? fmt::format("{:.{}f}", mean, digits)
                           : fmt::format("{:.{}f} ± {:.{}f}", mean, digits,
                                         std::sqrt(squares / static_cast<double>(values.size() - 1)), digits);
}

inline std::string method_of(const Row& row) {
  const double part = number(row, "part");
  return part < 1.0 ? fmt::format("{}, {:g} %", row.at("method"), 100.0 * part) : row.at("method");
}

/// One experiment's runs, and what was measured at their ends, by method.
struct Group {
  std::vector<std::string> methods;  // in the order of the runs
  std::map<std::string, std::vector<Row>> runs;
  std::map<std::string, std::map<std::string, std::vector<double>>> losses, exact;  // by method and dataset
};

inline std::string table(const Group& group) {
  std::vector<std::string> datasets;
  for (const auto& [name, values] : group.losses.begin()->second) datasets.push_back(name);
  std::string out = "<div class='wide'><table>\n<tr><th>method<th>runs<th>mean loss<th>worst";
  for (const auto& name : datasets) out += "<th>" + escape(name);
  out += "<th>exact answers, %<th>training, s<th>rewards, s<th>scheduler, s<th>selection, s<th>different rows</tr>\n";
  for (const auto& method : group.methods) {
    const auto& runs = group.runs.at(method);
    const auto column = [&](const char* name) {
      std::vector<double> values;
      for (const Row& run : runs)
        if (!run.at(name).empty()) values.push_back(number(run, name));
      return values;
    };
    out += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}", escape(method), runs.size(), statistic(column("mean_loss")),
                       statistic(column("worst_loss")));
    std::string exact;
    for (const auto& name : datasets) {
      out += "<td>" + statistic(group.losses.at(method).at(name));
      double mean = 0.0;
      const auto& shares = group.exact.at(method).at(name);
      for (const double x : shares) mean += 100.0 * x / static_cast<double>(shares.size());
      if (mean >= 0.5) exact += fmt::format("{}{} {:.0f}", exact.empty() ? "" : ", ", escape(name), mean);
    }
    const auto rows = column("different_rows");  // which earlier versions did not count
    out += fmt::format("<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>\n", exact, statistic(column("train_s"), 1),
                       statistic(column("reward_s"), 1), statistic(column("scheduler_s")),
                       statistic(column("select_s"), 1), rows.empty() ? "" : statistic(rows, 0));
  }
  return out + "</table></div>\n";
}

inline void put(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  if (!out) throw std::runtime_error(path.string() + ": cannot be written");
}

/// A picture, which is a file of its own as well.
inline std::string figure(const std::filesystem::path& folder, std::string name, const std::string& svg) {
  std::replace(name.begin(), name.end(), ' ', '_');
  put(folder / (name + ".svg"), svg);
  return "<figure>" + svg + "</figure>\n";
}

/// Losses along the way, after the start, meaned over datasets and seeds, for each part of a pool in a chart of its own; and
/// the mixture of each method's first seed, where it changes.
inline std::string charts(const std::filesystem::path& folder, const std::vector<Row>& points,
                          const std::string& experiment) {
  using Curve = std::vector<std::pair<double, double>>;
  std::map<std::string, std::map<double, std::map<int, Curve>>> curves;  // by method, part and place
  std::map<std::string, std::map<std::string, Curve>> mixtures;          // by method with its part, and dataset
  std::map<std::string, std::string> first_seed;
  std::map<std::string, int> place;
  std::vector<std::string> methods, with_parts;
  std::set<double> parts;
  for (const Row& row : points) {
    if (row.at("experiment") != experiment || row.at("rows") != "some") continue;
    const std::string &method = row.at("method"), with_part = method_of(row), run = with_part + " " + row.at("seed");
    if (!curves.count(method)) methods.push_back(method);
    if (!first_seed.count(with_part)) with_parts.push_back(with_part);
    if (number(row, "part") < 1.0) parts.insert(number(row, "part"));
    Curve& here = curves[method][number(row, "part")][place[run + row.at("dataset")]++];
    if (!row.at("loss").empty() && number(row, "step") > 0)  // the start is the same for all, and far above
      here.emplace_back(number(row, "tokens"), number(row, "loss"));
    const std::string& first = first_seed.emplace(with_part, row.at("seed")).first->second;
    if (!row.at("share").empty() && row.at("seed") == first)
      mixtures[with_part][row.at("dataset")].emplace_back(number(row, "step"), number(row, "share"));
  }
  if (parts.empty()) parts.insert(1.0);
  std::vector<finetune_demo::Panel> losses;
  for (const double part : parts) {
    auto& panel = losses.emplace_back();
    panel.title = part < 1.0 ? fmt::format("Mean held-out loss, {:g} %", 100.0 * part) : "Mean held-out loss";
    panel.x_label = "response tokens", panel.y_label = "nats a token";
    for (const auto& method : methods) {
      finetune_demo::Series series{method, finetune_demo::colour(panel.series.size()), {}};
      const auto& of_method = curves.at(method);
      const auto found = of_method.count(part) > 0 ? of_method.find(part) : of_method.find(1.0);  // all of it, in each
      if (found != of_method.end())
        for (const auto& [here, seen] : found->second) {
          double x = 0.0, y = 0.0;
          for (const auto& [tokens, loss] : seen) x += tokens, y += loss;
          if (!seen.empty())
            series.points.emplace_back(x / static_cast<double>(seen.size()), y / static_cast<double>(seen.size()));
        }
      panel.series.push_back(std::move(series));
    }
  }
  std::string out = figure(folder, experiment + "-losses", finetune_demo::line_charts(losses));
  for (const auto& method : with_parts) {
    finetune_demo::Panel areas{.title = method, .x_label = "step", .y_label = "share of the examples", .series = {}};
    bool changes = false;
    for (const auto& [dataset, shares] : mixtures[method]) {
      areas.series.push_back({dataset, finetune_demo::colour(areas.series.size()), shares});
      changes = changes || shares.front().second != shares.back().second;
    }
    if (changes) out += figure(folder, experiment + "-" + method, finetune_demo::stacked_areas(areas));
  }
  return out;
}

/// Writes FOLDER/index.html from its CSV files; \return its path. \throws std::runtime_error if they cannot be read
inline std::filesystem::path write(const std::filesystem::path& folder) {
  const std::vector<Row> runs = read_csv(folder / "runs.csv"), points = last_of(read_csv(folder / "points.csv"), runs);
  std::map<std::string, Group> groups;
  for (const Row& run : runs) {
    Group& group = groups[run.at("experiment")];
    const std::string method = method_of(run);
    if (!group.runs.count(method)) group.methods.push_back(method);
    group.runs[method].push_back(run);
  }
  for (const Row& point : points)
    if (point.at("rows") == "all" && !point.at("loss").empty()) {
      Group& group = groups[point.at("experiment")];
      group.losses[method_of(point)][point.at("dataset")].push_back(number(point, "loss"));
      group.exact[method_of(point)][point.at("dataset")].push_back(number(point, "exact"));
    }
  static const std::map<std::string, std::string> titles{
      {"mix", "Mixing whole datasets"},     {"controls", "Mixing, with a dataset of noise and one of repeated rows"},
      {"pick", "Picking rows of a pool"},   {"task", "Picking for a target"},
      {"continual", "Picking what is new"}, {"both", "Picking and mixing"}};
  std::string settings;
  std::ifstream in(folder / "settings.txt");
  std::getline(in, settings);
  std::string page =
      "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>pickmix: fine-tuning</title>\n<style>"
      "body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1100px; "
      "margin: 2.5em auto; padding: 0 1em; } "
      "h2 { font-size: 1.2em; margin-top: 2.2em; } .wide { overflow-x: auto; } figure { margin: 1.4em 0; } "
      "table { border-collapse: collapse; font-size: .87em; font-variant-numeric: tabular-nums; } "
      "th, td { text-align: right; padding: .3em .6em; white-space: nowrap; border-bottom: 1px solid #e4e4e4; } "
      "th:first-child, td:first-child { text-align: left; } svg { max-width: 100%; height: auto; }"
      "</style></head><body>\n<h1>What the model is trained on</h1>\n<p>The same pretrained model, fine-tuned on the "
      "same number of response tokens each time. Losses are held out, in nats a response token; ± is the standard "
      "deviation over seeds.</p>\n<p>" +
      escape(settings) + "</p>\n";
  for (const auto& [experiment, group] : groups) {
    if (group.runs.empty() || group.losses.empty()) continue;
    page += "<h2>" + escape(titles.at(experiment)) + "</h2>\n" + table(group) + charts(folder, points, experiment);
  }
  put(folder / "index.html", page + "</body></html>\n");
  return folder / "index.html";
}

}  // namespace report
