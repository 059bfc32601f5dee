#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the tests: `sh tests/run.sh [preset ...]`, the presets being those of CMakePresets.json; without one, dev.
# What is missing on a fresh Debian or Ubuntu is installed first.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- dev

packages='g++ cmake ninja-build libeigen3-dev libfmt-dev catch2 libxtensor-dev nlohmann-json3-dev'
for preset; do
  case $preset in
    clang) packages="$packages clang lld libbenchmark-dev" ;;
    asan | tsan) packages="$packages clang libclang-rt-dev lld libbenchmark-dev" ;;
    release) packages="$packages make libbenchmark-dev" ;;
  esac
done
# shellcheck disable=SC2086
sh cmake/install_packages.sh $packages

for preset; do
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel "$(getconf _NPROCESSORS_ONLN)"
  ctest --preset "$preset"
done
