#!/usr/bin/env bash
# Accuracy over multiply-adds on CIFAR-100: random connections that keep a share of the input channels, for each filter, for blocks of 16,
# and for these in stages, the narrower dense network of equal cost, and UHP at a half. Writes results.csv and draws accuracy.svg.
# Each network has as many epochs: UHP has half of them before pruning and half after it. Started again with the same folder, it goes on.
# Usage: bench/sparse.sh ARCHIVE FOLDER
#   One hour of one core:  SEEDS="1 2" NETWORKS=resnet8 KEEP="0.0625 0.25 0.5" EPOCHS=4 bench/sparse.sh ARCHIVE FOLDER
#   SEEDS="1 2 3"  NETWORKS="resnet8 resnet8x4"  KEEP="0.0625 0.125 0.25 0.5"  EPOCHS=12  THREADS=1  DST=./dst  in the environment change it
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
source "$here/evidence.sh"
(( $# == 2 )) || fail "$# arguments; the archive of CIFAR-100 and a folder were expected" 2
data=$1 folder=$2 epochs="${EPOCHS:-12}"
recipe="$here/../recipes/cifar100/random_channels.yaml"
results="$folder/results.csv"
mkdir -p "$folder"

row() { # METHOD KEEP SEED RUN ARM
  "$python" - "$network" "$1" "$2" "$3" "$4/summary.json" "$5" >> "$results.new" <<'PYTHON'
import json, sys
network, method, keep, seed, path, arm = sys.argv[1:]
row = next(row for row in json.load(open(path))["arms"] if row["arm"] == arm)
print(",".join(map(str, [network, method, keep, seed, row["effective_macs"], row["nonzero"], row["validation_top1"], row["test_top1"]])))
PYTHON
}

echo "network,method,keep,seed,effective_macs,nonzero,validation_top1,test_top1" > "$results.new"
for network in ${NETWORKS:-resnet8 resnet8x4}; do
  for seed in ${SEEDS:-1 2 3}; do
    train() { # NAME ARMS [OPTION...]
      train_once "$folder/$network-$1-seed$seed" "$recipe" "$data" "$seed" "$2" \
        --set "student.arch=$network" --set "train.epochs=$epochs" "${@:3}"
    }
    row dense 1 "$seed" "$(train dense student)" student
    for keep in ${KEEP:-0.0625 0.125 0.25 0.5}; do
      run="$(train "filter-$keep" uhp --set prune.block=1 --set "prune.keep=$keep")"
      row random_block1 "$keep" "$seed" "$run" uhp
      run="$(train "block16-$keep" "uhp, half-width" --set "prune.keep=$keep")"
      row random_block16 "$keep" "$seed" "$run" uhp
      row width "$keep" "$seed" "$run" half-width
    done
    run="$(train incremental uhp --set prune.keep=0.5 --set "prune.incremental={stages: 3, start: 0.25}")"
    row random_block16_in_stages 0.5 "$seed" "$run" uhp
    half=$(( epochs / 2 ))
    run="$(train uhp uhp --set prune.method=one_shot --set "train.epochs=$half" --set "prune_train.epochs=$half")"
    row uhp 0.5 "$seed" "$run" uhp
  done
done
mv "$results.new" "$results"
"$python" "$here/evidence_chart.py" "$results" "$folder/accuracy.svg"
"$python" "$here/evidence_table.py" "$results" network method keep effective_macs
