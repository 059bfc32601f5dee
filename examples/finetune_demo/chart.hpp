// SPDX-License-Identifier: MIT
// Charts as SVG text: lines, stacked areas, bars.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace finetune_demo {

inline std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 32 ? ' ' : c;  // XML allows no control characters
    }
  return out;
}

/// A colour for the i-th of several things; distinguishable with the common colour deficiencies (Okabe and Ito 2008).
inline std::string colour(std::size_t i) {
  static constexpr const char* palette[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9",
                                            "#d55e00", "#8c7a2e", "#222222", "#999999", "#7b3fa0"};
  return palette[i % std::size(palette)];
}

struct Series {
  std::string name, colour;
  std::vector<std::pair<double, double>> points;
  double width = 1.6;
};

/// One pair of axes with what is drawn in it.
struct Panel {
  std::string title, x_label, y_label;
  std::vector<Series> series;
  double y_from = std::numeric_limits<double>::quiet_NaN(), y_to = y_from;  // left out: what the data need
  bool powers_of_ten = false;  // the points' x are decimal logarithms; the axis shows what they are of
};

namespace detail {

inline std::string number(double x) {
  if (std::abs(x) >= 1e6) return fmt::format("{:.3g} M", x * 1e-6);
  if (std::abs(x) >= 1e4) return fmt::format("{:.3g} k", x * 1e-3);
  return fmt::format("{:.4g}", std::abs(x) < 1e-12 ? 0.0 : x);
}

/// Shortened to at most `width` characters, counted as code points.
inline std::string shorten(const std::string& text, std::size_t width) {
  std::size_t characters = 0, at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && characters++ == width) break;
  return at == text.size() ? text : text.substr(0, at) + "…";
}

/// Round numbers that divide [low, high] into about `count` parts.
inline std::vector<double> ticks(double low, double high, int count) {
  const double raw = (high - low) / count, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
  std::vector<double> at;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) at.push_back(i * step);
  return at;
}

/// An SVG image under construction; coordinates are pixels.
class Canvas {
 public:
  Canvas(double width, double height) : width_(width), height_(height) {}

  void text(double x, double y, std::string_view what, std::string_view style = {}) {
    body_ += fmt::format("<text x='{:.1f}' y='{:.1f}' {}>{}</text>\n", x, y, style, escape(what));
  }
  void line(double x1, double y1, double x2, double y2, std::string_view style) {
    body_ += fmt::format("<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' {}/>\n", x1, y1, x2, y2, style);
  }
  void box(double x, double y, double w, double h, std::string_view fill, std::string_view tip = {}) {
    body_ +=
        fmt::format("<rect x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' fill='{}'><title>{}</title></rect>\n",
                    x, y, std::max(w, 0.0), std::max(h, 0.0), fill, escape(tip));
  }
  void path(const std::vector<std::pair<double, double>>& points, std::string_view style) {
    std::string d;
    for (auto [x, y] : points) d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : "L", x, y);
    body_ += fmt::format("<path d='{}' {}/>\n", d, style);
  }

  /// Names beside coloured squares, from top to bottom.
  void legend(double x, double y, const std::vector<Series>& series) {
    for (const Series& s : series) {
      box(x, y - 9, 10, 10, s.colour, s.name);
      text(x + 16, y, shorten(s.name, 20));
      y += 18;
    }
  }

  std::string finish() const {
    return fmt::format(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0:.0f} {1:.0f}' width='{0:.0f}' height='{1:.0f}' "
        "font-family='system-ui, sans-serif' font-size='12' fill='#333'>\n<rect width='100%' height='100%' "
        "fill='#fff'/>\n{2}</svg>\n",
        width_, height_, body_);
  }

 private:
  double width_, height_;
  std::string body_;
};

/// The area inside a pair of axes.
struct Plot {
  double x, y, width, height;
  double x_from, x_to, y_from, y_to;

  double px(double value) const { return x + width * (value - x_from) / (x_to - x_from); }
  double py(double value) const { return y + height * (1 - (value - y_from) / (y_to - y_from)); }

  void frame(Canvas& canvas, const Panel& panel, bool x_ticks = true) const {
    canvas.text(x, y - 12, shorten(panel.title, static_cast<std::size_t>(width / 6.6)),
                "font-weight='600' font-size='13'");
    for (double t : ticks(y_from, y_to, std::max(2, static_cast<int>(height / 40)))) {
      canvas.line(x, py(t), x + width, py(t), "stroke='#e4e4e4'");
      canvas.text(x - 6, py(t) + 4, number(t), "text-anchor='end' fill='#666'");
    }
    canvas.line(x, y + height, x + width, y + height, "stroke='#999'");
    if (x_ticks)
      for (double t : ticks(x_from, x_to, std::max(2, static_cast<int>(width / 80)))) {
        if (panel.powers_of_ten && t != std::round(t)) continue;
        canvas.line(px(t), y + height, px(t), y + height + 4, "stroke='#999'");
        canvas.text(px(t), y + height + 17, number(panel.powers_of_ten ? std::pow(10.0, t) : t),
                    "text-anchor='middle' fill='#666'");
      }
    canvas.text(x + width / 2, y + height + 35, panel.x_label, "text-anchor='middle'");
    canvas.text(x - 50, y + height / 2, panel.y_label,
                fmt::format("text-anchor='middle' transform='rotate(-90 {:.1f} {:.1f})'", x - 50, y + height / 2));
  }

