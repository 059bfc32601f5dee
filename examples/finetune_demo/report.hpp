// SPDX-License-Identifier: MIT
// The report: one HTML page that needs nothing else, its charts as SVG files, and the numbers as CSV.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "chart.hpp"
#include "tables.hpp"

namespace finetune_demo {

namespace detail {

/// Sampling probability of each dataset over the steps of the first seed's MoS run.
inline std::string mixture_chart(const Story& story) {
  Panel panel{"MoS: sampling probability (first seed)", "training step", "probability", {}};
  const Run& run = story.results->runs[mos];
  for (std::size_t d = 0; d < story.corpus->datasets.size(); ++d) {
    Series series{story.corpus->datasets[d].name, colour(d), {}};
    for (const auto& [step, p] : run.shares) {
      if (!series.points.empty()) series.points.emplace_back(step, series.points.back().second);  // steps, not slopes
      series.points.emplace_back(step, p[d]);
    }
    panel.series.push_back(std::move(series));
  }
  return stacked_areas(std::move(panel));
}

/// Held-out loss of each dataset over tokens, a line for each mixture, mean over seeds.
inline std::string loss_charts(const Story& story) {
  static constexpr std::array<const char*, 4> colours{"#888888", "#e69f00", "#0072b2", "#d55e00"};
  const Results& results = *story.results;
  std::vector<Panel> panels;
  for (std::size_t d = 0; d < story.corpus->datasets.size(); ++d) {
    Panel panel{story.corpus->datasets[d].name, "tokens", "nats per token", {}};
    for (std::size_t m = proportional; m <= mos; ++m) {
      Series series{method_names[m], colours[m], {}, m == mos ? 2.2 : 1.4};
      std::size_t points = results.runs[m].curve.size();
      for (std::size_t at = m; at < results.runs.size(); at += methods)
        points = std::min(points, results.runs[at].curve.size());
      for (std::size_t i = 0; i < points; ++i) {
        std::vector<double> tokens, loss;
        for (std::size_t at = m; at < results.runs.size(); at += methods) {
          tokens.push_back(results.runs[at].curve[i].first);
          loss.push_back(results.runs[at].curve[i].second[d]);
        }
        series.points.emplace_back(mean(tokens), mean(loss));
      }
      panel.series.push_back(std::move(series));
    }
    panels.push_back(std::move(panel));
  }
  return line_charts(panels);
}

/// How the objective grows with the rows picked, as a share of what no selection of that size can exceed.
inline std::string gain_chart(const Story& story) {
  const pickmix::Selection& selection = story.results->pickings.front().selection;
  Series bound{"upper bound", "#888888", {{0, 1}, {std::log10(selection.gains.size()), 1}}};
  Series curve{"DELIFT's selection", "#0072b2", {}, 2.2};
  const double bound_value = std::max(selection.upper_bound, 1e-300);  // zero where all embeddings are equal
  double value = 0;
  for (std::size_t i = 0; i < selection.gains.size(); ++i) {
    value += selection.gains[i];
    const double x = std::log10(i + 1);
    if (i == 0 || x - curve.points.back().first > 0.005 || i + 1 == selection.gains.size())
      curve.points.emplace_back(x, value / bound_value);
  }
  const double share = selection.value / bound_value;
  Panel panel{fmt::format("Selection (first seed): {:.2f} % of the upper bound", 100 * share),
              "rows picked",
              "objective / upper bound",
              {std::move(bound), std::move(curve)}};
  panel.powers_of_ten = true;
  return line_charts({panel});
}

/// Share of each dataset among all rows and among the picked ones, mean over seeds.
inline std::string share_chart(const Story& story) {
  Series before{"all rows", "#888888", {}}, after{method_names[delift_rows], "#0072b2", {}};
  std::vector<std::string> names;
  for (std::size_t d = 0; d < story.corpus->datasets.size(); ++d) {
    double share = 0;
    for (const Picking& picking : story.results->pickings)
      share += 100 * picking.shares[d] / static_cast<double>(story.results->pickings.size());
    before.points.emplace_back(d, 100 * story.results->shares[d]);
    after.points.emplace_back(d, share);
    names.push_back(story.corpus->datasets[d].name);
  }
  return bars(
      {"Share of each dataset before and after selection", "", "% of rows", {std::move(before), std::move(after)}},
      names);
}

inline std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const auto at = line.find(": "); at != std::string::npos) return line.substr(at + 2);
  return "unknown";
}

