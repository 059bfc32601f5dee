#!/bin/sh
# SPDX-License-Identifier: MIT
# Trains the demo's small model with one mixture after the other, and appends what is not there yet to a CSV:
#
#     benchmarks/mixtures.sh RESULTS.csv DATA|generated STEPS "plain controls" "SEED..." "METHOD..."
#
# METHOD: see mos/experiment.cpp. Two runs at a time; a row takes one to some minutes. Expects the benchmarks in
# build/release/benchmarks (another folder: BENCH=DIR).
set -eu
results=$1 data=$2 steps=$3 kinds=$4 seeds=$5 methods=$6
bench=${BENCH:-build/release/benchmarks}
name=real
[ "$data" != generated ] || name=generated
[ -f "$results" ] || echo "method,data,kind,seed,steps,mean_loss,worst_loss,train_seconds,reward_seconds,reward_losses,losses,curve,probabilities" > "$results"
for seed in $seeds; do
  for kind in $kinds; do
    for method in $methods; do
      grep -q "^$method,$name,$kind,$seed,$steps," "$results" ||
        printf '%s\0' "$method" "$seed" "$data" "$steps" "$kind"
    done
  done
done | xargs -r -0 -P 2 -n 5 sh -c 'row=$("$0" "$@") && echo "$row"' "$bench/bench.mos.experiment" >> "$results"