  std::vector<std::pair<double, double>> at(std::vector<std::pair<double, double>> points) const {
    for (auto& [px_, py_] : points) px_ = px(px_), py_ = py(py_);
    return points;
  }
};

/// A plot for the panel in the given rectangle, with axes that hold all of its points.
inline Plot fit(const Panel& panel, double x, double y, double width, double height) {
  Plot plot{x, y, width, height, 1e300, -1e300, 1e300, -1e300};
  for (const Series& s : panel.series)
    for (auto [px, py] : s.points) {
      plot.x_from = std::min(plot.x_from, px), plot.x_to = std::max(plot.x_to, px);
      plot.y_from = std::min(plot.y_from, py), plot.y_to = std::max(plot.y_to, py);
    }
  if (!(plot.x_to > plot.x_from)) plot.x_to = (plot.x_from = plot.x_from < 1e300 ? plot.x_from : 0) + 1;
  if (plot.y_from > plot.y_to) plot.y_from = plot.y_to = 0;
  const double margin = std::max(0.05 * (plot.y_to - plot.y_from), 1e-6 + 1e-3 * std::abs(plot.y_to));
  plot.y_from = std::isnan(panel.y_from) ? std::max(plot.y_from - margin, plot.y_from < 0 ? -1e300 : 0) : panel.y_from;
  plot.y_to = std::isnan(panel.y_to) ? plot.y_to + margin : panel.y_to;
  return plot;
}

}  // namespace detail

/// Line charts side by side, three in a row; they show the same series, so one legend serves all.
inline std::string line_charts(const std::vector<Panel>& panels) {
  const std::size_t columns = std::clamp<std::size_t>(panels.size(), 1, 3),
                    last_row = (panels.size() + columns - 1) / columns;
  const bool single = panels.size() == 1;
  const double width = single ? 520 : 180, height = single ? 240 : 150, step_x = width + 82, step_y = height + 86;
  const auto left = [&](std::size_t column) { return 64 + static_cast<double>(column) * step_x; };
  // The legend takes the place after the last chart.
  const std::size_t place = panels.size() % columns;
  const bool beside = place == 0;
  detail::Canvas canvas(left(columns) - 64 + (beside ? 160 : 0), static_cast<double>(last_row) * step_y);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const auto plot =
        detail::fit(panels[i], left(i % columns), 36 + static_cast<double>(i / columns) * step_y, width, height);
    plot.frame(canvas, panels[i]);
    for (const Series& s : panels[i].series)
      canvas.path(plot.at(s.points),
                  fmt::format("fill='none' stroke='{}' stroke-width='{}' stroke-linejoin='round'", s.colour, s.width));
  }
  if (!panels.empty())
    canvas.legend(beside ? left(columns) - 64 : left(place),
                  46 + (beside ? 0 : static_cast<double>(last_row - 1) * step_y), panels.front().series);
  return canvas.finish();
}

/// Shares that sum to one, stacked; all series have the same x.
inline std::string stacked_areas(Panel panel) {
  panel.y_from = 0, panel.y_to = 1;
  const auto plot = detail::fit(panel, 64, 36, 520, 240);
  detail::Canvas canvas(64 + 520 + 178, 326);
  plot.frame(canvas, panel);
  std::size_t places = panel.series.empty() ? 0 : panel.series.front().points.size();
  for (const Series& s : panel.series) places = std::min(places, s.points.size());
  std::vector<double> below(places, 0.0);
  for (const Series& s : panel.series) {
    std::vector<std::pair<double, double>> outline;
    for (std::size_t i = 0; i < below.size(); ++i) outline.emplace_back(s.points[i].first, below[i]);
    std::reverse(outline.begin(), outline.end());
    for (std::size_t i = 0; i < below.size(); ++i)
      outline.emplace_back(s.points[i].first, below[i] += s.points[i].second);
    canvas.path(plot.at(outline),
                fmt::format("fill='{}' fill-opacity='0.85' stroke='#fff' stroke-width='1'", s.colour));
  }
  std::reverse(panel.series.begin(), panel.series.end());  // the legend in the order of the areas, from the top
  canvas.legend(64 + 520 + 18, 46, panel.series);
  return canvas.finish();
}

/// Groups of bars: points (group, value), the groups numbered from 0 and named.
inline std::string bars(Panel panel, const std::vector<std::string>& groups) {
  panel.y_from = 0;
  auto plot = detail::fit(panel, 64, 36, 520, 240);
  detail::Canvas canvas(64 + 520 + 178, 326);
  plot.x_from = 0, plot.x_to = static_cast<double>(groups.size());
  plot.frame(canvas, panel, false);
  const double group_width = plot.width / plot.x_to;
  const double bar = 0.76 * group_width / static_cast<double>(std::max<std::size_t>(panel.series.size(), 1));
  for (std::size_t k = 0; k < panel.series.size(); ++k)
    for (auto [group, value] : panel.series[k].points)
      canvas.box(plot.px(group + 0.12) + static_cast<double>(k) * bar, plot.py(value), bar - 1,
                 plot.py(0) - plot.py(value), panel.series[k].colour,
                 fmt::format("{}: {:.3g}", panel.series[k].name, value));
  for (std::size_t g = 0; g < groups.size(); ++g)
    canvas.text(plot.px(static_cast<double>(g) + 0.5), plot.y + plot.height + 17,
                detail::shorten(groups[g], static_cast<std::size_t>(std::max(1.0, group_width / 7.5))),
                "text-anchor='middle'");
  canvas.legend(64 + 520 + 18, 46, panel.series);
  return canvas.finish();
}

}  // namespace finetune_demo
