#!/usr/bin/env bash
# MSTAR with few labels: what images without labels add to them. Each row of the table is a way to use them, each column a number of labels
# a class; mean ± standard deviation of the test top-1 over the seeds. A teacher has the same few labels as its student and sees no other;
# the one exception says so in its name. Started again with the same folder, it goes on where it was stopped.
# Usage: bench/few_labels.sh MSTAR_FOLDER FOLDER
#   FOLDER  runs, simulated chips and results.csv
#   SEEDS="1 2 3"  LABELS="5 10 20 50"  EPOCHS=10  THREADS=1  DST=./dst  in the environment change what is run
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
source "$here/evidence.sh"
(( $# == 2 )) || fail "$# arguments; the folder of MSTAR and a folder were expected" 2
data=$1 folder=$2 epochs="${EPOCHS:-10}"
recipe="$here/../recipes/mstar/few_labels.yaml"
results="$folder/results.csv"
chips="$folder/chips"
mkdir -p "$folder"

rows() { # RUN ARM SETTING [ARM SETTING]...
  "$python" - "$labels" "$seed" "$1/summary.json" "${@:2}" >> "$results.new" <<'PYTHON'
import csv, json, sys
labels, seed, path, *settings = sys.argv[1:]
arms = {row["arm"]: row for row in json.load(open(path))["arms"]}
table = csv.writer(sys.stdout, lineterminator="\n")
for arm, setting in zip(settings[::2], settings[1::2]):
    table.writerow([setting, labels, seed, arms[arm]["validation_top1"], arms[arm]["test_top1"]])
PYTHON
}

train() { # NAME ARMS [OPTION...]
  train_once "$folder/$1-seed$seed" "$recipe" "$data" "$seed" "$2" --set "train.epochs=$epochs" "${@:3}"
}

# As many simulated chips as there are real ones, so that an epoch has about as many steps.
if [[ ! -d $chips ]]; then
  rm -rf "$chips.new"
  "$dst" data simulate "$chips.new" --data.simulated.size 128 --data.simulated.per_class_train 260 \
    --data.simulated.per_class_test 1 > /dev/null
  mv "$chips.new" "$chips"
fi

echo "setting,labels,seed,validation_top1,test_top1" > "$results.new"
encoder=(--set pretrain.decoder=conv_transpose)
halved=(--set "prune_train.epochs=$epochs")
for seed in ${SEEDS:-1 2 3}; do
  all="$(train all-labels teacher --set data.labels_per_class=0)"
  for labels in ${LABELS:-5 10 20 50}; do
    few=(--set "data.labels_per_class=$labels")
    plain="$(train "labels$labels" "student, student-kd, dst" "${few[@]}" "${halved[@]}")"
    rows "$plain" teacher "teacher of twice the width, labels alone" student "labels alone" \
      student-kd "distillation" dst "distillation, halved"
    given=(--set "teacher.model=$plain/teacher.safetensors")
    run="$(train "encoder$labels" "student, student-kd, dst" "${few[@]}" "${halved[@]}" "${encoder[@]}" "${given[@]}")"
    rows "$run" student "auto-encoder" student-kd "auto-encoder and distillation" dst "auto-encoder and distillation, halved"
    run="$(train "encoders$labels" "student-kd, dst" "${few[@]}" "${halved[@]}" "${encoder[@]}" --set pretrain.teacher=true)"
    rows "$run" teacher "teacher of twice the width, auto-encoder" student-kd "auto-encoder of both and distillation" \
      dst "auto-encoder of both and distillation, halved"
    run="$(train "simulated$labels" student "${few[@]}" "${encoder[@]}" --set data.others=dropped --set "data.unlabelled=$chips/train")"
    rows "$run" student "auto-encoder of simulated chips"
    run="$(train "informed$labels" "student-kd, dst" "${few[@]}" "${halved[@]}" --set "teacher.model=$all/teacher.safetensors")"
    rows "$run" student-kd "distillation, teacher of all labels" dst "distillation, teacher of all labels, halved"
  done
done
mv "$results.new" "$results"
"$python" "$here/evidence_table.py" "$results" setting --across labels
