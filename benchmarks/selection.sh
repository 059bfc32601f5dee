#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures selections by facility location, one process each, and appends what is not there yet to a CSV:
#
#     benchmarks/selection.sh RESULTS.csv EMBEDDINGS.npy|SHAPE:N "METHOD..." "SHARE..." "THREADS..."
#
# SHAPE: clustered, offset, decaying, none (seeded, see support/embeddings.hpp). METHOD: see submodular/facility_location.cpp.
# Expects the benchmarks in build/release/benchmarks (another folder: BENCH=DIR).
set -eu
results=$1 data=$2 methods=$3 shares=$4 threads=$5
bench=${BENCH:-build/release/benchmarks}
case $data in
  *:*) file=$bench/$(echo "$data" | tr ':' '-').npy
       [ -f "$file" ] || "$bench/bench.generate" "${data%%:*}" "${data##*:}" "$file" ;;
  *) file=$data ;;
esac
name=$(basename "$file" .npy)
[ -f "$results" ] || echo "method,data,n,d,share,threads,k,seconds_kernel,seconds_select,seconds_total,cpu_seconds,peak_mb,value,certificate,recall,gains_per_item,gflops_of_one_pass,gflops_peak" > "$results"
for method in $methods; do
  for share in $shares; do
    for t in $threads; do
      grep -q "^$method,$name,[0-9]*,[0-9]*,$share,$t," "$results" && continue
      "$bench/bench.submodular.facility_location" "$method" "$file" "$share" "$t" >> "$results"
    done
  done
done
