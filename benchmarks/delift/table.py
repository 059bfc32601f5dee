#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tables of docs/delift.md from the CSV of benchmarks/subsets.sh: table.py RESULTS.csv"""
import collections
import csv
import math
import statistics
import sys

rows = collections.defaultdict(dict)  # (data, stage) -> (method, part, seed) -> row
for row in csv.DictReader(open(sys.argv[1])):
    rows[row["data"], row["stage"]][row["method"], row["part"], row["seed"]] = row


def mean(values):
    return statistics.mean(values)


def spread(values):
    return f"{mean(values):.2f} ± {statistics.stdev(values) if len(values) > 1 else 0:.2f}"


def perplexity(row):
    return math.exp(float(row["loss"]))


def picks(row):
    return set(row["picks"].split(";"))


for (data, stage), runs in rows.items():
    methods = list(dict.fromkeys(method for method, _, _ in runs))
    seeds = sorted({seed for _, _, seed in runs})
    parts = sorted({part for method, part, _ in runs if method != "full"}, key=float)
    print(f"\n### {stage}, {data}: {len(seeds)} seeds, pool of {next(iter(runs.values()))['pool']}\n")
    full = [perplexity(runs["full", "1", s]) for s in seeds]
    print(f"All of the pool: {spread(full)}.\n")
    print("| method | " + " | ".join(f"{100 * float(p):.0f} %" for p in parts) + " | better than random | seconds |")
    print("|---|" + "---|" * (len(parts) + 2))
    lines = []
    for method in methods:
        if method == "full":
            continue
        cells, better, order = [], 0, 0.0
        for part in parts:
            values = [perplexity(runs[method, part, s]) for s in seeds]
            base = [perplexity(runs["random", part, s]) for s in seeds]
            better += sum(v < b for v, b in zip(values, base))
            order += mean([math.log(v / b) for v, b in zip(values, base)])
            cells.append(spread(values))
        seconds = max(float(r["select_seconds"]) for (m, _, _), r in runs.items() if m == method)
        lines.append((order, f"| {method} | " + " | ".join(cells) +
                      f" | {better} of {len(parts) * len(seeds)} | {seconds:.2f} |"))
    for _, line in sorted(lines):
        print(line)
    seconds = mean([float(r["train_seconds"]) for r in runs.values()])
    print(f"\nTraining took {seconds:.1f} s.")
    for method in methods:
        if method.endswith("_5"):
            common = [len(picks(runs[method, p, s]) & picks(runs[method[:-2], p, s])) /
                      len(picks(runs[method, p, s])) for p in parts for s in seeds]
            print(f"{method} and {method[:-2]} have {100 * mean(common):.0f} % of their picks in common.")