inline std::string as_html(const Table& table) {
  std::string out = "<table>\n<tr>";
  for (const std::string& name : table.header) out += "<th>" + escape(name) + "</th>";
  for (const auto& row : table.rows) {
    out += "</tr>\n<tr>";
    for (const Cell& cell : row) out += (cell.best ? "<td class='best'>" : "<td>") + escape(cell.text) + "</td>";
  }
  out += "</tr>\n</table>\n<p class='note'>" + escape(table.note) + "</p>\n";
  if (!table.verdicts.empty()) out += "<ul>\n";
  for (const std::string& verdict : table.verdicts) out += "<li>" + escape(verdict) + "</li>\n";
  return out + (table.verdicts.empty() ? "" : "</ul>\n");
}

inline std::string facts(const Story& story) {
  std::string datasets;
  for (const Dataset& dataset : story.corpus->datasets)
    datasets += fmt::format("{}{} ({} rows, {} held out)", datasets.empty() ? "" : ", ", dataset.name,
                            dataset.train.size(), dataset.test.size());
  const Results& results = *story.results;
  std::string out = "<dl>";
  const auto fact = [&](const char* name, const std::string& value) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escape(value));
  };
  fact("Data", fmt::format("{}: {}", story.source, datasets));
  if (story.corpus->skipped_lines > 0) fact("Skipped", fmt::format("{} malformed lines", story.corpus->skipped_lines));
  fact("Budget", fmt::format("{} response tokens (bytes) a run, those of {} batches of {} rows", results.budget,
                             story.settings.steps, batch_size));
  fact("Repetitions", fmt::format("{} seeds; tables show mean ± standard deviation over them", story.settings.seeds));
  fact("Model",
       "byte-level neural n-gram model (Bengio et al. 2003), 16 bytes of context and the prompt's mean byte, "
       "128 hidden units, Adam, from scratch");
  fact("MoS",
       fmt::format("LearningTrajectory<Difficulty>, uniform start, an update every {} steps, learning rate 5e-4: "
                   "chosen once for all data, for about fifty updates a run. All mixtures start from a model "
                   "trained on the first {:.0f} % of the budget, drawn proportionally.",
                   results.update_interval, 100 * warm_up_share));
  fact("DELIFT",
       fmt::format("InstructionTuning, facility location, {:.0f} % of {} rows{}, on centred hidden states of "
                   "that model. Runs on picked rows start from scratch.",
                   100 * picked_share, results.pool,
                   results.pool < results.rows ? fmt::format(" (a random part of all {})", results.rows) : ""));
  fact("Processor", fmt::format("{}, {} runs side by side", processor(), story.settings.threads));
  return out + "</dl>\n";
}

inline constexpr const char* generated_skills =
    "<p>The five skills are generated, so the right behaviour is known. <b>greeting</b> is the largest and always has "
    "the same answer: more of it is wasted. <b>noise</b> is random letters: a perplexity of 20.2 is the best there is "
    "(26 letters, and an end that is certain), whatever is spent on it. <b>ordering</b> is learnable, and 60 % of its "
    "rows are exact copies. <b>sum</b> and <b>reversal</b> are learnable and small: they are what a good choice finds "
    "time for.</p>\n";

}  // namespace detail

/// The folder of a report. Made at once, so that a folder that cannot be written to is refused before the work.
class ReportFolder {
 public:
  /// \throws pickmix::ValueError if the folder cannot be made or written to
  explicit ReportFolder(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (error) pickmix::raise<pickmix::ValueError>("--out {}: {}", path_.string(), error.message());
    put("index.html.part", "");  // and not the report of before, which stays until there is another
    std::filesystem::remove(path_ / "index.html.part", error);
  }

