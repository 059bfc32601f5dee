#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tables of docs/evidence.md from what finetune wrote: table.py FOLDER"""
import collections
import statistics
import sys

from recorded import Recorded, mixes, name_of

recorded = Recorded(sys.argv[1])


def spread(values, digits=3):
    values = list(values)
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


def lower(pairs, what):
    return f"{sum(what(a) < what(b) for a, b in pairs)} of {len(pairs)}" if pairs else ""


def percent(value):
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


def tokens_to_meet(run, other):
    """Part of the other's tokens after which the loss was as low as its own at the end."""
    aim = list(recorded.way(other).values())[-1]
    reached = next((tokens for tokens, loss in recorded.way(run).items() if loss <= aim), None)
    return "not" if reached is None else f"{reached / float(recorded.row(other)['tokens']):.0%}"


usual = collections.Counter(row["machine"] for methods in recorded.runs.values() for seeds in methods.values()
                            for row in seeds.values()).most_common(1)[0][0]
for experiment, methods in recorded.runs.items():
    datasets, measured = recorded.datasets(experiment), recorded.measured(experiment)
    mixing = mixes(experiment)
    names = ["method", "seeds", "mean loss" if measured == datasets else f"loss on {recorded.target}",
             f"less than {'proportional' if mixing else 'random rows'}", *datasets, "exact, %", "lowest on the way",
             "less than random rows there", "tokens to proportional's loss", "rewards", "scheduler", "selection, s",
             "different rows"]
    runs_of = lambda m: [(experiment, *m, seed) for seed in methods[m]]
    lines = []
    for method, part in sorted(methods, key=lambda m: statistics.mean(map(recorded.end, runs_of(m)))):
        rows, runs = methods[method, part].values(), runs_of((method, part))
        number = lambda what: [float(row[what]) for row in rows]
        pairs = [(run, other) for run in runs if (other := recorded.line_to_meet(run))]
        exact = {d: statistics.mean(100 * recorded.ends(run, "exact")[d] for run in runs) for d in datasets}
        share = lambda what: percent(100 * sum(number(what)) / sum(number("train_s"))) if sum(number(what)) else ""
        machines = collections.Counter(row["machine"] for row in rows)
        rare = [f"{count} {machine}" for machine, count in machines.items() if machine != usual]
        lines.append([
            name_of(method, part),
            f"{len(runs)} ({', '.join(rare)})" if rare else str(len(runs)),
            spread(map(recorded.end, runs)),
            lower(pairs, recorded.end),
            *(spread([recorded.ends(run)[d] for run in runs], 2) for d in datasets),
            ", ".join(f"{d} {exact[d]:.0f}" for d in datasets if exact[d] >= 0.5),
            "" if mixing else spread(map(recorded.lowest, runs)),
            "" if mixing else lower(pairs, recorded.lowest),
            ", ".join(tokens_to_meet(*pair) for pair in pairs) if mixing else "",
            share("reward_s"),
            share("scheduler_s"),
            spread(number("select_s"), 1) if sum(number("select_s")) else "",
            ", ".join(row["different_rows"] for row in rows if row["different_rows"]),
        ])
    told = [k for k, name in enumerate(names) if any(line[k] for line in lines)]  # columns that have anything in them
    print(f"\n### {experiment}\n")
    for line in [names, ["---"] * len(names), *lines]:
        print("| " + " | ".join(line[k] for k in told) + " |")
