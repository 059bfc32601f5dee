# SPDX-License-Identifier: MIT
# Times submodlib and apricot on one matrix of embeddings; each configuration runs in a process of its own.
import argparse
import csv
import importlib.metadata
import json
import pathlib
import resource
import subprocess
import sys
import time

PACKAGES = {"submodlib": "submodlib-py", "apricot": "apricot-select"}
FUNCTIONS = {
    "submodlib": ["FacilityLocation", "GraphCut", "LogDeterminant", "FLMI", "FLCG"],
    "apricot": ["FacilityLocation", "GraphCut"],
}
GUIDED = {"FLMI", "FLCG"}
LAMBDA_CUT = 0.4
LAMBDA_DET = 1.0

RESULT = ["library", "version", "function", "n", "k", "seconds_construct", "seconds_maximize", "peak_rss_kb", "value",
          "first_picks"]
DETAIL = ["library", "version", "function", "n", "k", "seconds_kernel", "seconds_jit", "cpu_seconds_maximize",
          "rss_before_kb", "status"]


def generate(path, n, d, seed):
    """Writes n clustered unit vectors to path and 50 query points of five of the clusters beside it."""
    import numpy as np

    random = np.random.default_rng(seed)

    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    clusters = 200
    centres = unit(random.standard_normal((clusters, d)))
    # The noise has this norm, so the cosine within a cluster is near 1 / (1 + spread^2): 0.8 to 0.41.
    spread = random.uniform(0.5, 1.2, clusters)
    share = np.arange(1, clusters + 1) ** -0.5

    def members(labels):
        noise = random.standard_normal((len(labels), d)) * (spread[labels] / np.sqrt(d))[:, None]
        return unit(centres[labels] + noise)

    rows = members(random.choice(clusters, n, p=share / share.sum()))
    tail = random.permutation(n)[: n // 10]
    rows[tail] = unit(random.standard_normal((len(tail), d)))
    queries = members(np.repeat([3, 10, 30, 60, 120], 10))
    np.save(queries_beside(path), queries.astype(np.float32))
    partial = path.with_suffix(".part.npy")
    np.save(partial, rows.astype(np.float32))
    partial.rename(path)


def queries_beside(path):
    return path.with_name(path.stem + ".queries.npy")


def cosine(a, b):
    """max(cos, 0) of all pairs of rows in float32, in the memory of the result alone."""
    import numpy as np

    kernel = a @ b.T
    return np.maximum(kernel, 0, out=kernel)


def unit_rows(path):
    import numpy as np

    rows = np.load(path).astype(np.float32, copy=False)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)
    return rows


def submodlib_function(name, kernel, guide):
    import submodlib.functions as functions

    n = len(kernel)
    if name == "FacilityLocation":
        return functions.FacilityLocationFunction(n=n, mode="dense", separate_rep=False, sijs=kernel)
    if name == "GraphCut":
        return functions.GraphCutFunction(n=n, mode="dense", lambdaVal=LAMBDA_CUT, separate_rep=False, ggsijs=kernel)
    if name == "LogDeterminant":
        return functions.LogDeterminantFunction(n=n, mode="dense", lambdaVal=LAMBDA_DET, sijs=kernel)
    if name == "FLMI":
        return functions.FacilityLocationMutualInformationFunction(
            n=n, num_queries=guide.shape[1], data_sijs=kernel, query_sijs=guide, magnificationEta=1)
    return functions.FacilityLocationConditionalGainFunction(
        n=n, num_privates=guide.shape[1], data_sijs=kernel, private_sijs=guide, privacyHardness=1)


def time_submodlib(name, k, kernel, guide):
    import submodlib  # noqa: F401 (its import is not part of the construction)

    start = time.perf_counter()
    function = submodlib_function(name, kernel, guide)
    made, cpu = time.perf_counter(), time.process_time()
    picks = function.maximize(budget=k, optimizer="LazyGreedy", stopIfZeroGain=False, stopIfNegativeGain=False,
                              verbose=False, show_progress=False)
    return [i for i, _ in picks], {
        "seconds_construct": made - start,
        "seconds_maximize": time.perf_counter() - made,
        "cpu_seconds_maximize": time.process_time() - cpu,
        "seconds_jit": 0.0,
    }


def time_apricot(name, k, kernel, _):
    import apricot

    base = {"FacilityLocation": apricot.FacilityLocationSelection, "GraphCut": apricot.GraphCutSelection}[name]

    class Timed(base):
        def _initialize(self, pairwise):
            self.initialize_began = time.perf_counter()
            super()._initialize(pairwise)
            self.initialized, self.cpu = time.perf_counter(), time.process_time()

    start = time.perf_counter()
    # apricot weighs the coverage where the others weigh the redundancy: the same picks, the value is scaled.
    weight = {"alpha": 1 / LAMBDA_CUT} if name == "GraphCut" else {}
    selector = Timed(k, metric="precomputed", optimizer="lazy", **weight).fit(kernel)
    end, cpu = time.perf_counter(), time.process_time()
    # Each fit compiles its gains anew, in _initialize, with explicit types; nothing is left to the first call.
    return [int(i) for i in selector.ranking], {
        "seconds_construct": selector.initialize_began - start,
        "seconds_maximize": end - selector.initialized,
        "cpu_seconds_maximize": cpu - selector.cpu,
        "seconds_jit": selector.initialized - selector.initialize_began,
    }


