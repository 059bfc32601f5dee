// SPDX-License-Identifier: MIT
// What runs have shown, in a folder: runs.csv has a line a run, points.csv one for each dataset at each measurement.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// One run: what is trained on, and how it is chosen.
struct Job {
  std::string experiment, method;
  double part = 1.0;  ///< of the pool, where something is picked
  int seed = 0;

  std::string key() const { return fmt::format("{},{},{},{}", experiment, method, part, seed); }
  std::string name() const {
    return part < 1.0 ? fmt::format("{}, {} {:g} %, seed {}", experiment, method, 100 * part, seed)
                      : fmt::format("{}, {}, seed {}", experiment, method, seed);
  }
};

/// Held-out losses in nats a response token, the share of answers that are exactly right, and the mixture, at some step.
struct Point {
  long step = 0, tokens = 0;
  std::vector<double> losses, exact, shares;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Point, step, tokens, losses, exact, shares)

struct Outcome {
  std::vector<std::int64_t> picks = {};
  std::set<std::pair<std::int64_t, std::int64_t>> rows = {};  ///< trained on: dataset and row of each
  std::int64_t calls = 0, padded = 0;
  int choices = 0;  ///< how often rows were chosen anew
  double kept = 0.0, train_seconds = 0.0, reward_seconds = 0.0, scheduler_seconds = 0.0, select_seconds = 0.0;
  std::vector<Point> points = {};
  Point end = {};

  std::string text() const { return nlohmann::json(*this).dump(); }
  static Outcome parse(const std::string& text) { return nlohmann::json::parse(text).get<Outcome>(); }
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Outcome, picks, rows, calls, padded, choices, kept, train_seconds, reward_seconds,
                                 scheduler_seconds, select_seconds, points, end)
};

class ResultsFolder {
 public:
  /// \param machine  what computes; said in each line
  /// \throws std::runtime_error if it cannot be written to, or holds results of other settings or of another version
  ResultsFolder(std::filesystem::path folder, const std::string& settings, std::string machine)
      : folder_(std::move(folder)), machine_(std::move(machine)) {
    std::filesystem::create_directories(folder_);
    std::ifstream in(folder_ / "runs.csv");
    for (std::string line; std::getline(in, line) && !in.eof();) {  // a line without an end is torn
      if (done_.empty() && line != columns)
        throw std::runtime_error((folder_ / "runs.csv").string() +
                                 ": has other columns, of another version; choose another folder");
      if (std::ranges::count(line, ',') != std::ranges::count(columns, ',')) continue;
      std::size_t end = 0;
      for (int commas = 0; commas < 4; ++commas) end = line.find(',', end + 1);
      done_.insert(line.substr(0, end));
    }
    const auto same = folder_ / "settings.txt";
    std::ifstream before(same);
    const std::string found{std::istreambuf_iterator<char>(before), {}};
    if (found == settings) {
      if (!std::filesystem::exists(folder_ / "runs.csv")) std::filesystem::remove(folder_ / "points.csv");
      name_columns();  // of a table that was deleted, so that its runs are made again
      return;
    }
    if (std::any_of(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator(),
                    [this](const auto& entry) {
                      const std::filesystem::path kind = entry.path().extension();
                      return kind == ".checkpoint" || kind == ".reference" || kind == ".losses" ||
                             done_.size() > 1;  // more than the names of the columns
                    }))
      throw std::runtime_error(folder_.string() + ": holds results of other settings (" + same.string() +
                               "); choose another folder");
    if (done_.empty())
      for (const char* name : {"settings.txt", "points.csv"})
        if (std::filesystem::exists(folder_ / name))
          throw std::runtime_error((folder_ / name).string() + ": is not of this program; choose another folder");
    for (const char* name : {"points.csv", "settings.txt", "runs.csv"}) std::filesystem::remove(folder_ / name);
    name_columns();
    append("settings.txt", settings);
  }

  bool has(const Job& job) const { return done_.count(job.key()) > 0; }

  std::filesystem::path checkpoint(const Job& job) const { return file(job, ".checkpoint"); }

  /// Where the model is kept, trained, that DoReMi compares with.
  std::filesystem::path reference(const Job& job) const { return file(job, ".reference"); }

  /// Where the losses that utilities are made of are kept: those of a pool, whatever part of it is picked. These files are
  /// of one machine: what one has begun, another kind of arithmetic does not go on with.
  std::filesystem::path losses(const Job& job) const {
    return folder_ / file_name(fmt::format("{}-{}", job.experiment, job.seed), ".losses");
  }

  /// \param names  of the datasets that are measured; the mixture may have more
  void add(const Job& job, const std::vector<std::string>& names, const Outcome& o) {
    std::string lines;
    const auto tell = [&](const Point& point, const char* rows) {
      for (std::size_t d = 0; d < std::max(names.size(), point.shares.size()); ++d) {
        const bool named = d < names.size();
        lines += fmt::format("{},{},{},{},{},{},{},{}\n", job.key(), point.step, point.tokens,
                             named               ? names[d]
                             : d == names.size() ? "(noise)"
                                                 : "(repeated)",
                             point.shares.size() > 1 ? fmt::format("{:.4f}", point.shares[d]) : "",
                             named ? fmt::format("{:.5f}", point.losses[d]) : "",
                             named ? fmt::format("{:.4f}", point.exact[d]) : "", rows);
      }
    };
    for (const Point& point : o.points) tell(point, "some");
    tell(o.end, "all");
    append("points.csv", lines);
    const auto& losses = o.end.losses;
    append("runs.csv",
           fmt::format("{},{},{},{},{:.5f},{:.5f},{:.3f},{:.3f},{:.4f},{:.3f},{},{:.4f},{},{}\n", job.key(), o.end.step,
                       o.end.tokens, o.padded,
                       std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size()),
                       *std::max_element(losses.begin(), losses.end()), o.train_seconds, o.reward_seconds,
                       o.scheduler_seconds, o.select_seconds, o.calls, o.kept, machine_, o.rows.size()));
    done_.insert(job.key());
  }

 private:
  std::filesystem::path file(const Job& job, const char* kind) const { return folder_ / file_name(job.key(), kind); }
  std::string file_name(const std::string& of, const char* kind) const {
    std::string name = of + "-" + machine_ + kind;
    std::replace(name.begin(), name.end(), ',', '-');
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
  }

  /// Begins the tables that are not there.
  void name_columns() const {
    if (!std::filesystem::exists(folder_ / "runs.csv")) append("runs.csv", std::string(columns) + "\n");
    if (!std::filesystem::exists(folder_ / "points.csv"))
      append("points.csv", "experiment,method,part,seed,step,tokens,dataset,share,loss,exact,rows\n");
  }

  void append(const char* name, const std::string& text) const {
    if (std::ifstream before(folder_ / name, std::ios::binary); before) {
      const std::string found{std::istreambuf_iterator<char>(before), {}};
      const std::size_t whole = found.rfind('\n') + 1;  // what follows is torn: a run was killed while it wrote
      if (whole < found.size()) std::filesystem::resize_file(folder_ / name, whole);
    }
    std::ofstream out(folder_ / name, std::ios::app | std::ios::binary);
    out << text << std::flush;
    if (!out) throw std::runtime_error((folder_ / name).string() + ": cannot be written");
  }

  static constexpr std::string_view columns =
      "experiment,method,part,seed,steps,tokens,padded,mean_loss,worst_loss,train_s,reward_s,scheduler_s,select_s,"
      "calls,kept,machine,different_rows";

  std::filesystem::path folder_;
  std::string machine_;
  std::set<std::string> done_;
};
