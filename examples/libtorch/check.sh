#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the example and tries it with a tiny random model: every method, a run that is killed and goes on, bad input, a full
# disk. `sh check.sh`; TORCH as in run.sh.
set -eu
unset CDPATH   # `cd` would look, and print, elsewhere
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/build/libtorch_check
torch='libtorch-dev libopenblas0-pthread'
[ -z "${TORCH-}" ] || torch=
# shellcheck disable=SC2086
sh "$root/cmake/install_packages.sh" g++ cmake make python3 libeigen3-dev libfmt-dev nlohmann-json3-dev $torch
example=$work/example${TORCH:+-$(printf %s "$TORCH" | cksum | cut -d' ' -f1)}   # as in run.sh
cmake -S "$here" -B "$example" -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_BUILD_TYPE=Release -DCHECKED=ON \
  ${TORCH:+-DCMAKE_PREFIX_PATH="$TORCH"}
cmake --build "$example" --parallel "$(getconf _NPROCESSORS_ONLN)"
rm -rf "$work/tiny" "$work/out"
export OMP_WAIT_POLICY=passive   # as in run.sh for fp32
python3 "$here/tiny.py" --out "$work/tiny"
start() { exec "$example/finetune" --model "$work/tiny/model.safetensors" --data "$work/tiny" --rate 0.01 --batch 8 "$@"; }
tiny() { (start "$@"); }
fail() { echo "check.sh: $*" >&2; exit 1; }

# What a text's losses are does not depend on what is read beside it.
"$example/in_context" "$work/tiny/model.safetensors" || fail "losses depend on how texts are read"

# Every method runs.
set -- --steps 20 --out "$work/out/all" --target copy --known copy --known count
for method in proportional 'temperature 3' 'temperature 10' uniform cossim 'cossim ema' diff 'diff ema' \
  'diff ema from proportional' odm doremi; do
  set -- "$@" --method "$method"
done
tiny "$@"
tiny "$@" --experiment controls
set -- --steps 20 --out "$work/out/all" --target copy --known copy --known count --part 0.2 --method all --method random \
  --method similarity --method 'graph cut'
tiny "$@" --experiment continual
tiny "$@" --method log-determinant --method utility --experiment pick
tiny "$@" --method log-determinant --method utility --method 'random of target' --experiment task 2>"$work/out/log"
grep -q '^task, random of target 20 %, seed 1: 12 of 12 rows are of copy' "$work/out/log" || fail "random rows of a target are not"
tiny --steps 20 --out "$work/out/all" --target copy --known copy --known count --experiment both
tiny --steps 20 --out "$work/out/all" --target copy --known copy --known count --experiment both --method proportional \
  --method 'proportional random'
tiny --steps 5 --out "$work/out/cut" --products bf16 --question 4 --answer 3 --pool 30 --seed 4 --seeds 2 --method uniform
[ "$(cut -d, -f1-4 "$work/out/cut/runs.csv" | tail -n 2 | tr '\n' ' ')" = 'mix,uniform,1,4 mix,uniform,1,5 ' ] ||
  fail "other seeds than those asked for"
[ "$(tail -n 1 "$work/out/cut/runs.csv" | cut -d, -f16)" = 'cpu bf16' ] || fail "a line does not say the machine"
machine=$(tail -n 1 "$work/out/all/runs.csv" | cut -d, -f16 | tr ' ' _)   # files of runs under way name it
[ "$(wc -l <"$work/out/all/runs.csv")" = 44 ] || fail "not every run has a line"
[ "$(grep '^pick,log-determinant,' "$work/out/all/runs.csv" | cut -d, -f17)" = 12 ] || fail "counts other rows than it was trained on"
tiny --steps 20 --out "$work/out/most" --experiment pick --method 'graph cut' --part 0.9
[ "$(tail -n 1 "$work/out/most/runs.csv" | cut -d, -f17)" = 54 ] || fail "graph cut picks fewer rows than it was asked for"
tiny --steps 20 --out "$work/out/few" --experiment task --target copy --method 'random of target' --part 0.9 2>"$work/out/log"
grep -q '^task, random of target 90 %, seed 1: [1-9][0-9]* rows instead of 54; ' "$work/out/log" || fail "does not say that it picked fewer rows"
[ "$(python3 "$here/table.py" "$work/out/all" | grep -c '^| similarity, 20 % | 1 | .* | [01] of 1 | ')" = 3 ] ||
  fail "the tables do not compare what was picked with random rows"   # picked for all, for a target, beside what is known
python3 "$here/pairs.py" "$work/out/all" "$work/out/pictures"
[ "$(grep -c '<circle .*, random rows ' "$work/out/pictures/pick-pairs.svg")" = 8 ] ||
  fail "the picture does not compare four ways to pick with random rows, on the way and at the end"
grep -q '</html>' "$work/out/all/index.html" || fail "there is no report"

"$example/speed" "$work/tiny/model.safetensors" 4 16 1 | grep -q 'rewards at the defaults' || fail "speed: no figures"

