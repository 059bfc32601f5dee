#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws how far each run is from the run of the same seed that it is compared with: pairs.py FOLDER OUT

FOLDER is what finetune wrote; OUT gets an EXPERIMENT-pairs.svg of each experiment that has such pairs.
"""
import math
import pathlib
import statistics
import sys
from xml.sax.saxutils import escape

from recorded import Recorded, mixes, name_of

recorded = Recorded(sys.argv[1])
names, gap, row, head = 170, 26, 20, 46  # pixels
better, worse = "#0072b2", "#d55e00"


class Panel:
    """One measure of all runs. Panels of one `scale` are drawn to the same one."""

    def __init__(self, title, width, measure, scale):
        self.title, self.width, self.measure, self.scale = title, width, measure, scale

    def far(self, pair):
        run, other = pair
        return self.measure(run) - self.measure(other)


def panels_of(experiment):
    if mixes(experiment):
        one = [Panel(d, 120, lambda run, d=d: recorded.ends(run)[d], "dataset") for d in recorded.datasets(experiment)]
        return [Panel("mean of the datasets", 260, recorded.end, "mean"), *one]
    what = recorded.target if experiment == "task" else "mean of the datasets"
    return [Panel(f"{what}, at the lowest point on the way", 380, recorded.lowest, "lowest"),
            Panel(f"{what}, at the end", 380, recorded.end, "end")]


def round_numbers(low, high, count):
    """Some that divide [low, high] into at most `count` parts."""
    least = (high - low) / count
    power = 10 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def signed(x):
    return f"{x:+.2g}".replace("-", "−") if abs(x) > 1e-9 else "0"


def picture(lines, panels, compared_with):
    """lines: name -> pairs of a run and the other."""
    width, bottom = names + sum(panel.width + gap for panel in panels), head + row * len(lines)
    out = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {bottom + 62}' width='{width}' "
           f"height='{bottom + 62}' font-family='system-ui, sans-serif' font-size='12' fill='#333'>",
           "<rect width='100%' height='100%' fill='#fff'/>"]

    def text(x, y, what, style=""):
        out.append(f"<text x='{x:.1f}' y='{y:.1f}' {style}>{escape(what)}</text>")

    for i, name in enumerate(lines):
        text(names - 14, head + row * (i + 0.5) + 4, name, "text-anchor='end'")
    left = names
    for panel in panels:
        far = [p.far(pair) for p in panels if p.scale == panel.scale for pairs in lines.values() for pair in pairs]
        low, high = min(*far, 0), max(*far, 0)
        margin = 0.06 * (high - low) or 1e-3
        at = lambda x: left + panel.width * (x - low + margin) / (high - low + 2 * margin)
        text(left, 20, panel.title, "font-weight='600'")
        for x in round_numbers(low - margin, high + margin, panel.width / 45):
            out.append(f"<line x1='{at(x):.1f}' y1='{head - 8}' x2='{at(x):.1f}' y2='{bottom}' "
                       f"stroke='{'#e4e4e4' if abs(x) > 1e-9 else '#666'}'/>")
            text(at(x), bottom + 16, signed(x), "text-anchor='middle' fill='#666'")
        for i, pairs in enumerate(lines.values()):
            for run, other in pairs:
                x = panel.far((run, other))
                colour = better if x < 0 else worse
                one_machine = recorded.row(run)["machine"] == recorded.row(other)["machine"]
                tip = f"seed {run[3]}: {panel.measure(run):.3f}, {compared_with} {panel.measure(other):.3f}"
                out.append(f"<circle cx='{at(x):.1f}' cy='{head + row * (i + 0.5):.1f}' r='4' stroke='{colour}' "
                           f"stroke-width='1.5' fill='{colour if one_machine else '#fff'}' fill-opacity='0.6'>"
                           f"<title>{escape(tip)}</title></circle>")
        left += panel.width + gap
    text(names, bottom + 38, f"Held-out loss, less that of {compared_with} with the same seed, in nats a response token: "
         "to the left of the line is better.", "fill='#666'")
    text(names, bottom + 54, "A dot is a seed; empty ones compare runs of two machines.", "fill='#666'")
    return "\n".join([*out, "</svg>", ""])


out = pathlib.Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
for experiment, methods in recorded.runs.items():
    lines = {}
    mean = lambda m: statistics.mean(recorded.end((experiment, *m, seed)) for seed in methods[m])
    for method, part in sorted(methods, key=lambda m: (-m[1], mean(m))):
        runs = [(experiment, method, part, seed) for seed in sorted(methods[method, part])]
        if pairs := [(run, other) for run in runs if (other := recorded.line_to_meet(run))]:
            lines[name_of(method, part)] = pairs
    if lines:
        compared_with = "proportional shares" if mixes(experiment) else "random rows"
        (out / f"{experiment}-pairs.svg").write_text(picture(lines, panels_of(experiment), compared_with))
