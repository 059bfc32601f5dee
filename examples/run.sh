#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the demonstration at full speed and runs it: `sh examples/run.sh [arguments of finetune_demo]`.
# What is missing on a fresh Debian or Ubuntu is installed first. Paths among the arguments are taken from where it is called.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
root=$(cd "$(dirname "$0")/.." && pwd)

sh "$root/cmake/install_packages.sh" g++ cmake make libeigen3-dev libfmt-dev nlohmann-json3-dev
(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target finetune_demo --parallel "$(getconf _NPROCESSORS_ONLN)"
)
exec "$root/build/release/examples/finetune_demo" "$@"
