#!/bin/sh
# SPDX-License-Identifier: MIT
# Trains the demo's small model on chosen subsets of a pool, and appends the seeds that are not there yet to a CSV:
#
#     benchmarks/subsets.sh RESULTS.csv DATA|generated POOL STEPS "SEED..."
#
# See delift/experiment.cpp. One seed at a time, about five minutes on real data with a pool of 500; a seed that is
# interrupted is begun anew; another number of STEPS needs another file. Expects the benchmarks in build/release/benchmarks
# (another folder: BENCH=DIR).
set -eu
results=$1 data=$2 pool=$3 steps=$4 seeds=$5
bench=${BENCH:-build/release/benchmarks}
name=real
[ "$data" != generated ] || name=generated
[ -f "$results" ] ||
  echo "stage,method,data,seed,pool,part,loss,worst_loss,select_seconds,train_seconds,loss_calls,kept,picks" > "$results"
for seed in $seeds; do
  if grep -q "^continual,[a-z_]*,$name,$seed,$pool," "$results"; then continue; fi
  "$bench/bench.delift.experiment" "$seed" "$data" "$pool" "$steps" > "$results.part"
  cat "$results.part" >> "$results"
  rm "$results.part"
done