# A run that is killed after a checkpoint and goes on draws and learns as one that was not.
results() { cut -d, -f1-9 "$1/runs.csv"; cat "$1/points.csv"; }
for experiment in 'mix;diff ema' 'mix;odm' 'mix;doremi' 'pick;similarity' 'continual;similarity' 'both;diff ema' \
  'both;diff ema random'; do
  set -- --steps 80 --checkpoint 7 --known copy --known count --experiment "${experiment%;*}" --method "${experiment#*;}"
  rm -rf "$work/out/whole" "$work/out/killed"
  tiny "$@" --out "$work/out/whole"
  start "$@" --out "$work/out/killed" &
  process=$!
  while [ -z "$(ls "$work"/out/killed/*.checkpoint 2>/dev/null)" ] && kill -0 $process 2>/dev/null; do :; done
  kill -9 $process 2>/dev/null || fail "$experiment: the run was over before it could be killed"
  wait $process 2>/dev/null || true
  grep -aq '"rows":\[\[' "$work"/out/killed/*.checkpoint || fail "$experiment: forgets what it was trained on"
  [ "${experiment%;*}" != both ] || grep -aq '"choices":[1-5],' "$work"/out/killed/*.checkpoint ||
    fail "$experiment: forgets how often it chose"
  [ "$experiment" != 'mix;doremi' ] || [ -f "$work/out/killed/mix-doremi-1-1-$machine.reference" ] || fail "the reference is not kept"
  tiny "$@" --out "$work/out/killed" 2>"$work/out/log"
  grep -q 'goes on after step' "$work/out/log" || fail "$experiment: did not go on"
  [ "$(results "$work/out/whole")" = "$(results "$work/out/killed")" ] || fail "$experiment: goes on in another way"
  [ -z "$(ls "$work"/out/killed/*.checkpoint "$work"/out/killed/*.reference 2>/dev/null)" ] ||
    fail "$experiment: leaves what only a run under way needs"
done

# Losses in context that were measured before a run was killed are not measured again.
set -- --steps 5 --experiment pick --method utility --out "$work/out/measured"
tiny "$@"
first=$(results "$work/out/measured") && measured=$(wc -c <"$work/out/measured/pick-1-$machine.losses")
tiny "$@" --part 0.2
[ "$measured" -lt "$(wc -c <"$work/out/measured/pick-1-$machine.losses")" ] || fail "another part asks for no other losses"
measured=$(wc -c <"$work/out/measured/pick-1-$machine.losses")
for table in "$work"/out/measured/*.csv; do
  head -n 1 "$table" >"$work/out/names" && mv "$work/out/names" "$table"
done
tiny "$@"
[ "$first" = "$(results "$work/out/measured")" ] || fail "losses that were kept give another selection"
[ "$measured" = "$(wc -c <"$work/out/measured/pick-1-$machine.losses")" ] || fail "losses that were kept are measured again"

# A line that was being written when a run was killed is left out, and what follows it is not.
set -- --steps 5 --method odm --out "$work/out/torn"
tiny "$@"
sed -n 's/^mix,odm,1,1,/mix,odm,1,2,/p' "$work/out/torn/runs.csv" | tr -d '\n' >"$work/out/twice"
cat "$work/out/twice" >>"$work/out/torn/runs.csv"
printf 'mix,odm,1,2,5,2' >>"$work/out/torn/points.csv"
tiny "$@" --seeds 3
[ "$(grep -c '^mix,odm,1,[123],' "$work/out/torn/runs.csv")" = 3 ] || fail "a torn line counts, or takes others with it"
[ "$(grep -c '^mix,odm,1,2,[^a-z]*,[a-z]*,.*,all$' "$work/out/torn/points.csv")" = 3 ] ||
  fail "a torn line of points counts, or takes others with it"
tail -n +2 "$work/out/torn/points.csv" >"$work/out/twice" && cat "$work/out/twice" >>"$work/out/torn/points.csv"
tiny --report "$work/out/torn"
grep -q '<td>odm<td>3' "$work/out/torn/index.html" || fail "the report counts a torn line"
cp "$work/out/torn/index.html" "$work/out/twice" && mv "$work/out/torn/points.csv" "$work/out/twice.csv"
awk '!seen[$0]++' "$work/out/twice.csv" >"$work/out/torn/points.csv"
tiny --report "$work/out/torn"
cmp -s "$work/out/torn/index.html" "$work/out/twice" || fail "the report counts points twice that are there twice"

# Results of another version are not touched.
cp -r "$work/out/torn" "$work/out/older" && sed -i 's/,[^,]*$//' "$work/out/older/runs.csv"
cp "$work/out/older/runs.csv" "$work/out/twice"
if tiny "$@" --out "$work/out/older" 2>"$work/out/log"; then fail "goes on with results of another version"; fi
grep -q 'has other columns' "$work/out/log" || fail "says '$(cat "$work/out/log")' of results of another version"
cmp -s "$work/out/older/runs.csv" "$work/out/twice" || fail "touches results of another version"

# Nor are files of another program.
mkdir -p "$work/out/foreign" && echo mine >"$work/out/foreign/points.csv"
if tiny "$@" --out "$work/out/foreign" 2>"$work/out/log"; then fail "takes another program's points.csv for its own"; fi
grep -q 'is not of this program' "$work/out/log" || fail "says '$(cat "$work/out/log")' of another program's points.csv"
[ "$(cat "$work/out/foreign/points.csv")" = mine ] || fail "touches another program's points.csv"

# Bad input gets an error that says what is wrong.
refuses() {
  expected=$1
  shift
  if "$example/finetune" --out "$work/out/bad" "$@" >"$work/out/log" 2>&1; then fail "accepts: $*"; fi
  grep -q -- "$expected" "$work/out/log" || fail "says '$(cat "$work/out/log")' instead of '$expected'"
}
bad=$work/bad
rm -rf "$bad"
mkdir -p "$bad"
model=$work/tiny/model.safetensors
refuses 'needed' --model "$model"
refuses 'cannot be opened' --model "$bad/missing" --data "$work/tiny"
head -c 40000 "$model" >"$bad/short"
refuses "ends within" --model "$bad/short" --data "$work/tiny"
head -c 100 "$model" >"$bad/header"
(cd "$here" && python3 -B -c 'import layout, sys
whole, *cut_off = [layout.read_metadata(path) for path in sys.argv[1:]]
sys.exit(not whole or any(cut_off))' "$model" "$bad/short" "$bad/header") || fail "prepare.py takes a file that is cut off for whole"
refuses 'ends within its header' --model "$bad/header" --data "$work/tiny"
refuses 'no train' --model "$model" --data "$bad"
cp -r "$work/tiny/train" "$work/tiny/test" "$bad"
sed 's/"tiny"/"none"/' "$work/tiny/train/copy.safetensors" >"$bad/train/copy.safetensors"
refuses 'another vocabulary' --model "$model" --data "$bad"
python3 "$here/tiny.py" --out "$bad" --empty-answers
refuses 'is empty; there is nothing to learn' --model "$model" --data "$bad"
refuses 'unknown argument' --mode fast
refuses 'needs a number' --model "$model" --data "$work/tiny" --part 2
refuses 'is none of' --model "$model" --data "$work/tiny" --method best
tiny --steps 5 --out "$work/out/settings" >/dev/null
refuses 'other settings' --model "$model" --data "$work/tiny" --out "$work/out/settings" --steps 6
rm -rf "$work/other" && cp -r "$work/tiny" "$work/other" && rm "$work/other/train/copy.safetensors"
refuses 'other settings' --model "$model" --data "$work/other" --out "$work/out/settings" --steps 5
python3 "$here/tiny.py" --out "$work/other" --source other
refuses 'other settings' --model "$model" --data "$work/other" --out "$work/out/settings" --steps 5
cp "$work/other/train/copy.safetensors" "$work/other/train/copy, twice.safetensors"
refuses 'give the file another name' --model "$model" --data "$work/other"
refuses 'larger --pool' --model "$model" --data "$work/tiny" --experiment task --target reverse --method 'random of target' --pool 3
refuses 'cannot be opened' --model "$bad/missing" --data "$work/tiny" --out "$work/out/nothing" --steps 5
tiny --steps 6 --out "$work/out/nothing"   # nothing was done with other settings

# Who deletes the table of runs gets them again.
before=$(results "$work/out/settings")
rm "$work/out/settings/runs.csv"
tiny --steps 5 --out "$work/out/settings" >/dev/null
tiny --steps 5 --out "$work/out/settings" >/dev/null
[ "$before" = "$(results "$work/out/settings")" ] || fail "a table that was deleted is not made again"

# A disk that is full when a checkpoint is written: an error, and the checkpoint before it is there.
set -- --steps 80 --checkpoint 7 --method odm --out "$work/out/full"
checkpoint=$work/out/full/mix-odm-1-1-$machine.checkpoint
start "$@" &
process=$!
while [ ! -f "$checkpoint" ] && kill -0 $process 2>/dev/null; do :; done
kill -9 $process || fail "the run ended before it was killed"
wait $process 2>/dev/null || true
before=$(cksum <"$checkpoint")
if (trap '' XFSZ; ulimit -f 100; tiny "$@" >"$work/out/log" 2>&1); then fail "a full disk is not noticed"; fi
grep -q 'cannot be written; is the disk full' "$work/out/log" || fail "a full disk: '$(cat "$work/out/log")'"
[ "$before" = "$(cksum <"$checkpoint")" ] || fail "a full disk: the last checkpoint is lost"
head -c 20000 "$checkpoint" >"$work/out/full/part"
mv "$work/out/full/part" "$checkpoint"
if tiny "$@" >"$work/out/log" 2>&1; then fail "a damaged checkpoint is accepted"; fi
grep -q 'cannot be resumed from' "$work/out/log" || fail "a damaged checkpoint: '$(cat "$work/out/log")'"
echo ok
