#!/usr/bin/env bash
# What teaches a halved ResNet-20 best: ResNet-56 and its student, both given, and one setting after pruning that changes at a time, all
# with equal epochs. Started again with the same folder, it goes on where it was stopped.
# Usage: bench/ablation.sh ARCHIVE TEACHER STUDENT FOLDER
#   ARCHIVE  the archive of CIFAR-100; TEACHER, STUDENT: model files, such as the imported ResNet-56 and models/cifar100-resnet20-kd-seed1
#   FOLDER   runs and results.csv
#   SEEDS="1"  EPOCHS=10  THREADS=1  DST=./dst  in the environment change what is run
#   CELLS="labels kd …"  trains some of the settings
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
source "$here/evidence.sh"
(( $# == 4 )) || fail "$# arguments; the archive, a teacher, a student and a folder were expected" 2
data=$1 teacher=$2 student=$3 folder=$4
recipe="$here/../recipes/cifar100/resnet56_resnet20-60.yaml"
results="$folder/results.csv"
mkdir -p "$folder"

dist=(--set "distill_pruned.preset=dist")
declare -A names=(
  [labels]="labels alone (uhp)" [kd]="KD, α 0.9" [kd05]="KD, α 0.5" [standardised]="KD of standardised logits" [dist]="DIST"
  [dense]="DIST, taught by the dense network" [both]="DIST, taught by both" [features]="DIST and features"
  [unrepaired]="DIST, chosen by l1, no repair" [batchnorm]="DIST, chosen by l1, batch norm repaired" [rewind]="DIST, rewound rates"
  [kernel]="DIST, kernels in place of rows")

# Sets the arm and the options of a cell.
describe() { # CELL
  arm=dst
  case $1 in
    labels) arm=uhp options=() ;;
    kd) options=(--set "distill_pruned.preset=kd") ;;
    kd05) options=(--set "distill_pruned.preset=kd" --set "distill_pruned.alpha=0.5") ;;
    standardised) options=(--set "distill_pruned.preset=standardised") ;;
    dist) options=("${dist[@]}") ;;
    dense | both) options=("${dist[@]}" --set "distill_pruned.teacher=$1") ;;
    features) options=("${dist[@]}" --set "distill_pruned.features=1") ;;
    unrepaired) options=("${dist[@]}" --set "prune.repair=none" --set "prune.score=l1") ;;
    batchnorm) options=("${dist[@]}" --set "prune.repair=batch_norm" --set "prune.score=l1") ;;
    rewind) options=("${dist[@]}" --set "prune_train.schedule.kind=rewind") ;;
    kernel) options=("${dist[@]}" --set "prune.unit=kernel") ;;
    *) fail "'$1' is no cell; one of ${!names[*]} was expected" 2 ;;
  esac
}

echo "setting,seed,validation_top1,test_top1" > "$results.new"
for seed in ${SEEDS:-1}; do
  for cell in ${CELLS:-labels kd dist kd05 standardised dense both features unrepaired batchnorm rewind kernel}; do
    describe "$cell"
    if [[ $cell != labels && $cell != dense ]]; then options+=(--set "teacher.model=$teacher"); fi
    run="$(train_once "$folder/$cell-seed$seed" "$recipe" "$data" "$seed" "$arm" --set "student.model=$student" --set prune.unit=row \
      --set "prune_train.epochs=${EPOCHS:-10}" "${options[@]}")"
    "$python" - "${names[$cell]}" "$seed" "$run/summary.json" "$arm" >> "$results.new" <<'PYTHON'
import csv, json, sys
name, seed, path, arm = sys.argv[1:]
row = next(row for row in json.load(open(path))["arms"] if row["arm"] == arm)
csv.writer(sys.stdout, lineterminator="\n").writerow([name, seed, row["validation_top1"], row["test_top1"]])
PYTHON
  done
done
mv "$results.new" "$results"
"$python" "$here/evidence_table.py" "$results" setting
