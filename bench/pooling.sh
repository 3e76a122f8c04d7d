#!/usr/bin/env bash
# Compares max, stochastic and spectral pooling and max-pooling dropout over the retained share p, and writes one CSV file. Each network is
# trained once and evaluated with both ways to infer. Started again with the same folder, it goes on where it was stopped.
# Usage: bench/pooling.sh mnist|cifar100 DATA FOLDER
#   DATA    folder of the IDX files, or the archive of CIFAR-100
#   FOLDER  runs and results.csv
#   SEEDS="1 2 3"  RETAIN="0.1 … 0.9"  THREADS=1  DST=./dst  in the environment change what is run,
#   and EPOCHS=N how long a network is trained, IMAGES=N how many training images a class keeps
#   CIFAR-100 in one hour of one core:  IMAGES=100 EPOCHS=12 RETAIN="0.3 0.5 0.7" bench/pooling.sh cifar100 ARCHIVE FOLDER
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
source "$here/evidence.sh"
(( $# == 3 )) || fail "$# arguments; mnist or cifar100, the data and a folder were expected" 2
case $1 in
  mnist) recipe="$here/../recipes/pooling/mnist-plain4.yaml" ;;
  cifar100) recipe="$here/../recipes/pooling/cifar100-plain6.yaml" ;;
  *) fail "'$1' is no data set; mnist or cifar100 was expected" 2 ;;
esac
data=$2 folder=$3
retain="${RETAIN:-0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9}"
results="$folder/results.csv"
mkdir -p "$folder"
options=()
if [[ -n ${EPOCHS:-} ]]; then options+=(--set "train.epochs=$EPOCHS"); fi
if [[ -n ${IMAGES:-} ]]; then options+=(--set "data.labels_per_class=$IMAGES" --set data.others=dropped); fi

train() { # NAME OPTION...
  train_once "$folder/$1-seed$seed" "$recipe" "$data" "$seed" student "${options[@]}" "${@:2}"
}

rows() { # POOLING P SEED RUN INFERENCE [OPTION...]
  local split line="$1,$2,$5,$3"
  for split in validation test; do
    line+=",$(evaluate "$4/student.safetensors" "$recipe" "$data" "$3" --split "$split" "${@:6}")"
  done
  echo "$line" >> "$results.new"
}

echo "pooling,retain,inference,seed,validation_top1,test_top1" > "$results.new"
for seed in ${SEEDS:-1 2 3}; do
  for pooling in max stochastic spectral; do
    run="$(train "$pooling" --set "student.pooling=$pooling")"
    rows "$pooling" 1 "$seed" "$run" "$pooling"
  done
  for p in $retain; do
    run="$(train "retain$p" --set "student.pool_dropout=$(awk "BEGIN { print 1 - $p }")")"
    for inference in weighted scaled_max; do
      rows max_pool_dropout "$p" "$seed" "$run" "$inference" --pool-inference "$inference"
    done
  done
done
mv "$results.new" "$results"
"$python" "$here/evidence_table.py" "$results" pooling retain inference
