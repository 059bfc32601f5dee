#!/bin/sh
# SPDX-License-Identifier: MIT
# Sees to it that the Debian or Ubuntu packages named on the command line are there: installs those that are missing, or
# says which they are and stops. On other systems only the tools are looked for; CMake names the libraries that it misses.
set -eu

compiler=${CXX:-c++}   # perhaps of several words: ccache g++

# at_least <name> <version found> <version needed>: compares major and minor.
at_least() {
  awk -v found="$2" -v needed="$3" 'BEGIN {
    split(found, f, "."); split(needed, n, ".")
    exit !(f[1] + 0 > n[1] + 0 || (f[1] + 0 == n[1] + 0 && f[2] + 0 >= n[2] + 0)) }' && return
  echo "$1 is of version $2; pickmix needs $3 or newer." >&2
  exit 1
}

new_enough_cmake() { at_least cmake "$(cmake --version | sed -n 's/^cmake version //p')" 3.25; }

new_enough_compiler() {
  # Unquoted on purpose: a list of words.
  # shellcheck disable=SC2086
  case $($compiler --version) in
    *clang*) at_least "$compiler" "$($compiler -dumpversion)" 14 ;;
    *) at_least "$compiler" "$($compiler -dumpversion)" 12 ;;
  esac
}

missing=
for package; do
  case $package in
    g++) program=${compiler%% *} ;;
    cmake | make | clang) program=$package ;;
    ninja-build) program=ninja ;;
    *) program= ;;
  esac
  if [ -n "$program" ] && command -v "$program" >/dev/null 2>&1; then continue; fi   # from wherever it came
  if command -v dpkg-query >/dev/null 2>&1; then
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
  elif [ -n "$program" ]; then
    missing="$missing $package"
  fi
done

if [ -n "$missing" ]; then
  # What is there and too old is said before anything is installed.
  if command -v cmake >/dev/null 2>&1; then new_enough_cmake; fi
  if command -v "${compiler%% *}" >/dev/null 2>&1; then new_enough_compiler; fi
  by_hand="apt-get update && apt-get install -y$missing"
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing:$missing. Install them with this system's package manager, and run this again." >&2
    exit 1
  fi
  if [ "$(id -u)" = 0 ]; then
    as_root='env'
  elif command -v sudo >/dev/null 2>&1; then
    as_root='sudo env'
  else
    printf 'Missing packages:%s. Install them as root, and run this again:\n  %s\n' "$missing" "$by_hand" >&2
    exit 1
  fi
  echo "Installing$missing"
  # Unquoted on purpose: both are lists of words.
  # shellcheck disable=SC2086
  if ! { $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
         $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing >/dev/null; }; then
    printf 'These packages could not be installed:%s. Install them, and run this again:\n  %s\n' "$missing" "$by_hand" >&2
    exit 1
  fi
fi

new_enough_cmake
new_enough_compiler
