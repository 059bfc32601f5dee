# SPDX-License-Identifier: MIT
"""What finetune wrote to a folder, and what each run of it is compared with."""
import collections
import csv
import pathlib
import statistics


class Recorded:
    """`runs`: experiment -> (method, part) -> seed -> row of runs.csv. A run is (experiment, method, part, seed)."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.runs = collections.defaultdict(dict)
        for row in _whole_lines(folder / "runs.csv"):
            self.runs[row["experiment"]].setdefault((row["method"], float(row["part"])), {})[row["seed"]] = row
        last = {}  # of points that were written twice
        for row in _whole_lines(folder / "points.csv"):
            last[tuple(row[name] for name in ("experiment", "method", "part", "seed", "rows", "step", "dataset"))] = row
        self._points = collections.defaultdict(lambda: collections.defaultdict(list))  # run -> rows -> points
        for row in last.values():
            run = row["experiment"], row["method"], float(row["part"]), row["seed"]
            self._points[run][row["rows"]].append(row)
        settings = (folder / "settings.txt").read_text().split()
        self.target = settings[settings.index("target") + 1]

    def row(self, run):
        experiment, method, part, seed = run
        return self.runs[experiment][method, part][seed]

    def datasets(self, experiment):
        return sorted({p["dataset"] for run, points in self._points.items() if run[0] == experiment
                       for p in points["all"] if p["loss"]})

    def measured(self, experiment):
        """The datasets whose mean loss is what a run is judged by."""
        return [self.target] if experiment == "task" else self.datasets(experiment)

    def ends(self, run, what="loss"):
        """Of each dataset, by name, after training."""
        return {p["dataset"]: float(p[what]) for p in self._points[run]["all"] if p[what]}

    def end(self, run):
        return statistics.mean(self.ends(run)[d] for d in self.measured(run[0]))

    def way(self, run):
        """Mean losses along the way, on a part of the held-out rows, by response tokens."""
        losses, datasets = collections.defaultdict(list), self.measured(run[0])
        for p in self._points[run]["some"]:
            if p["dataset"] in datasets:
                losses[int(p["tokens"])].append(float(p["loss"]))
        return {tokens: statistics.mean(losses[tokens]) for tokens in sorted(losses)}

    def lowest(self, run):
        return min(self.way(run).values())

    def line_to_meet(self, run):
        """The run of the same seed that a run is compared with: proportional shares; random rows, as many. None: there is none."""
        experiment, method, part, seed = run
        if mixes(experiment):
            other = experiment, "proportional", 1.0
        elif experiment == "both":
            other = experiment, f"{method} random", part
        else:
            other = "pick" if experiment == "task" else experiment, "random", part  # a target's pool is the same
        there = other != run[:3] and seed in self.runs.get(other[0], {}).get(other[1:], {})
        return (*other, seed) if there else None


def mixes(experiment):
    """Whether its methods are mixtures of all rows: the others pick."""
    return experiment in ("mix", "controls")


def name_of(method, part):
    return method if part == 1 else f"{method}, {100 * part:g} %"


def _whole_lines(path):
    """One that was being written when a run was killed has fewer columns."""
    with open(path) as file:
        return [row for row in csv.DictReader(file) if None not in row.values() and None not in row]
