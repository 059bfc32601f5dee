#!/bin/sh
# SPDX-License-Identifier: MIT
# The tests of the instruction sets on processors that this machine does not have: `sh tests/emulated.sh`, some minutes on two
# cores. QEMU emulates two of ARM, without and with SDOT, and two of x86-64, without and with AVX2; it has no AVX-512.
# Cases are left out that take minutes when emulated, or ask the system, which knows this machine's processor only.
# What is missing on a fresh Debian 12 for x86-64 is installed first; Catch2 has to be of generation 2, which is headers only.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
cd "$(dirname "$0")/.."

sh cmake/install_packages.sh g++ cmake g++-aarch64-linux-gnu qemu-user libeigen3-dev libfmt-dev catch2

build=build/emulated
mkdir -p "$build/include"
for library in fmt catch2 eigen3; do   # without this machine's other headers, which are not for ARM
  ln -sfn "/usr/include/$library" "$build/include/$library"
done
printf '#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n' >"$build/main.cpp"
cat >"$build/largest.cpp" <<'END'
#include <pickmix/core/instruction_set.hpp>
#include <cstdio>
int main() { std::puts(pickmix::name_of(pickmix::largest_instruction_set())); }
END

# compiled <source> <program> [<object>...], for $architecture
compiled() {
  source=$1 program=$2
  shift 2
  "$architecture-linux-gnu-g++" -std=c++20 -O2 -D_GLIBCXX_ASSERTIONS -DFMT_HEADER_ONLY -Wall -Wextra -Wpedantic -Wconversion \
    -Wshadow -Werror -Iinclude -Itests -isystem "$build/include" -isystem "$build/include/eigen3" -pthread "$source" "$@" \
    -o "$program"
}

# every_test <architecture> <processor> <its largest instruction set> <processor> <its largest instruction set>:
# prints a line for each test and processor, and fails if one fails.
every_test() {
  architecture=$1
  shift
  emulated() { "qemu-$architecture" -L "/usr/$architecture-linux-gnu" -cpu "$@"; }
  failures=0
  cases='~"The instruction set is one that the system*" ~"The entries above the thresholds are found in every storage*"'
  cases="$cases ~\"every metric is computed alike at every thread count*\""
  # This machine's own run has these, and emulates AMX itself, which does not work within QEMU.
  [ "$architecture" = aarch64 ] || cases="$cases ~\"A screened pass finds*\" ~\"*emulated where the processor has none\""
  at=$build/$architecture
  mkdir -p "$at"

  compiled "$build/largest.cpp" "$at/largest"
  for processor in "$1 $2" "$3 $4"; do
    found=$(emulated "${processor% *}" "$at/largest" 2>/dev/null) || found='nothing that runs'
    [ "$found" = "${processor#* }" ] && continue
    echo "FAILED  $processor: its largest instruction set is said to be $found"
    failures=1
  done

  compiled "$build/main.cpp" "$at/main.o" -c
  for test in tests/backend/*.test.cpp tests/core/instruction_set.test.cpp tests/kernel/screened.test.cpp \
    tests/kernel/above.test.cpp tests/kernel/similarity.test.cpp tests/kernel/neighbors.test.cpp \
    tests/property/instruction_sets.test.cpp; do
    name=${test#tests/} name=${name%.test.cpp}
    [ "$name" = backend/byte_products_amx ] && continue
    program=$at/$(echo "$name" | tr / .)
    if ! compiled "$test" "$program" "$at/main.o"; then
      echo "FAILED  $architecture  $name does not compile"
      failures=1
      continue
    fi
    for processor in "$1" "$3"; do
      if emulated "$processor" "$program" "$cases" >"$program.$processor.txt" 2>&1; then
        echo "passed  $processor  $name"
      else
        echo "FAILED  $processor  $name: see $program.$processor.txt"
        failures=1
      fi
    done
  done
  return $failures
}

# A job in the background does not hear of Ctrl-C, nor does what it starts. Unquoted on purpose: a list of processes.
# shellcheck disable=SC2046,SC2317   # the trap below calls it
end_with_children() {
  set -- "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null)
  kill "$1" 2>/dev/null || true
  shift
  for process; do end_with_children "$process"; done
}
every_test aarch64 cortex-a53 neon max dotprod &
arm=$!
trap 'end_with_children "$arm"; exit 130' INT TERM HUP
failed=0
every_test x86_64 Nehalem portable Haswell avx2 || failed=1
wait "$arm" || failed=1
exit $failed
