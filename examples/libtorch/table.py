#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tables of docs/evidence.md from what finetune wrote: table.py FOLDER"""
import collections
import csv
import pathlib
import statistics
import sys

folder = pathlib.Path(sys.argv[1])


def rows_of(name):
    """Whole lines: one that was being written when a run was killed has fewer columns."""
    return [row for row in csv.DictReader(open(folder / name)) if None not in row.values() and None not in row]


runs = collections.defaultdict(dict)  # experiment -> (method, part) -> seed -> row
for row in rows_of("runs.csv"):
    runs[row["experiment"]].setdefault((row["method"], float(row["part"])), {})[row["seed"]] = row
last = {}  # of points that were written twice
for row in rows_of("points.csv"):
    last[tuple(row[name] for name in ("experiment", "method", "part", "seed", "rows", "step", "dataset"))] = row
points = collections.defaultdict(lambda: collections.defaultdict(list))  # run -> rows -> points
for row in last.values():
    points[row["experiment"], row["method"], float(row["part"]), row["seed"]][row["rows"]].append(row)


def spread(values, digits=3):
    values = list(values)
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


def ends(key, what):
    """Of each dataset, by name."""
    return {p["dataset"]: float(p[what]) for p in points[key]["all"] if p[what]}


def way(key, datasets):
    """Mean losses of datasets along the way, by response tokens."""
    losses = collections.defaultdict(list)
    for p in points[key]["some"]:
        if p["dataset"] in datasets:
            losses[int(p["tokens"])].append(float(p["loss"]))
    return {tokens: statistics.mean(losses[tokens]) for tokens in sorted(losses)}


def line_to_meet(experiment, method, part):
    """What a method is compared with, seed by seed: proportional shares; random rows, as many."""
    if experiment in ("mix", "controls"):
        return experiment, "proportional", 1.0
    if experiment == "both":
        return experiment, f"{method} random", part
    return "pick" if experiment == "task" else experiment, "random", part  # a target's pool is the same


def lower(values, others):
    return f"{sum(a < b for a, b in zip(values, others))} of {len(values)}" if values else ""


def percent(value):
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


settings = (folder / "settings.txt").read_text().split()
target = settings[settings.index("target") + 1]
usual = collections.Counter(row["machine"] for methods in runs.values() for seeds in methods.values()
                            for row in seeds.values()).most_common(1)[0][0]
for experiment, methods in runs.items():
    datasets = sorted({p["dataset"] for key, p in points.items() if key[0] == experiment for p in p["all"] if p["loss"]})
    measured = [target] if experiment == "task" else datasets
    mixing = experiment in ("mix", "controls")
    names = ["method", "seeds", "mean loss" if measured == datasets else f"loss on {target}",
             f"less than {'proportional' if mixing else 'random rows'}", *datasets, "exact, %", "lowest on the way",
             "less than random rows there", "tokens to proportional's loss", "rewards", "scheduler", "selection, s",
             "different rows"]
    lines = []
    loss = lambda key: statistics.mean(ends(key, "loss")[d] for d in measured)
    mean_loss = lambda m: statistics.mean(loss((experiment, *m, seed)) for seed in methods[m])
    for method, part in sorted(methods, key=mean_loss):
        seeds = methods[method, part]
        keys = {seed: (experiment, method, part, seed) for seed in seeds}
        number = lambda what: [float(row[what]) for row in seeds.values()]
        of, base, base_part = line_to_meet(experiment, method, part)
        others = runs.get(of, {}).get((base, base_part), {})
        common = [s for s in seeds if s in others and (base, base_part) != (method, part)]
        other = {s: (of, base, base_part, s) for s in common}
        lowest = {s: min(way(key, measured).values()) for s, key in keys.items()}
        exact = {d: statistics.mean(100 * ends(key, "exact")[d] for key in keys.values()) for d in datasets}
        reached = [next((t for t, l in way(keys[s], measured).items() if l <= list(way(other[s], measured).values())[-1]),
                        None) for s in common] if mixing else []
        share = lambda what: percent(100 * sum(number(what)) / sum(number("train_s"))) if sum(number(what)) else ""
        machines = collections.Counter(row["machine"] for row in seeds.values())
        rare = [f"{count} {machine}" for machine, count in machines.items() if machine != usual]
        lines.append([
            method if part == 1 else f"{method}, {100 * part:g} %",
            f"{len(seeds)} ({', '.join(rare)})" if rare else str(len(seeds)),
            spread(map(loss, keys.values())),
            lower([loss(keys[s]) for s in common], [loss(other[s]) for s in common]),
            *(spread([ends(key, "loss")[d] for key in keys.values()], 2) for d in datasets),
            ", ".join(f"{d} {exact[d]:.0f}" for d in datasets if exact[d] >= 0.5),
            "" if mixing else spread(lowest.values()),
            "" if mixing else lower([lowest[s] for s in common], [min(way(other[s], measured).values()) for s in common]),
            ", ".join("not" if t is None else f"{t / float(others[s]['tokens']):.0%}" for t, s in zip(reached, common)),
            share("reward_s"),
            share("scheduler_s"),
            spread(number("select_s"), 1) if sum(number("select_s")) else "",
            ", ".join(row["different_rows"] for row in seeds.values() if row["different_rows"]),
        ])
    told = [k for k, name in enumerate(names) if any(line[k] for line in lines)]  # columns that have anything in them
    print(f"\n### {experiment}\n")
    for line in [names, ["---"] * len(names), *lines]:
        print("| " + " | ".join(line[k] for k in told) + " |")
