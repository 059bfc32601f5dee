#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs submodlib and apricot below the build folder and times them; see README.md beside this file.
set -euo pipefail
unset CDPATH   # `cd` would look, and print, elsewhere

if (($# < 3)); then
  echo "usage: [BUILD=DIR] $0 RESULTS.csv N|EMBEDDINGS.npy K... [OPTIONS OF peers.py run]" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${BUILD:-$here/../../build/peers}
results=$1 data=$2
shift 2

mkdir -p "$build" "$(dirname "$results")"
python=$build/venv/bin/python
if ! "$python" -m pip --version >"$build/venv.log" 2>&1 && ! python3 -m venv "$build/venv" >"$build/venv.log" 2>&1; then
  echo "peers: python3 cannot make a virtual environment here, all is skipped (see $build/venv.log)" >&2
  exit 0
fi

# submodlib names scipy.sparse.csr, which is deprecated; apricot needs scikit-learn and does not say so.
libraries=()
for peer in "submodlib submodlib-py==0.0.3 scipy<2" "apricot apricot-select==0.6.1 scikit-learn"; do
  read -ra words <<<"$peer"
  log=$build/${words[0]}.log
  if "$python" -m pip install --disable-pip-version-check "${words[@]:1}" >"$log" 2>&1; then
    libraries+=("${words[0]}")
  else
    echo "peers: ${words[0]} cannot be installed here, it is skipped (see $log)" >&2
  fi
done
((${#libraries[@]})) || exit 0
"$python" -m pip freeze --disable-pip-version-check >"${results%.csv}.packages.txt"

if [[ $data != *.npy ]]; then
  n=$data data=$build/clustered-$data.npy
  [[ -e $data ]] || "$python" "$here/peers.py" generate "$data" --n "$n"
fi
exec "$python" "$here/peers.py" run "$results" "$data" --libraries "${libraries[@]}" --k "$@"
