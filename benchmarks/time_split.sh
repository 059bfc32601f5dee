#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures where the time of selections goes, one process each, and appends what is not there yet to a CSV:
#
#     benchmarks/time_split.sh RESULTS.csv "EMBEDDINGS.npy|SHAPE:N..." "SHARE..." "THREADS..." "INSTRUCTIONS..." [everything|PICKS]
#
# A row is known by data, share, threads and instructions, not by [everything|PICKS]: one in two ways needs two files.
# See submodular/time_split.cpp. Expects the benchmarks in build/release/benchmarks (another folder: BENCH=DIR).
set -eu
results=$1 data=$2 shares=$3 threads=$4 sets=$5 how=${6:-}
bench=${BENCH:-build/release/benchmarks}
[ -f "$results" ] || echo "instructions,data,n,features,share,threads,seconds,lay_out,first_picks,pass,greedy,cpu_seconds,peak_mb,picked_first,objective,certificate" > "$results"
for source in $data; do
  name=$(basename "$source" .npy)
  for share in $shares; do
    for t in $threads; do
      for set in $sets; do
        grep -q "^$set,$name,[0-9]*,[0-9]*,$share,$t," "$results" && continue
        # shellcheck disable=SC2086
        "$bench/bench.submodular.time_split" "$source" "$share" "$t" "$set" $how >> "$results"
      done
    done
  done
done
