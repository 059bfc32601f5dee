#!/bin/sh
# SPDX-License-Identifier: MIT
# What headers cost to compile: `sh benchmarks/compile_time.sh [COMPILER [FLAGS ...]]`, without arguments `g++ -O2`.
# Each is compiled alone, once for the file cache and three times for the figure, the least of which is printed.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- g++ -O2
echo "$* ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1))"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for header in pickmix.hpp mos/sampler.hpp mos/transferability.hpp delift/select.hpp delift/select_by_utility.hpp; do
  echo "#include <pickmix/$header>" >"$scratch/one.cpp"
  least=
  for run in 0 1 2 3; do
    begin=$(date +%s%N)
    "$@" -std=c++20 -Iinclude -I/usr/include/eigen3 -c "$scratch/one.cpp" -o "$scratch/one.o"
    took=$((($(date +%s%N) - begin) / 10000000))
    if [ "$run" != 0 ] && { [ -z "$least" ] || [ "$took" -lt "$least" ]; }; then least=$took; fi
  done
  printf '%-30s %d.%02d s\n' "$header" $((least / 100)) $((least % 100))
done