def evaluate(name, picks, kernel, guide):
    """The objective in double precision, the same code for all libraries."""
    import numpy as np

    columns = kernel[:, picks].astype(np.float64)
    block = columns[picks]
    if name == "GraphCut":
        return columns.sum() - LAMBDA_CUT * block.sum()
    if name == "LogDeterminant":
        return np.linalg.slogdet(block + LAMBDA_DET * np.eye(len(picks)))[1]
    nearest = columns.max(axis=1)
    if name == "FLMI":
        return np.minimum(nearest, guide.max(axis=1)).sum()
    if name == "FLCG":
        return np.maximum(nearest - guide.max(axis=1), 0).sum()
    return nearest.sum()


def peak_rss_kb():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def measure(library, name, k, embeddings, queries):
    """The worker: one configuration, its answer as one line of JSON."""
    rows = unit_rows(embeddings)
    start = time.perf_counter()
    kernel = cosine(rows, rows)
    seconds_kernel = time.perf_counter() - start
    guide = cosine(rows, unit_rows(queries)) if name in GUIDED else None
    __import__(library)
    before = peak_rss_kb()
    picks, measured = {"submodlib": time_submodlib, "apricot": time_apricot}[library](name, k, kernel, guide)
    measured |= {"peak_rss_kb": peak_rss_kb(), "rss_before_kb": before, "seconds_kernel": seconds_kernel}
    if len(set(picks)) != k or not 0 <= min(picks) <= max(picks) < len(rows):
        raise RuntimeError(f"{library} returned {len(set(picks))} distinct valid picks, {k} were asked for")
    measured["value"] = float(evaluate(name, picks, kernel, guide))
    print(json.dumps({"picks": picks, "measured": measured}))


def append(path, header, row):
    is_new = not path.exists() or path.stat().st_size == 0
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore", restval="", lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def is_done(path, row):
    key = RESULT[:5]
    with open(path, newline="") as file:
        return any(all(old[c] == str(row[c]) for c in key) for old in csv.DictReader(file))


def run_one(results, row, embeddings, queries, timeout):
    command = [sys.executable, __file__, "measure", row["library"], row["function"], str(row["k"]), embeddings, queries]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        row["status"] = "ok" if done.returncode == 0 else "failed"
    except subprocess.TimeoutExpired:
        row["status"] = "timeout"
    if row["status"] == "ok":
        answer = json.loads(done.stdout.splitlines()[-1])
        row |= {c: f"{x:.6f}" if c.startswith(("seconds", "cpu")) else x for c, x in answer["measured"].items()}
        row["first_picks"] = " ".join(map(str, answer["picks"][:10]))
        folder = results.with_suffix(".picks")
        folder.mkdir(exist_ok=True)
        name = f"{row['library']}-{row['function']}-n{row['n']}-k{row['k']}.txt"
        (folder / name).write_text("\n".join(map(str, answer["picks"])) + "\n")
    else:
        row["value"] = row["status"]
        if row["status"] == "failed":
            print(*done.stderr.splitlines()[-1:] or [f"peers: exit status {done.returncode}"], file=sys.stderr)
    append(results.with_suffix(".detail.csv"), DETAIL, row)
    append(results, RESULT, row)
    print(",".join(str(row.get(c, "")) for c in RESULT), flush=True)


def run(results, libraries, functions, ks, embeddings, queries, timeout):
    import numpy as np

    n = len(np.load(embeddings, mmap_mode="r"))
    for library in libraries:
        try:
            version = importlib.metadata.version(PACKAGES[library])
        except importlib.metadata.PackageNotFoundError:
            print(f"peers: {PACKAGES[library]} is not installed here, its runs are skipped", file=sys.stderr)
            continue
        for function in FUNCTIONS[library]:
            if functions and function not in functions:
                continue
            if function in GUIDED and not queries.exists():
                print(f"peers: {function} needs the query points of {queries}, it is skipped", file=sys.stderr)
                continue
            for k in ks:
                row = {"library": library, "version": version, "function": function, "n": n, "k": k}
                if not (results.exists() and is_done(results, row)):
                    run_one(results, row, embeddings, queries, timeout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("generate", help="write seeded clustered embeddings and queries as .npy")
    made.add_argument("path", type=pathlib.Path)
    made.add_argument("--n", type=int, required=True)
    made.add_argument("--d", type=int, default=384)
    made.add_argument("--seed", type=int, default=1)
    ran = commands.add_parser("run", help="append a row to a CSV for each configuration that it has none for")
    ran.add_argument("results", type=pathlib.Path)
    ran.add_argument("embeddings", type=pathlib.Path)
    ran.add_argument("--queries", type=pathlib.Path, help="FLMI's queries, FLCG's private points; X.queries.npy")
    ran.add_argument("--k", type=int, nargs="+", required=True)
    ran.add_argument("--libraries", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    ran.add_argument("--functions", nargs="+", choices=FUNCTIONS["submodlib"])
    ran.add_argument("--timeout", type=float, default=600, help="seconds for one configuration")
    one = commands.add_parser("measure", help="the worker of run")
    one.add_argument("library", choices=PACKAGES)
    one.add_argument("function", choices=FUNCTIONS["submodlib"])
    one.add_argument("k", type=int)
    one.add_argument("embeddings", type=pathlib.Path)
    one.add_argument("queries", type=pathlib.Path)
    a = parser.parse_args()
    if a.command == "generate":
        generate(a.path, a.n, a.d, a.seed)
    elif a.command == "measure":
        measure(a.library, a.function, a.k, a.embeddings, a.queries)
    else:
        queries = a.queries or queries_beside(a.embeddings)
        run(a.results, a.libraries, a.functions, a.k, a.embeddings, queries, a.timeout)


if __name__ == "__main__":
    main()
