#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tables of docs/mos.md from the CSV of benchmarks/mixtures.sh: table.py RESULTS.csv"""
import collections
import csv
import math
import statistics
import sys


def numbers(text):
    return [float(x) for x in text.split(";") if x]


def spread(values):
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values) if len(values) > 1 else 0:.3f}"


rows = collections.defaultdict(dict)  # (data, kind, steps) -> (method, seed) -> row
for row in csv.DictReader(open(sys.argv[1])):
    rows[row["data"], row["kind"], row["steps"]][row["method"], row["seed"]] = row

for (data, kind, steps), runs in rows.items():
    methods = list(dict.fromkeys(method for method, _ in runs))
    print(f"\n### {data}, {kind}, {steps} steps\n")
    print("| method | seeds | mean perplexity | against proportional | worst dataset | part of the budget to proportional's "
          "end | rewards / training time | last probabilities |")
    print("|---|---|---|---|---|---|---|---|")
    lines = []
    for method in methods:
        seeds = [s for m, s in runs if m == method and ("proportional", s) in runs]
        mine = [runs[method, s] for s in seeds]
        base = [runs["proportional", s] for s in seeds]
        perplexity = [math.exp(float(r["mean_loss"])) for r in mine]
        against = [p - math.exp(float(b["mean_loss"])) for p, b in zip(perplexity, base)]
        reached = []
        for r, b in zip(mine, base):
            end = numbers(b["curve"])[-1]
            curve = numbers(r["curve"])
            first = next((i for i, loss in enumerate(curve) if loss <= end), None)
            reached.append(None if first is None else first / (len(curve) - 1))
        never = sum(x is None for x in reached)
        arrival = "never" if never == len(reached) else f"{statistics.mean([x for x in reached if x is not None]):.2f}"
        if 0 < never < len(reached):
            arrival += f" ({never} of {len(reached)} never)"
        cost = sum(float(r["reward_seconds"]) for r in mine) / sum(float(r["train_seconds"]) for r in mine)
        p = [statistics.mean(x) for x in zip(*(numbers(r["probabilities"]) for r in mine))]
        lines.append((statistics.mean(perplexity), f"| {method} | {len(seeds)} | {spread(perplexity)} | "
                      f"{statistics.mean(against):+.3f}, better in {sum(a < 0 for a in against)} | "
                      f"{spread([math.exp(float(r['worst_loss'])) for r in mine])} | {arrival} | {cost:.2f} | "
                      f"{' '.join(f'{x:.2f}' for x in p)} |"))
    for _, line in sorted(lines):
        print(line)

print("\n### For one dataset: held-out perplexity of the second\n")
chosen = ["target_only", "targeted_diff", "targeted_cossim", "uniform", "proportional"]
print("| data | " + " | ".join(chosen) + " |\n|---|" + "---|" * len(chosen))
for (data, kind, steps), runs in rows.items():
    cells = []
    for method in chosen:
        values = [math.exp(numbers(r["losses"])[1]) for (m, _), r in runs.items() if m == method]
        cells.append(spread(values) if values else "")
    print(f"| {data}, {kind} | " + " | ".join(cells) + " |")
