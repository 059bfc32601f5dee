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


def tokens_until(key, loss):
    """Response tokens after which the mean loss along the way is no more than this; none if it never is."""
    steps = collections.defaultdict(list)
    for p in points[key]["some"]:
        if p["loss"]:
            steps[int(p["tokens"])].append(float(p["loss"]))
    for tokens, losses in sorted(steps.items()):
        if statistics.mean(losses) <= loss:
            return tokens
    return None


def last_loss(key):
    tokens = max(int(p["tokens"]) for p in points[key]["some"])
    return statistics.mean(float(p["loss"]) for p in points[key]["some"] if p["loss"] and int(p["tokens"]) == tokens)


usual = collections.Counter(row["machine"] for methods in runs.values() for seeds in methods.values()
                            for row in seeds.values()).most_common(1)[0][0]
for experiment, methods in runs.items():
    base = methods.get(("proportional", 1.0)) or {}
    datasets = sorted({p["dataset"] for key, p in points.items() if key[0] == experiment for p in p["all"] if p["loss"]})
    print(f"\n### {experiment}\n")
    print("| method | seeds | mean loss | less than proportional | " + " | ".join(datasets) +
          " | exact, % | tokens to proportional's loss | rewards | scheduler | selection, s | different rows |")
    print("|---|---|---|---|" + "---|" * (len(datasets) + 6))
    order = sorted(methods, key=lambda m: statistics.mean(float(r["mean_loss"]) for r in methods[m].values()))
    for method, part in order:
        seeds = methods[method, part]
        keys = [(experiment, method, part, seed) for seed in seeds]
        number = lambda what: [float(row[what]) for row in seeds.values()]
        common = [s for s in seeds if s in base]
        lower = sum(float(seeds[s]["mean_loss"]) < float(base[s]["mean_loss"]) for s in common)
        of = [spread([ends(key, "loss")[d] for key in keys], 2) for d in datasets]
        exact = ", ".join(f"{d} {statistics.mean([100 * ends(key, 'exact')[d] for key in keys]):.0f}" for d in datasets
                          if statistics.mean([ends(key, "exact")[d] for key in keys]) >= 0.005)
        reached = [tokens_until((experiment, method, part, s), last_loss((experiment, "proportional", 1.0, s)))
                   for s in common]
        until = ", ".join("not" if t is None else f"{t / float(base[s]['tokens']):.0%}" for t, s in zip(reached, common))
        share = lambda what: f"{100 * sum(number(what)) / sum(number('train_s')):.2g} %"
        machines = collections.Counter(row["machine"] for row in seeds.values())
        rare = [f"{count} {machine}" for machine, count in machines.items() if machine != usual]
        counted = [int(row["different_rows"]) for row in seeds.values() if row["different_rows"]]
        name = method if part == 1 else f"{method}, {100 * part:g} %"
        print(f"| {name} | {len(seeds)}{' (' + ', '.join(rare) + ')' if rare else ''} | {spread(number('mean_loss'))} | "
              f"{f'{lower} of {len(common)}' if common and method != 'proportional' else ''} | " + " | ".join(of) +
              f" | {exact} | {until if method != 'proportional' else ''} | {share('reward_s')} | {share('scheduler_s')} | "
              f"{spread(number('select_s'), 1) if sum(number('select_s')) else ''} | "
              f"{', '.join(map(str, counted))} |")
