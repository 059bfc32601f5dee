#!/bin/sh
# SPDX-License-Identifier: MIT
# Gets one file of the Python package index, as it was when this was written, unless it is there:
# `sh fetch_python_package.sh FOLDER NAME FILE SHA256 [OPTION OF pip download ...]`.
set -eu
folder=$1 name=$2 file=$3 hash=$4
shift 4
if [ ! -f "$folder/$file" ]; then
  python3 -m pip --version >/dev/null 2>&1 || {
    echo "$name has to be got with Python's pip, which is missing here; on Debian and Ubuntu it is in python3-pip." >&2
    exit 1
  }
  python3 -m pip download --quiet --no-deps --dest "$folder" "$name" "$@" || {
    echo "$name cannot be had from the Python package index here; this example needs it." >&2
    exit 1
  }
fi
echo "$hash  $folder/$file" | sha256sum --check --quiet || {
  echo "$folder/$file is not the file it was; delete it to try again." >&2
  exit 1
}