  /// \return the page
  std::filesystem::path write(const Story& story) const {
    const std::string mixture = chart("mixture", detail::mixture_chart(story)),
                      loss = chart("loss", detail::loss_charts(story)), gain = chart("gain", detail::gain_chart(story)),
                      share = chart("share", detail::share_chart(story));
    const Table mix = mix_table(story), pick = pick_table(story), cost = cost_table(story);
    put("results.csv", csv(story));
    put("index.html",
        fmt::format(R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>pickmix: does choosing the data help?</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 920px; margin: 2.5em auto; padding: 0 1em; }}
h1 {{ font-size: 1.6em; margin-bottom: .2em; }} h2 {{ font-size: 1.2em; margin-top: 2.2em; }}
dl {{ display: grid; grid-template-columns: 7em 1fr; gap: .25em 1em; font-size: .93em; }}
dt {{ color: #666; }} dd {{ margin: 0; overflow-wrap: anywhere; }}
.wide {{ overflow-x: auto; }} table {{ border-collapse: collapse; font-size: .87em; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: right; padding: .3em .6em; white-space: nowrap; border-bottom: 1px solid #e4e4e4; }}
th {{ font-weight: 600; border-bottom: 1px solid #999; }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; }}
.best {{ font-weight: 700; }} ul {{ padding-left: 1.2em; font-size: .93em; }}
.note {{ font-size: .87em; color: #555; }} figure {{ margin: 1.4em 0; }}
svg {{ max-width: 100%; height: auto; }}
</style></head><body>
<h1>Does choosing the data help?</h1>
<p>A small language model is trained from scratch on {} for the same number of tokens each time. What differs is only what
it is trained on: how the datasets are mixed, or which rows are used.</p>
{}{}
<h2>{}</h2>
<div class="wide">{}</div>
<figure>{}</figure>
<p class="note">The reward of a dataset is its perplexity now over that at the start: near 1, and so largest, both for what
cannot be learnt and for what was learnt before the start.</p>
<figure>{}</figure>
<p class="note">Held-out loss on {} rows of each dataset while training, mean over seeds.</p>
<h2>{}</h2>
<div class="wide">{}</div>
<figure>{}</figure>
<figure>{}</figure>
<p class="note">Upper bound: no selection of as many rows has a larger value of the objective. Shares: mean over seeds.</p>
<h2>{}</h2>
<div class="wide">{}</div>
</body></html>
)",
                    story.corpus->datasets.size() == 1 ? "one dataset"
                                                       : fmt::format("{} datasets", story.corpus->datasets.size()),
                    detail::facts(story), story.generated ? detail::generated_skills : "", escape(mix.title),
                    detail::as_html(mix), mixture, loss, curve_rows, escape(pick.title), detail::as_html(pick), gain,
                    share, escape(cost.title), detail::as_html(cost)));
    return path_ / "index.html";
  }

 private:
  std::string chart(const char* name, std::string svg) const {
    put(std::string(name) + ".svg", svg);
    return svg;
  }

  /// One row per run and dataset.
  static std::string csv(const Story& story) {
    std::string out = "method,seed,dataset,tokens,steps,train_seconds,loss,perplexity\n";
    for (const Run& run : story.results->runs)
      for (std::size_t d = 0; d < run.loss.size(); ++d) {
        std::string name = story.corpus->datasets[d].name;  // quoted, quotes doubled
        for (auto at = name.find('"'); at != std::string::npos; at = name.find('"', at + 2)) name.insert(at, 1, '"');
        out += fmt::format("{},{},\"{}\",{},{},{:.3f},{:.6f},{:.6f}\n", method_names[run.method], run.seed + 1, name,
                           run.tokens, run.steps, run.train_seconds, run.loss[d], std::exp(run.loss[d]));
      }
    return out;
  }

  void put(const std::string& name, const std::string& text) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file << text << std::flush;
    if (!file) pickmix::raise<pickmix::ValueError>("--out {}: {} cannot be written", path_.string(), name);
  }

  std::filesystem::path path_;
};

}  // namespace finetune_demo
